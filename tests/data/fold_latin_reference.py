#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints fold_latin_reference.inc: letters by canonical decomposition, and those that have none by name."""
import unicodedata


def fold(c):
    special = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ĳ": "ij", "ı": "i",
               "ħ": "h", "ŧ": "t", "ŀ": "l", "ſ": "s"}
    first, *rest = unicodedata.normalize("NFD", c)
    first = first.lower()
    if any(not unicodedata.combining(r) for r in rest):
        return ""
    return special.get(first, first if "a" <= first <= "z" else "")


print("// Made by fold_latin_reference.py: from U+00C0 to U+017F.\nconst char* const folded[] = {")
for row in range(0xC0, 0x180, 16):
    print("    " + " ".join(f'"{fold(chr(c))}",' for c in range(row, row + 16)))
print("};")
