#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What got slower from one commit to another: results of benchmarks before and after, with repetitions.

  build/release/benchmarks/product --benchmark_repetitions=9 --benchmark_out=before.json
  ... the other commit, on the same machine ...
  python3 benchmarks/compare.py before.json after.json

Takes the JSON of Google Benchmark, of versus_torch and of versus_python; of the latter two, lmc's side is compared, and that of the
opponents, which no commit of lmc changes, tells whether the machine was the same. A folder stands for all its .json files together:
what several of them measured are repetitions. benchmarks/guard.sh makes two such folders, by turns.

The rule, on the seconds (or 1 / rate) of the repetitions, b before and a after, m their medians and s their robust standard
deviations, 1.4826 times the median distance from the median:
  slower  where  m(a) / m(b) - 1 > max(3 %, 4 sqrt((s(a) / m(a))^2 + (s(b) / m(b))^2))  and the fastest of a is slower than m(b);
  faster  where the same holds with a and b exchanged.
  noisy   where the limit is above 15 %: a change that matters would not be seen.
Fewer than three repetitions tell nothing about the noise: the limit is then 15 %.
Exit status: 0 when nothing got slower, 1 when something did or a benchmark is gone, 2 when the results cannot be compared.
"""
import argparse
import json
import math
import os
import statistics
import sys

FLOOR, WIDTH, UNKNOWN = 0.03, 4.0, 0.15


class Unusable(Exception):
    pass


def google_benchmark(content):
    """Seconds of each repetition, by program and benchmark."""
    unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    program = os.path.basename(content.get("context", {}).get("executable", ""))
    seconds, aggregates = {}, False
    for row in content["benchmarks"]:
        if row.get("run_type", "iteration") != "iteration":
            aggregates = True
            continue
        name = " ".join(filter(None, (program, row.get("run_name", row["name"]))))
        if row.get("error_occurred"):
            raise Unusable(f"{name}: {row.get('error_message', 'failed')}")
        seconds.setdefault(name, []).append(row["real_time"] * unit[row["time_unit"]])
    if not seconds and aggregates:
        raise Unusable("it holds aggregates alone; leave out --benchmark_report_aggregates_only")
    return seconds


def versus(content):
    """lmc's seconds by workload, and by opponent and workload the opponents'. What is void counts for nothing."""
    results, control = {}, {}
    for row in content["rows"]:
        valid = [opponent for opponent in row["opponents"] if not opponent["invalid"]]
        if valid:
            results[row["name"]] = [1 / rate for rate in row["lmc"]["rates"]]
        for opponent in valid:
            control[opponent["name"], row["name"]] = [1 / rate for rate in opponent["side"]["rates"]]
    return results, control


def read_file(path):
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        if "benchmarks" in content:
            results, control = google_benchmark(content), {}
        elif content.get("program") in ("versus_torch", "versus_python"):
            results, control = versus(content)
        else:
            raise Unusable("expected the JSON of Google Benchmark (--benchmark_out), versus_torch or versus_python (--json)")
        if not results:
            raise Unusable("it holds no result")
        wrong = [name for name, times in results.items() if not all(0 < t < math.inf for t in times)]
        if wrong:
            raise Unusable(f"{wrong[0]}: a time that is not positive")
        return results, control
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, Unusable) as error:
        raise Unusable(f"{path}: {error if not isinstance(error, KeyError) else f'has no {error}'}") from error


def read(path):
    """Seconds by name, and those of the opponents where there are some; of a folder, all its files' together."""
    if not os.path.isdir(path):
        return read_file(path)
    paths = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".json"))
    if not paths:
        raise Unusable(f"{path}: the folder holds no .json file")
    joined = {}, {}
    for part in map(read_file, paths):
        for whole, times in zip(joined, part):
            for name, values in times.items():
                whole.setdefault(name, []).extend(values)
    return joined


def relative_noise(times):
    median = statistics.median(times)
    return 1.4826 * statistics.median(abs(t - median) for t in times) / median


def limit(before, after):
    """The change of the median that noise does not explain."""
    if min(len(before), len(after)) < 3:
        return UNKNOWN
    return max(FLOOR, WIDTH * math.hypot(relative_noise(before), relative_noise(after)))


def is_slower(before, after):
    median = statistics.median(before)
    return statistics.median(after) / median - 1 > limit(before, after) and min(after) > median


def time_text(times):
    """Median, least and most."""
    scale, unit = next(((f, u) for f, u in ((1, "s"), (1e3, "ms"), (1e6, "us")) if statistics.median(times) * f >= 1), (1e9, "ns"))
    return f"{statistics.median(times) * scale:.4g} ({min(times) * scale:.4g}-{max(times) * scale:.4g}) {unit}"


def row_of(name, old, new):
    """Verdict, name, times before and after, change of the median, limit."""
    if new is None:
        return "GONE", name, time_text(old), "", "", ""
    if old is None:
        return "new", name, "", time_text(new), "", ""
    verdict = ("SLOWER" if is_slower(old, new) else "faster" if is_slower(new, old) else
               "noisy" if limit(old, new) > UNKNOWN else "same")
    return (verdict, name, time_text(old), time_text(new), f"{statistics.median(new) / statistics.median(old) - 1:+.1%}",
            f"{limit(old, new):.1%}")


def print_table(rows):
    """In columns as wide as their widest entry; the last two are numbers, and stand to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [text.rjust(width) if i >= 4 else text.ljust(width) for i, (text, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    arguments = parser.parse_args()
    try:
        (before, control_before), (after, control_after) = read(arguments.before), read(arguments.after)
        if not before.keys() & after.keys():
            raise Unusable(f"{arguments.before} and {arguments.after} have no benchmark in common")
    except Unusable as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    rows = [row_of(name, before.get(name), after.get(name)) for name in {**before, **after}]
    print_table([("", "benchmark", "before: median (least-most)", "after", "change", "limit"), *rows])
    for opponent in sorted({name for name, _ in control_before.keys() & control_after.keys()}):
        changes = [statistics.median(control_after[key]) / statistics.median(control_before[key]) - 1
                   for key in control_before.keys() & control_after.keys() if key[0] == opponent]
        print(f"{opponent} itself, in the median over the workloads: {statistics.median(changes):+.1%} time")
    failures = sum(row[0] in ("SLOWER", "GONE") for row in rows)
    print(f"{len(before.keys() & after.keys())} compared, {failures} slower or gone")
    noisy = sum(row[0] == "noisy" for row in rows)
    if noisy:
        print(f"{noisy} too noisy to tell: repeat them on a quiet machine")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
