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
pairs = [(letter, mark, unicodedata.normalize("NFC", chr(letter) + chr(mark)))
         for letter in range(0x41, 0x7B) for mark in range(0x300, 0x370)
         if unicodedata.normalize("NFD", chr(mark)) == chr(mark)]  # which others are not in NFD
print("// Letters and marks that compose one of these: letter, mark, and which they compose.\nconst char32_t composed[][3] = {")
for letter, mark, one in pairs:
    if len(one) == 1 and ord(one) < 0x180:
        print(f"    {{{letter:#x}, {mark:#x}, {ord(one):#x}}},")
print("};")
