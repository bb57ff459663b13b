"""Firth's penalized logistic curves for firth_logistic_test.cpp, by Newton's method on the penalized likelihood with 50 digits: the
gradient and the Hessian of log L + 1/2 log det I are central differences, so that no formula is shared with the C++.
    cd tests/connectivity && python3 firth_logistic_reference.py > firth_logistic_reference.inc
"""
from mpmath import mp, mpf, exp, log, matrix, lu_solve

mp.dps = 50


def penalized(a, b, x, y):
    total, aa, ab, bb = mpf(0), mpf(0), mpf(0), mpf(0)
    for xi, yi in zip(x, y):
        p = 1 / (1 + exp(-(a + b * xi)))
        total += log(p) if yi else log(1 - p)
        w = p * (1 - p)
        aa, ab, bb = aa + w, ab + w * xi, bb + w * xi * xi
    return total + log(aa * bb - ab * ab) / 2


def fit(x, y):
    x = [mpf(v) for v in x]
    f = lambda v: penalized(v[0], v[1], x, y)
    at, h = [mpf(0), mpf(0)], mpf(10) ** -12
    for _ in range(200):
        def moved(da, db):
            return f([at[0] + da * h, at[1] + db * h])
        here = f(at)
        gradient = matrix([(moved(1, 0) - moved(-1, 0)) / (2 * h), (moved(0, 1) - moved(0, -1)) / (2 * h)])
        cross = (moved(1, 1) - moved(1, -1) - moved(-1, 1) + moved(-1, -1)) / (4 * h * h)
        hessian = matrix([[(moved(1, 0) - 2 * here + moved(-1, 0)) / h**2, cross],
                          [cross, (moved(0, 1) - 2 * here + moved(0, -1)) / h**2]])
        step = lu_solve(hessian, -gradient)
        share = mpf(1)
        while f([at[0] + share * step[0], at[1] + share * step[1]]) < here and share > mpf(10) ** -9:
            share /= 2
        at = [at[0] + share * step[0], at[1] + share * step[1]]
        if max(abs(step[0]), abs(step[1])) < mpf(10) ** -18:
            return at
    raise RuntimeError("Newton's method did not converge")


cases = [
    ("overlapping", [0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 0, 1, 0, 1, 0, 0]),
    ("separated", [0, 1, 2, 3, 4, 5], [1, 1, 1, 0, 0, 0]),
    ("separated far", ["0", "0.6931471805599453", "4.174387269895637", "7.625107148238896"], [1, 1, 1, 0]),
    ("one event", [0, 1, 1, 2, 5, 8, 8, 9], [0, 0, 1, 0, 0, 0, 0, 0]),
    ("no event", [0, 1, 2, 3], [0, 0, 0, 0]),
    ("large numbers", ["1000.5", "1001", "1001.25", "1002", "1003"], [0, 1, 0, 1, 1]),
]
print(f"// Made by firth_logistic_reference.py with mpmath {__import__('mpmath').__version__}")
print("const std::vector<Case> cases{")
for name, x, y in cases:
    a, b = fit(x, y)
    numbers = ", ".join(str(v) for v in x)
    events = ", ".join("true" if v else "false" for v in y)
    print(f'    {{"{name}", {{{numbers}}}, {{{events}}}, {mp.nstr(a, 17)}, {mp.nstr(b, 17)}}},')
print("};")
