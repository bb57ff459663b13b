#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes npy_reference.inc with NumPy (Debian: python3-numpy): whole files, in hexadecimal, and what they hold, row-major.
#   python3 npy_reference.py > npy_reference.inc
import io
import warnings

import numpy
from numpy.lib import format

warnings.simplefilter("ignore")  # NumPy advises against versions that it need not take

ORDERS = {"C": numpy.ascontiguousarray, "F": numpy.asfortranarray}


def row(array, version=None):
    file = io.BytesIO()
    format.write_array(file, array, version)
    values = ", ".join(repr(float(v)) for v in array.flatten(order="C"))
    shape = ", ".join(str(n) for n in array.shape)
    print(f'    {{"{array.dtype.str[1:]}", {{{shape}}}, {{{values}}},\n     "{file.getvalue().hex()}"}},')


print(f"// Made by npy_reference.py with NumPy {numpy.__version__}")
print("// dtype, shape, values, file")
for dtype in ["?", "<i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "<u1", "<u2", ">u2", "<u4", "<u8", ">u8", "<f2", ">f2", "<f4", ">f4",
              "<f8", ">f8"]:
    row(numpy.array([0, 1, 1, 0, 1], dtype) if dtype == "?" else numpy.array([0, 1, 100, 7], dtype))
for dtype in ["<i8", "<f2", "<f8"]:
    row(numpy.array([-1, -2, -128], dtype))
row(numpy.array([0.5, -0.0, 6e-08, -6.1e-05, 65504, 0.333251953125], "<f2"))  # subnormal numbers among them
cube = numpy.arange(24).reshape(2, 3, 4)
for order in "CF":
    for dtype in ["<f4", ">f8", "<i2"]:
        row(ORDERS[order](cube.astype(dtype)))
    row(ORDERS[order](cube[0].astype("<f4")))
for version in [(1, 0), (2, 0), (3, 0)]:
    row(numpy.array([[1.5, -2.5]], "<f4"), version)
row(numpy.array(3.25))
row(numpy.zeros((0, 5), "<f4"))
row(numpy.zeros((3, 0), "<f8", order="F"))
