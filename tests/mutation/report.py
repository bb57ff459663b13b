#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""report.py [RESULTS]: the share of planted faults that the tests caught, by folder and by kind, and the faults that survived."""
import json
import math
import pathlib
import sys


def binomial_tail(k, n, p):
    """P(X >= k)"""
    return math.fsum(math.comb(n, i) * p**i * (1 - p)**(n - i) for i in range(k, n + 1))


def lower_limit(k, n, probability):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if binomial_tail(k, n, middle) < probability else (low, middle)
    return low if k > 0 else 0.0


def clopper_pearson(k, n, level=0.95):
    tail = (1 - level) / 2
    return lower_limit(k, n, tail), 1 - lower_limit(n - k, n, tail)


def table(title, outcomes, key):
    groups = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome["outcome"] == "caught")
    rows = sorted(groups.items()) + [("all", [caught for group in groups.values() for caught in group])]
    print(f"| {title} | faults | caught | share | 95 % limits |\n|---|---:|---:|---:|---|")
    for name, caught in rows:
        low, high = clopper_pearson(sum(caught), len(caught))
        share = sum(caught) / len(caught)
        print(f"| {name} | {len(caught)} | {sum(caught)} | {100 * share:.0f} % | {100 * low:.0f} to {100 * high:.0f} % |")
    print()


def write(path):
    _, *lines = [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
    latest = {line["id"]: line for line in lines}.values()
    outcomes = [line for line in latest if line["outcome"] != "unusable"]
    if not outcomes:
        return
    print(f"\n{len(outcomes)} faults; {len(latest) - len(outcomes)} others, which did not compile, were replaced.\n")
    table("folder", outcomes, lambda outcome: pathlib.Path(outcome["header"]).parts[2])
    table("kind", outcomes, lambda outcome: outcome["kind"])
    for outcome in sorted(outcomes, key=lambda outcome: (outcome["header"], outcome["line"])):
        if outcome["outcome"] != "caught":
            tried = ", ".join(outcome["tried"]) or "no test"
            print(f"{outcome['header']}:{outcome['line']}: {outcome['kind']}, {outcome['outcome']}; tried: {tried}")
            print("\n".join(outcome["diff"]) + "\n")


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "build/mutation/results.jsonl")
