# SPDX-License-Identifier: BSD-3-Clause
# Prints statistics_reference.inc: SciPy's answers (Debian: python3-scipy), and Holm's by his procedure as it is written down.
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

print("\n// values; low, high of the 95 % interval of their mean")
print("const std::vector<MeanInterval> mean_intervals = {")
for values in (
    [0.11, 0.18, 0.14, 0.12, 0.16],
    [0.001, 0.0, 0.004, 0.002, 0.0],
    [0.01, 0.03, 0.02, 0.035, 0.004],
    [-0.3, 0.1, 0.2],
    [5.0, 7.5],
    [1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 5, 1e6 + 8, 1e6 + 13],
):
    low, high = stats.t.interval(0.95, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values))
    print(f"    {{{numbers(values)}, {numbers((low, high))}}},")
print("};")

print("\n// successes, trials; probability, P(X >= successes), P(X <= successes)")
print("const std::vector<Binomial> binomial_tests = {")
for successes, trials, probability in (
    (0, 59, 0.05), (0, 58, 0.05), (1, 93, 0.05), (5, 90, 0.05), (12, 12, 0.5), (9, 12, 0.5), (6, 12, 0.5), (0, 1, 0.5), (1, 1, 0.05),
    (700, 1000, 0.5), (30, 2000, 0.05),
):
    above = stats.binomtest(successes, trials, probability, alternative="greater").pvalue
    below = stats.binomtest(successes, trials, probability, alternative="less").pvalue
    print(f"    {{{successes}, {trials}, {numbers((probability, above, below))}}},")
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
