#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints character_ngrams_reference.inc: hashes, and the n-grams of whole padded words."""
import collections


def fnv1a(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = ((h ^ b) * 0x100000001B3) % 2**64
    return h


def mix(h):
    h = ((h ^ h >> 30) * 0xBF58476D1CE4E5B9) % 2**64
    h = ((h ^ h >> 27) * 0x94D049BB133111EB) % 2**64
    return h ^ h >> 31


def ngrams(text, smallest, largest):
    for word in text.split():
        padded = "<" + word + ">"
        for n in range(smallest, largest + 1):
            for i in range(len(padded) - n + 1):
                if n > 1 or 0 < i < len(padded) - 1:
                    yield padded[i : i + n]


def literal(text):
    return '"' + "".join(c if c.isascii() and c.isprintable() else "".join(f"\\{b:03o}" for b in c.encode()) for c in text) + '"'


print("// Made by character_ngrams_reference.py.\nconst HashCase hash_cases[] = {")
for text in ["", "a", "b", "<a", "foobar", "é", "漢字", "\U0001F600", "<zażółć>"]:
    data = text.encode()
    print(f"    {{{literal(text)}, {fnv1a(data):#x}, {mix(fnv1a(data)):#x}, {mix(fnv1a(data)) % 1024}}},")
print("};\nconst BagCase bag_cases[] = {")
for text, smallest, largest, dimension in [("ab", 1, 3, 1024), ("the cat  sat", 1, 3, 64), ("łódź\t漢字 a", 2, 4, 1000), ("a", 1, 1, 7),
                                           ("<a>", 1, 3, 97), ("x y", 3, 5, 1024)]:
    counts = collections.Counter(mix(fnv1a(g.encode())) % dimension for g in ngrams(text, smallest, largest))
    listed = ", ".join(f"{{{k}, {v}}}" for k, v in sorted(counts.items()))
    print(f"    {{{literal(text)}, {smallest}, {largest}, {dimension}, {{{listed}}}}},")
print("};")
