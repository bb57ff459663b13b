#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What got slower from one commit to another: two files of benchmark results, with repetitions.

  build/release/benchmarks/product --benchmark_repetitions=9 --benchmark_out=before.json
  ... the other commit, on the same machine ...
  python3 benchmarks/compare.py before.json after.json

Takes the JSON of Google Benchmark and of versus_torch; of the latter, lmc's side is compared, and libtorch's, which no commit of
lmc changes, tells whether the machine was the same.

The rule, on the seconds (or 1 / rate) of the repetitions, b before and a after, m their medians and s their robust standard
deviations, 1.4826 times the median distance from the median:
  slower  where  m(a) / m(b) - 1 > max(3 %, 4 sqrt((s(a) / m(a))^2 + (s(b) / m(b))^2))  and the fastest of a is slower than m(b);
  faster  where the same holds with a and b exchanged.
Of fewer than three repetitions nothing is known about the noise: the limit is then 15 %.
Exit status: 0 when nothing got slower, 1 when something did or a benchmark is gone, 2 when the files cannot be compared.
"""
import argparse
import json
import math
import statistics
import sys

FLOOR, WIDTH, UNKNOWN = 0.03, 4.0, 0.15


class Unusable(Exception):
    pass


def google_benchmark(content):
    """Seconds of each repetition, by the benchmark's name."""
    unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    seconds, aggregates = {}, False
    for row in content["benchmarks"]:
        if row.get("run_type", "iteration") != "iteration":
            aggregates = True
            continue
        name = row.get("run_name", row["name"])
        if row.get("error_occurred"):
            raise Unusable(f"{name}: {row.get('error_message', 'failed')}")
        seconds.setdefault(name, []).append(row["real_time"] * unit[row["time_unit"]])
    if not seconds and aggregates:
        raise Unusable("it holds aggregates alone; leave out --benchmark_report_aggregates_only")
    return seconds


def versus_torch(content, side):
    return {row["name"]: [1 / rate for rate in row[side]["rates"]] for row in content["rows"] if not row["invalid"]}


def read(path):
    """Seconds by name, and libtorch's where there is a libtorch."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        if "benchmarks" in content:
            results, control = google_benchmark(content), {}
        elif content.get("program") == "versus_torch":
            results, control = versus_torch(content, "lmc"), versus_torch(content, "torch")
        else:
            raise Unusable("expected the JSON of Google Benchmark (--benchmark_out) or of versus_torch (--json)")
        if not results:
            raise Unusable("it holds no result")
        wrong = [name for name, times in results.items() if not all(0 < t < math.inf for t in times)]
        if wrong:
            raise Unusable(f"{wrong[0]}: a time that is not positive")
        return results, control
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, Unusable) as error:
        raise Unusable(f"{path}: {error if not isinstance(error, KeyError) else f'has no {error}'}") from error


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
    failures = 0
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            print(f"GONE    {name}")
            failures += 1
            continue
        change = statistics.median(new) / statistics.median(old) - 1
        text = f"{name}: {change:+.1%} time, noise {limit(old, new):.1%} ({len(old)} and {len(new)} repetitions)"
        if is_slower(old, new):
            print("SLOWER  " + text)
            failures += 1
        elif is_slower(new, old):
            print("faster  " + text)
    changes = [statistics.median(control_after[n]) / statistics.median(control_before[n]) - 1
               for n in control_before if n in control_after]
    if changes:
        print(f"libtorch itself, in the median over the workloads: {statistics.median(changes):+.1%} time")
    print(f"{len(before.keys() & after.keys())} compared, {failures} slower or gone")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
