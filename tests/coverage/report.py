#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""report.py COVERAGE.json NOT_RUN.txt: the shares of lines and branches that ran, by folder of include/lmc, from what llvm-cov exports.

A line ran if any instantiation of a template, in any program, did. A condition has two branches, which are counted in the same way; what
the compiler knows beforehand (`if constexpr`) is no branch. NOT_RUN.txt gets the lines and branches that did not run, with their text and a
reason, which is read off the statement that they are in."""
import json
import pathlib
import sys


def line_counts(segments):
    """{line: how often it ran}, of the lines with code. A segment is [line, column, count, has a count, begins a region, is a gap]."""
    counts, current = {}, None
    by_line = {}
    for segment in segments:
        by_line.setdefault(segment[0], []).append(segment)
    for line in range(min(by_line), max(by_line) + 1) if by_line else ():
        here = by_line.get(line, [])
        begun = [s[2] for s in here if s[3] and s[4] and not s[5]]
        wrapped = [current[2]] if current and current[3] and not current[5] else []
        starts_skipped = here and not here[0][3] and here[0][4]
        if (begun or wrapped) and not starts_skipped:
            counts[line] = max(begun + wrapped)
        if here:
            current = here[-1]
    return counts


def branch_counts(branches, text):
    """{(line, column, True or False): how often}"""
    counts = {}
    for line, column, _, _, taken, passed, *_ in branches:
        if "if constexpr" in text[line - 1][:column]:
            continue
        for way, count in ((True, taken), (False, passed)):
            counts[line, column, way] = counts.get((line, column, way), 0) + count
    return counts


def reason(name, text, line):
    """Why nothing ran it, as far as the statement tells."""
    first = line
    while first > 1 and not text[first - 2].split("//")[0].rstrip().endswith((";", "{", "}", ":")):
        first -= 1
    statement = " ".join(text[first - 1:line])
    if any(word in statement for word in ("require(", "assert(", "throw", "return std::nullopt")):
        return "a fault that is refused"
    if "= default" in statement:
        return "a comparison that the compiler writes"
    if name.startswith("include/lmc/simd/"):
        return "a kernel's other shapes and instruction sets"
    return "other"


def shares(rows):
    for name, lines, branches in rows:
        def cell(counts):
            ran = sum(count > 0 for count in counts)
            return f"{len(counts)} | {100 * ran / len(counts):.1f} %" if counts else "0 | "
        print(f"| {name} | {cell(lines)} | {cell(branches)} |")


def main():
    exported = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["data"][0]["files"]
    folders, not_run, reasons = {}, [], {}
    for file in sorted(exported, key=lambda file: file["filename"]):
        path = pathlib.Path(file["filename"])
        text = path.read_text(encoding="utf-8").split("\n")
        name = str(path)[str(path).rindex("include/lmc/"):]
        lines, branches = line_counts(file["segments"]), branch_counts(file["branches"], text)
        folder = folders.setdefault(pathlib.Path(name).parts[2], ([], []))
        folder[0].extend(lines.values())
        folder[1].extend(branches.values())
        missed = [(0, line, f"{line}") for line, count in lines.items() if count == 0]
        missed += [(1, line, f"{line}:{column}: never {str(way).lower()}") for (line, column, way), count in branches.items()
                   if count == 0 and lines.get(line, 0) > 0]
        for kind, line, place in missed:
            why = reason(name, text, line)
            reasons.setdefault(why, [0, 0])[kind] += 1
            not_run.append(f"{name}:{place}: {why}: {text[line - 1].strip()}")
    pathlib.Path(sys.argv[2]).write_text("\n".join(not_run) + "\n", encoding="utf-8")
    print("| folder | lines | ran | branches | ran |\n|---|---:|---:|---:|---:|")
    shares([(name, *counts) for name, counts in sorted(folders.items())])
    shares([("all", *(sum((counts[i] for counts in folders.values()), []) for i in (0, 1)))])
    print("\n| not run | lines | branches |\n|---|---:|---:|")
    for why, (lines, branches) in sorted(reasons.items()):
        print(f"| {why} | {lines} | {branches} |")
    print(f"\n{sys.argv[2]} names each")


if __name__ == "__main__":
    main()
