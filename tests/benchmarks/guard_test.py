#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""guard_test.py GUARD COMPARE: benchmarks/guard.sh builds and measures both sides by turns, hands on the verdict, and refuses what
is wrong. In a repository of its own, whose benchmarks are scripts that `cmake`, a script too, only copies."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

COMPARE, GUARD = os.path.abspath(sys.argv.pop(2)), os.path.abspath(sys.argv.pop(1))

CMAKE = r"""#!/usr/bin/env bash
set -e
if [ "$1" = --preset ]; then  # cmake --preset release -B FOLDER OPTION...
  mkdir -p "$4/benchmarks" && pwd > "$4/source"
else  # cmake --build FOLDER --target PROGRAM...
  folder=$2 source=$(cat "$2/source")
  shift 3
  for program in "$@"; do
    if grep -q broken "$source/benchmarks/$program.cpp"; then echo "does not compile" && exit 1; fi
    cp "$source/benchmarks/$program.cpp" "$folder/benchmarks/$program"
    chmod +x "$folder/benchmarks/$program"
  done
fi
"""
# Tells its turn in a file, and writes the time that it contains.
PROGRAM = r"""#!/usr/bin/env bash
#include <benchmark/benchmark.h>
for argument in "$@"; do
  case $argument in
    --benchmark_out=*) out=${argument#*=} ;;
    --benchmark_filter=*) filter=${argument#*=} ;;
  esac
done
echo "$out" >> turns
[[ a =~ $filter ]] || { echo '{"benchmarks": []}' > "$out"; exit 0; }
echo '{"context": {"executable": "'"$0"'"}, "benchmarks": [{"name": "a", "run_name": "a", "real_time": TIME, "time_unit": "ms"}]}' > "$out"
"""


class Guard(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = os.path.join(scratch.name, "tree")
        tools = os.path.join(scratch.name, "tools")
        os.makedirs(os.path.join(self.root, "benchmarks"))
        os.mkdir(tools)
        with open(os.path.join(tools, "cmake"), "w", encoding="utf-8") as file:
            file.write(CMAKE)
        os.chmod(file.name, 0o755)
        for script in (GUARD, COMPARE):
            shutil.copy(script, os.path.join(self.root, "benchmarks"))
        self.environment = os.environ | {"PATH": tools + ":" + os.environ["PATH"], "HOME": scratch.name,
                                         "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
                                         "GIT_COMMITTER_EMAIL": "a@b"}
        self.write(x=1.0, y=1.0, scaling="int main() {}")
        self.git("init", "-q")
        self.git("add", "benchmarks")
        self.git("commit", "-q", "-m", "first")

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.root, env=self.environment, check=True)

    def write(self, **times):
        for name, time in times.items():
            with open(os.path.join(self.root, "benchmarks", name + ".cpp"), "w", encoding="utf-8") as file:
                file.write(PROGRAM.replace("TIME", str(time)) if isinstance(time, float) else time)

    def run_guard(self, *arguments):
        done = subprocess.run(["bash", "benchmarks/guard.sh", *arguments], cwd=self.root, env=self.environment, capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_sides_take_turns_and_equal_ones_pass(self):
        status, out, err = self.run_guard("-n", "3", "HEAD")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"same +x a .*\n *same +y a .*\n2 compared, 0 slower or gone")
        with open(os.path.join(self.root, "turns"), encoding="utf-8") as file:
            turns = ["/".join(line.strip().split("/")[-2:]) for line in file]
        self.assertEqual(turns, ["before/x.1.json", "after/x.1.json", "before/y.1.json", "after/y.1.json",
                                 "after/x.2.json", "before/x.2.json", "after/y.2.json", "before/y.2.json",
                                 "before/x.3.json", "after/x.3.json", "before/y.3.json", "after/y.3.json"])

    def test_a_slower_tree_fails_edited_or_committed(self):
        self.write(y=1.1)
        for _ in range(2):
            status, out, _ = self.run_guard("HEAD")
            self.assertEqual(status, 1)
            self.assertRegex(out, r"SLOWER +y a +1 \(1-1\) ms +1.1 \(1.1-1.1\) ms +\+10.0% +3.0%")
            self.assertRegex(out, r"same +x a ")
        self.git("commit", "-q", "-a", "-m", "slower")
        self.assertEqual(self.run_guard("HEAD")[0], 0)
        self.assertEqual(self.run_guard("HEAD~1")[0], 1)

    def test_only_the_chosen_programs_and_benchmarks_are_measured(self):
        self.write(y=9.0)
        self.assertEqual(self.run_guard("-n", "1", "HEAD", "x:^a$", "x:b")[0], 0)
        status, _, err = self.run_guard("-n", "1", "HEAD", "x:nothing")
        self.assertEqual(status, 2)
        self.assertIn("before: x has no benchmark that matches 'nothing'", err)

    def test_programs_of_one_side_alone_are_told(self):
        self.write(z=1.0)
        status, out, _ = self.run_guard("-n", "1", "HEAD", "x", "z")
        self.assertEqual(status, 0)
        self.assertIn("new: z", out)
        os.remove(os.path.join(self.root, "benchmarks", "y.cpp"))
        status, out, _ = self.run_guard("-n", "1", "HEAD")
        self.assertEqual(status, 1)
        self.assertIn("GONE: y", out)
        self.assertEqual(self.run_guard("HEAD", "z")[0], 2)

    def test_what_is_wrong_is_refused_with_words(self):
        for arguments, text in [((), "no commit to compare with"), (("nonsense",), "'nonsense' is no commit"),
                                (("-n", "0", "HEAD"), "-n 0: expected a number of rounds"), (("-n",), "-n needs a value"),
                                (("-t", "x", "HEAD"), "-t x: expected seconds"), (("-q", "HEAD"), "there is no option -q"),
                                (("HEAD", "w"), "'w' is no program of Google Benchmark; there are x y"),
                                (("HEAD", "scaling"), "'scaling' is no program")]:
            with self.subTest(arguments=arguments):
                status, _, err = self.run_guard(*arguments)
                self.assertEqual(status, 2)
                self.assertIn(text, err)

    def test_a_tree_that_does_not_build_or_run_is_shown(self):
        self.write(x="#include <benchmark/benchmark.h>\nbroken")
        status, _, err = self.run_guard("HEAD")
        self.assertEqual(status, 2)
        self.assertRegex(err, r"cannot build after; .*\n.*does not compile")
        self.write(x="#!/bin/sh\n#include <benchmark/benchmark.h>\necho it differs; exit 1\n")
        status, _, err = self.run_guard("HEAD")
        self.assertEqual(status, 2)
        self.assertRegex(err, r"after: x failed:\nit differs")


if __name__ == "__main__":
    unittest.main()
