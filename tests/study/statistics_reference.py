# SPDX-License-Identifier: BSD-3-Clause
# Prints statistics_reference.inc: SciPy's answers (Debian: python3-scipy), and where it has none, answers by counting.
from fractions import Fraction
from itertools import permutations, product

from scipy import stats


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in values) + "}"


print("// SPDX-License-Identifier: BSD-3-Clause")
print("// Made by statistics_reference.py; do not edit.")

print("\n// t, degrees of freedom, P(T >= t)")
print("const std::vector<std::array<double, 3>> student_tails = {")
for freedom in (1, 2, 4, 9, 30, 1000):
    for t in (-6.0, -0.5, 0.0, 0.1, 1.0, 2.5, 8.0, 40.0):
        print(f"    {numbers((t, freedom, stats.t.sf(t, freedom)))},")
print("};")

print("\n// tail, degrees of freedom, the t with P(T >= t) = tail")
print("const std::vector<std::array<double, 3>> student_quantiles = {")
for freedom in (1, 2, 4, 9, 30, 1000):
    for tail in (0.4, 0.025, 0.005, 1e-6):
        print(f"    {numbers((tail, freedom, stats.t.isf(tail, freedom)))},")
print("};")

print("\n// values, null; above, below; low, high of the 95 % interval")
print("const std::vector<TTest> t_tests = {")
for values, null in (
    ([0.11, 0.18, 0.14, 0.12, 0.16], 0.02),
    ([0.001, 0.0, 0.004, 0.002, 0.0], 0.02),
    ([0.01, 0.03, 0.02, 0.035, 0.004], 0.02),
    ([-0.3, 0.1, 0.2], 0.0),
    ([5.0, 7.5], 6.0),
    ([1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 5, 1e6 + 8, 1e6 + 13], 1e6),
):
    above = stats.ttest_1samp(values, null, alternative="greater").pvalue
    below = stats.ttest_1samp(values, null, alternative="less").pvalue
    low, high = stats.t.interval(0.95, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values))
    print(f"    {{{numbers(values)}, {null}, {numbers((above, below))}, {numbers((low, high))}}},")
print("};")


def page_by_counting(rows):
    """P(L >= observed), P(L <= observed) over all orders of every row's ranks, ties included."""
    ranks = [stats.rankdata(row) for row in rows]
    statistic = lambda all_rows: sum((k + 1) * Fraction(r) for row in all_rows for k, r in enumerate(row))
    observed = statistic(ranks)
    above = below = count = 0
    for orders in product(*(list(permutations(row)) for row in ranks)):
        value = statistic(orders)
        count += 1
        above += value >= observed
        below += value <= observed
    return above / count, below / count


print("\n// rows of values, one per replicate; P of a statistic at least so high, and at least so low")
print("const std::vector<PageTest> page_tests = {")
for rows in (
    [[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3]],
    [[3, 2, 1], [3, 2, 1], [3, 1, 2]],
    [[0.0, 0.0, 0.1], [0.0, 0.2, 0.2], [0.0, 0.1, 0.3], [0.0, 0.0, 0.0]],
    [[1, 2, 3, 4], [2, 1, 4, 3]],
    [[1, 2]] * 5,
):
    above, below = page_by_counting(rows)
    print("    {{" + ", ".join(numbers(row) for row in rows) + "}, " + f"{above!r}, {below!r}}},")
# Without ties SciPy has the exact distribution, for more than can be counted.
for rows in (
    [[1, 2, 3, 4, 5], [1, 3, 2, 4, 5], [2, 1, 3, 5, 4], [1, 2, 4, 3, 5], [5, 2, 3, 4, 1]],
    [[1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 3, 4, 5, 6, 8, 7], [8, 2, 3, 4, 5, 6, 7, 1], [4, 3, 2, 1, 5, 6, 7, 8], [1, 2, 3, 4, 8, 7, 6, 5]],
):
    above = stats.page_trend_test(rows, method="exact").pvalue
    below = stats.page_trend_test([row[::-1] for row in rows], method="exact").pvalue
    print("    {{" + ", ".join(numbers(row) for row in rows) + "}, " + f"{above!r}, {below!r}}},")
print("};")


def holm_by_steps(p):
    """The smallest level at which Holm's procedure, as it is written down, rejects: by bisection over levels."""

    def rejected(level):
        order = sorted(range(len(p)), key=lambda i: p[i])
        out = set()
        for step, i in enumerate(order):
            if p[i] > level / (len(p) - step):
                break
            out.add(i)
        return out

    adjusted = []
    for i in range(len(p)):
        low, high = 0.0, 1.0
        if i not in rejected(1.0):
            adjusted.append(1.0)
            continue
        for _ in range(60):
            middle = (low + high) / 2
            if i in rejected(middle):
                high = middle
            else:
                low = middle
        adjusted.append(high)
    return adjusted


print("\n// p, adjusted p")
print("const std::vector<std::array<std::vector<double>, 2>> holm_adjustments = {")
for p in ([0.01, 0.04, 0.03, 0.005], [0.2], [0.6, 0.5, 0.9], [0.0, 0.02, 0.02, 0.02, 0.7], [0.01, 0.0101, 0.5]):
    print(f"    {{{{{numbers(p)}, {numbers(holm_by_steps(p))}}}}},")
print("};")
