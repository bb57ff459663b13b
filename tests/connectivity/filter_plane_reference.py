# SPDX-License-Identifier: BSD-3-Clause
# Filter normalization by numpy, as Li et al. define it (arXiv 1712.09913, section 4): prints filter_plane_reference.inc.
# Run: python3 filter_plane_reference.py > filter_plane_reference.inc
import numpy as np

random = np.random.default_rng(7)
shapes = [("convolution", (3, 2, 2, 2)), ("bias", (3,)), ("local", (2, 2, 3, 4)), ("dense", (4, 5))]
theta = [random.normal(size=shape).astype(np.float32).astype(np.float64) for _, shape in shapes]
drawn = [random.normal(size=shape) for _, shape in shapes]
theta[3][1] = 0  # a filter of norm 0


def normalized(weights, direction, axes):
    """Filters are numbered by the first `axes` axes."""
    rows = int(np.prod(weights.shape[:axes]))
    w, d = weights.reshape(rows, -1), direction.reshape(rows, -1)
    return d * (np.linalg.norm(w, axis=1) / np.linalg.norm(d, axis=1))[:, None]


parts = [normalized(theta[0], drawn[0], 1), None, normalized(theta[2], drawn[2], 3), normalized(theta[3], drawn[3], 1)]
zero = [np.zeros(3) if p is None else p for p in parts]
scaled = [drawn[1] * np.linalg.norm(theta[1]) / np.linalg.norm(drawn[1]) if p is None else p for p in parts]


def show(name, kind, arrays):
    values = np.concatenate([a.ravel() for a in arrays])
    print(f"const std::vector<{kind}> {name}{{")
    for i in range(0, len(values), 4):
        print("    " + ", ".join(repr(float(v)) + ("F" if kind == "float" else "") for v in values[i:i + 4]) + ",")
    print("};")


print("// SPDX-License-Identifier: BSD-3-Clause")
print("// Made by filter_plane_reference.py.")
show("theta", "float", theta)
show("drawn", "double", drawn)
show("with_zero", "double", zero)
show("with_scaled", "double", scaled)
