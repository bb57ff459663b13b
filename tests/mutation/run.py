#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plants single faults in the headers, drawn at random, and tells which the tests notice.

    python3 tests/mutation/run.py [--faults 200] [--seed 1] [--folders core,connectivity] [--tests 4] [--jobs 2]

Draws a folder of include/lmc by its lines, a kind of fault of those that it has, and one of that kind. Faults that do not compile are
replaced by the next that are drawn. All faults of a header are built into one program for each test file, which is compiled once and run
once without a fault, and then once with each that it came past, until a test fails, crashes, or takes ten times as long as it did and half
a minute. Of the test files that include a header, the one of its name comes first, then those that share rare words with it, those of its
folder before others; a survivor was tried on --tests of them only. Outcomes are appended to build/mutation/results.jsonl, and a run goes on
where the last one stopped."""
import argparse
import collections
import concurrent.futures
import difflib
import hashlib
import json
import math
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time

from faults import Finder, with_choice, with_fault
import report

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++20", "-O1", "-fopenmp", "-march=native", "-fno-tree-slp-vectorize", "-w", "-isystem", "/usr/include/eigen3"]
LIBRARIES = ["-Wl,--wrap=malloc", "-lz", "-ljpeg", "-lpng"]
SKIPPED = 77  # tests/support/skip.hpp


def headers_of(folders):
    """{header: text} of include/lmc, by their paths from the root."""
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted((ROOT / "include/lmc").rglob("*.hpp"))
            if folder_of(path.relative_to(ROOT)) in folders}


def folder_of(header):
    """align, of include/lmc/align/detail/x.hpp"""
    return pathlib.Path(header).parts[2]


def draw(headers, seed):
    """Faults without end, as long as there are any, none of which overlap."""
    choice = random.Random(seed)
    random_numbers = ROOT / "include/lmc/core/random.hpp"
    purposes = re.findall(r"^  (\w+) = \d+,", random_numbers.read_text(encoding="utf-8"), re.MULTILINE) if random_numbers.exists() else []
    lines, pools, drawn = {}, {}, []
    for header, source in headers.items():
        folder = folder_of(header)
        lines[folder] = lines.get(folder, 0) + source.count("\n")
        for fault in Finder(header, source, purposes).faults:
            pools.setdefault(folder, {}).setdefault(fault.kind, []).append(fault)
    while pools:
        folder = choice.choices(list(pools), [lines[f] for f in pools])[0]
        kind = choice.choice(sorted(pools[folder]))
        pool = pools[folder][kind]
        fault = pool.pop(choice.randrange(len(pool)))
        if not pool:
            del pools[folder][kind]
        if not pools[folder]:
            del pools[folder]
        if not any(fault.overlaps(other) for other in drawn):
            drawn.append(fault)
            yield fault


class Includes:
    """Which test files include a header, the ones that most probably test it first."""

    def __init__(self):
        self.cache = {}
        self.tests = [path for path in sorted((ROOT / "tests").glob("*/*_test.cpp"))
                      if (ROOT / "include/lmc" / path.parent.name).is_dir()]
        self.depths = {test: self.depths_from(test) for test in self.tests}
        self.words = {test: words_of(test) for test in self.tests}
        self.files_with = collections.Counter(word for words in self.words.values() for word in words)

    def of(self, path):
        if path not in self.cache:
            found = []
            for angle, name in re.findall(r'^#include ([<"])([^>"]+)[>"]', path.read_text(encoding="utf-8"), re.MULTILINE):
                places = [ROOT / "include"] if angle == "<" else [path.parent, ROOT / "tests", ROOT / "examples"]
                found += [place / name for place in places if (place / name).is_file()][:1]
            self.cache[path] = found
        return self.cache[path]

    def depths_from(self, test):
        depths, now = {test: 0}, [test]
        while now:
            now = list(dict.fromkeys(i for path in now for i in self.of(path) if i not in depths))
            depths.update((path, max(depths.values()) + 1) for path in now)
        return depths

    def tests_of(self, header):
        path = ROOT / header
        words = words_of(path)

        def order(test):
            # A word that few tests have tells more, long tests share more by chance, and those of the folder know its cases.
            shared = math.fsum(1 / self.files_with[word]**2 for word in sorted(words & self.words[test]))
            likely = shared / len(self.words[test])**0.5 * (4 if test.parent.name == folder_of(header) else 1)
            return (test.name != path.stem + "_test.cpp", -likely, self.depths[test][path])
        return sorted((test for test in self.tests if path in self.depths[test]), key=order)


def words_of(path):
    return set(re.findall(r"[A-Za-z_]\w{3,}", re.sub(r"//.*", "", path.read_text(encoding="utf-8"))))


def name_of(test):
    return f"{test.parent.name}/{test.name.removesuffix('_test.cpp')}"


def run_test(program, scratch, timeout, **environment):
    """(whether it passed, seconds)"""
    begin = time.monotonic()
    try:
        done = subprocess.run(["prlimit", "--as=16000000000", "--core=0", program, "--abort"], cwd=scratch, timeout=timeout, check=False,
                              env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired:
        return False, timeout
    return done.returncode in (0, SKIPPED), time.monotonic() - begin


class Trial:
    """The faults {id: fault} of one header, tried on its tests."""

    def __init__(self, header, source, faults, tests, support, scratch, record):
        self.header, self.source, self.faults, self.tests, self.record = header, source, dict(faults), tests, record
        self.support, self.scratch = support, pathlib.Path(scratch)
        self.tried, self.reached = [], set()

    def run(self):
        for test in self.tests:
            if not self.faults:
                break
            self.run_on(test)
        for number in list(self.faults):
            self.end(number, "survived" if number in self.reached else "not reached")

    def end(self, number, outcome, test=None):
        self.record(number, self.faults.pop(number), outcome, test, self.tried)

    def run_on(self, test):
        name = name_of(test)
        built = self.build_usable(test)
        if not built:
            print(f"{name} does not pass without a fault and is left out for {self.header}", file=sys.stderr)
            return
        program, seconds, reached = built
        self.tried.append(name)
        self.reached |= reached
        for number in sorted(reached & set(self.faults)):
            if not run_test(program, self.scratch, 10 * seconds + 30, LMC_MUTANT=str(number))[0]:
                self.end(number, "caught", name)

    def build_usable(self, test):
        """As build(), without the faults with which the program does not build, or not pass while none is chosen."""
        while True:
            built, messages = self.build(test, self.faults)
            if built or not self.faults:
                return built
            bad = self.named_in("\n".join(line for line in messages.split("\n") if " error: " in line)) or self.named_in(messages)
            if not bad and len(self.faults) > 1:
                bad = [number for number, fault in self.faults.items() if not self.build(test, {number: fault})[0]]
            if not bad and self.build(test, {})[0]:
                bad = list(self.faults)
            if not bad:
                return None
            for number in bad:
                self.end(number, "unusable")

    def named_in(self, messages):
        lines = {int(line) for line in re.findall(re.escape(self.header.removeprefix("include/")) + r":(\d+)", messages)}
        return [number for number, fault in self.faults.items() if any(lines & set(self.lines_of(edit)) for edit in fault.edits)]

    def lines_of(self, edit):
        return range(self.source.count("\n", 0, edit.start) + 1, self.source.count("\n", 0, edit.end) + 2)

    def build(self, test, faults):
        """((program, its seconds without a fault, the faults it came past), "") or (None, the compiler's messages)"""
        changed, program, reached = self.scratch / self.header, self.scratch / "program", self.scratch / "reached"
        changed.parent.mkdir(parents=True, exist_ok=True)
        changed.write_text(with_choice(self.source, faults), encoding="utf-8")
        done = compile_program([str(test), *self.support, "-o", program, *LIBRARIES], f"-I{self.scratch}/include")
        if done.returncode != 0:
            return None, done.stderr
        reached.unlink(missing_ok=True)
        passed, seconds = run_test(program, self.scratch, 600, LMC_MUTANTS_REACHED=str(reached))
        if not passed:
            return None, ""
        return (program, seconds, {int(line) for line in reached.read_text().split()}), ""


def compile_program(arguments, *first_flags):
    command = [*shlex.split(os.environ.get("CXX", "g++")), *FLAGS, "-include", ROOT / "tests/mutation/mutant.hpp", *first_flags,
               f"-I{ROOT}/include", f"-I{ROOT}/tests", f"-I{ROOT}/examples", *arguments]
    return subprocess.run(command, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, errors="replace", check=False)


def compile_support(folder):
    objects = []
    for source in [ROOT / "tests/main.cpp", *sorted((ROOT / "tests/support").glob("*.cpp"))]:
        objects.append(f"{folder}/{source.stem}.o")
        done = compile_program(["-c", source, "-o", objects[-1]])
        if done.returncode != 0:
            sys.exit(f"{source} does not compile:\n{done.stderr}")
    return objects


class Results:
    """The file of outcomes, of one draw from one state of the headers."""

    def __init__(self, path, draw_of, again):
        self.lock, self.path, self.outcomes = threading.Lock(), path, {}
        self.before = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            first, *rest = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if first != draw_of:
                sys.exit(f"{path} is of another draw or of other headers; move it away, or name another file with --results")
            self.before = {outcome["id"]: outcome for outcome in rest}
            self.outcomes = {number: outcome for number, outcome in self.before.items()
                             if outcome["outcome"] in ("caught", "unusable") or not again}
        else:
            self.append(draw_of)

    def append(self, line):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def add(self, outcome):
        before = self.before.get(outcome["id"])
        if before:  # tried again
            outcome["tried"] = before["tried"] + [test for test in outcome["tried"] if test not in before["tried"]]
            if outcome["outcome"] == "not reached":
                outcome["outcome"] = before["outcome"]
        with self.lock:
            self.outcomes[outcome["id"]] = outcome
            self.append(outcome)
            print(f"{outcome['outcome']:12} {outcome['header']}:{outcome['line']} {outcome['kind']} {outcome['test'] or ''}", flush=True)

    def is_usable(self, number):
        return number not in self.outcomes or self.outcomes[number]["outcome"] != "unusable"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folders = sorted(path.name for path in (ROOT / "include/lmc").iterdir() if path.is_dir())
    parser.add_argument("--faults", type=int, default=200, help="that compile (200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folders", default=",".join(folders), help="of include/lmc (all)")
    parser.add_argument("--tests", type=int, default=4, help="files at most on which a fault is tried (4)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="headers at a time (the processor's cores)")
    parser.add_argument("--again", action="store_true", help="try the survivors again, after tests were added")
    parser.add_argument("--with", dest="only", metavar="TESTS", help="try on these alone: connectivity/barriers,train/train")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "build/mutation/results.jsonl")
    given = parser.parse_args()
    given.only = set(given.only.split(",")) if given.only else set()
    missing = [name for name in sorted(given.only) if not (ROOT / f"tests/{name}_test.cpp").exists()]
    if missing:
        parser.error(f"--with: there is no tests/{missing[0]}_test.cpp")
    unknown = set(given.folders.split(",")) - set(folders)
    if unknown:
        parser.error(f"--folders: no {', '.join(sorted(unknown))} in include/lmc; there are {', '.join(folders)}")
    return given


def main():
    given = arguments()
    headers = headers_of(given.folders.split(","))
    digest = hashlib.sha256("".join(path + text for path, text in headers.items()).encode()).hexdigest()
    results = Results(given.results, {"seed": given.seed, "headers": digest}, given.again)
    includes, order, drawn = Includes(), draw(headers, given.seed), []
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        support = []

        def try_faults(item):
            header, faults = item

            def record(number, fault, outcome, test, tried):
                faulty = with_fault(headers[header], fault)
                diff = difflib.unified_diff(headers[header].split("\n"), faulty.split("\n"), n=0, lineterm="")
                results.add({"id": number, "header": header, "line": fault.line, "kind": fault.kind, "outcome": outcome, "test": test,
                             "tried": list(tried), "diff": [line for line in diff if line[:3] not in ("---", "+++", "@@ ")]})
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                Trial(header, headers[header], faults, tests_for(header), support, folder, record).run()

        def tests_for(header):
            tests = includes.tests_of(header)
            return [test for test in tests if name_of(test) in given.only] if given.only else tests[:given.tests]

        while True:
            usable = [number for number in range(len(drawn)) if results.is_usable(number)]
            while len(usable) < given.faults and (fault := next(order, None)):
                drawn.append(fault)
                if results.is_usable(len(drawn) - 1):
                    usable.append(len(drawn) - 1)
            open_faults = {}
            for number in usable[:given.faults]:
                if number not in results.outcomes:
                    open_faults.setdefault(drawn[number].header, {})[number] = drawn[number]
            if not open_faults:
                break
            support = support or compile_support(scratch)
            list(pool.map(try_faults, open_faults.items()))
    report.write(given.results)


if __name__ == "__main__":
    main()
