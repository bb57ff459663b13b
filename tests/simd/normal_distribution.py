#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Prints the constants of NormalTail in include/lmc/simd/normal_distribution.hpp. Needs mpmath (Debian: python3-mpmath).
#   python3 normal_distribution.py
# With u = 1/(a + 4), exp(a²/2) Φ(−a) = u P(s): P is smooth in u all the way to a = ∞, so that a few Chebyshev polynomials of
# s, u mapped to [−1, 1] for 0 ≤ a ≤ end, approximate it almost as well as any polynomial does.
import mpmath as mp

mp.mp.dps = 60


def constants(name, end, degree, digits):
    first, last = mp.mpf(1) / 4, 1 / (mp.mpf(end) + 4)

    def value(s):
        u = (first + last) / 2 + (last - first) / 2 * s
        a = 1 / u - 4
        return mp.exp(a * a / 2) * mp.ncdf(-a) / u

    nodes = [mp.pi * (k + mp.mpf(1) / 2) / 160 for k in range(160)]
    values = [value(mp.cos(x)) for x in nodes]
    coefficients = [mp.fsum(v * mp.cos(k * x) for v, x in zip(values, nodes)) * (1 if k == 0 else 2) / 160 for k in range(60)]
    powers, before, current = [mp.mpf(0)] * (degree + 1), [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    for c in coefficients[:degree + 1]:
        for i, x in enumerate(before):
            powers[i] += c * x
        shifted = [mp.mpf(0)] + [2 * x for x in current]
        before, current = current, [x - (before[i] if i < len(before) else 0) for i, x in enumerate(shifted)]
    error = mp.fsum(map(abs, coefficients[degree + 1:]))
    print(f"{name}: end {end}, slope {mp.nstr(2 / (last - first), digits)}, "
          f"shift {mp.nstr(-(first + last) / (last - first), digits)}, error {mp.nstr(error, 2)}")
    print("  " + ", ".join(mp.nstr(x, digits) for x in reversed(powers)))


constants("float", 14.5, 9, 9)
constants("double", 39, 22, 17)
