# SPDX-License-Identifier: BSD-3-Clause
"""Features of a small table for table_test.cpp: python3 table_reference.py > table_reference.inc

Made with NumPy 1.24.2 of Debian 12 (python3-numpy).
"""
import numpy as np

rng = np.random.default_rng(1)
rows, train = 12, 8
width = np.round(rng.normal(100, 15, rows), 2)
height = np.round(rng.exponential(1e-3, rows), 6)
color = rng.choice(["red", "green", "blue"], rows)
doors = rng.choice([2, 4, 10], rows)
constant = np.full(rows, 0.1)
kind = rng.choice(["van", "car"], rows)
missing = {"width": [1, 9], "color": [4, 10]}


def one_hot(column, key=None):
    return np.stack([column == c for c in sorted(set(column[:train]), key=key)], axis=1).astype(float)


def standardized(column):
    mean, deviation = column[:train].mean(), column[:train].std()
    return ((column - mean) / deviation)[:, None]


def text(name, column, i):
    return "" if i in missing.get(name, []) else str(column[i])


columns = {"width": width, "color": color, "height": height, "doors": doors, "constant": constant, "kind": kind}
lines = [",".join(columns)] + [",".join(text(n, c, i) for n, c in columns.items()) for i in range(rows)]

observed = [i for i in range(train) if i not in missing["width"]]
width[missing["width"]] = width[observed].mean()
names, counts = np.unique(np.delete(color[:train], missing["color"][0]), return_counts=True)
color[missing["color"]] = names[counts.argmax()]
features = np.concatenate(
    [standardized(width), one_hot(color), standardized(height), one_hot(doors), np.zeros((rows, 1))], axis=1)
classes = sorted(set(kind[:train]))

print("// Made by table_reference.py: a table, and the features and label of each of its rows.")
print(".text =")
print("\n".join(f'    "{line}\\n"' for line in lines) + ",")
print(f".train_rows = {train},")
print(".features = {" + ",\n             ".join(
    "{" + ", ".join(f"{x:.17g}" for x in row) + "}" for row in features) + "},")
print(".labels = {" + ", ".join(str(classes.index(k)) for k in kind) + "}")
