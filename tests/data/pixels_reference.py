#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints pixels_reference.inc: colors and what Pillow's conversion to gray makes of them. Needs Debian's python3-pil."""
import itertools

import PIL
from PIL import Image

colors = list(itertools.product((0, 1, 127, 128, 254, 255), repeat=3))
image = Image.new("RGB", (len(colors), 1))
image.putdata(colors)

print(f"// Made by pixels_reference.py with Pillow {PIL.__version__}: red, green, blue, gray.")
row = [f"{{{r}, {g}, {b}, {gray}}}," for (r, g, b), gray in zip(colors, image.convert("L").getdata())]
for i in range(0, len(row), 6):
    print(" ".join(row[i : i + 6]))
