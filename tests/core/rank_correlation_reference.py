#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes rank_correlation_reference.inc with SciPy (Debian: python3-scipy): Spearman's rho of pairs with and without equal values.
#   python3 rank_correlation_reference.py > rank_correlation_reference.inc
import math

import scipy
from scipy.stats import spearmanr


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in values) + "}"


print(f"// Made by rank_correlation_reference.py with SciPy {scipy.__version__}")
print("// x, y, rho")
for n, steps in [(2, 0), (3, 0), (17, 0), (40, 0), (40, 3), (23, 1), (12, 2)]:
    x = [math.sin(1.3 * i) for i in range(n)]
    y = [math.cos(0.9 * i) + 0.5 * x[i] for i in range(n)]
    if steps:  # many equal values, in both
        x = [round(steps * v) for v in x]
        y = [round(steps * v) for v in y]
    print(f"    {{{numbers(x)}, {numbers(y)}, {float(spearmanr(x, y)[0])!r}}},")
