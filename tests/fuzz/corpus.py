#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpora of the fuzz targets, small files, valid and damaged: python3 corpus.py, in tests/fuzz."""
import gzip
import json
import pathlib
import struct


def write(folder, **files):
    path = pathlib.Path("corpus") / folder
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).write_bytes(content)


def packed(content, level=9):
    return gzip.compress(content, level, mtime=0)


def idx(axes, kind=8, values=None):
    size = 1
    for n in axes:
        size *= n
    header = bytes([0, 0, kind, len(axes)]) + b"".join(struct.pack(">I", n) for n in axes)
    return header + (bytes(i % 251 for i in range(size)) if values is None else values)


def safetensors(header, data):
    text = json.dumps(header, separators=(",", ":")) if isinstance(header, dict) else header
    return struct.pack("<Q", len(text)) + text.encode() + data


images, labels = idx([3, 4, 4]), idx([10], values=bytes(range(10)))
write("idx", images=images, labels=labels, images_gz=packed(images), labels_gz=packed(labels), stored_gz=packed(images, 0),
      two_members_gz=packed(images[:20]) + packed(images[20:]), cut=images[:30], cut_header=images[:9], cut_gz=packed(images)[:30],
      longer=images + b"\0", empty=b"", zero_axis=idx([3, 0, 4]), no_axis=idx([], values=b""), floats=idx([2], 13, bytes(8)),
      huge=idx([2**32 - 1] * 2, values=bytes(8)), overflow=idx([2**32 - 1] * 3, values=b""),
      bomb_gz=packed(idx([2**31], values=bytes(200000))), wrong_sum_gz=packed(images)[:-8] + bytes(8))
text = b"".join(b"line %d\n" % i for i in range(60))
write("gzip", plain=text, packed=packed(text), stored=packed(text, 0), fast=packed(text, 1), empty=b"", empty_member=packed(b""),
      two_members=packed(text[:99]) + packed(text[99:]), cut=packed(text)[:-9], trailing=packed(text) + b"rest",
      bomb=packed(bytes(300000)), magic=b"\x1f\x8b", wrong_sum=packed(text)[:-8] + bytes(8),
      named=b"\x1f\x8b\x08\x1c\0\0\0\0\0\3" + b"\3\0abc" + b"name\0comment\0" + packed(text)[10:])
weight = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
bias = {"dtype": "F32", "shape": [2], "data_offsets": [24, 32]}
data = struct.pack("<8f", *range(8))
net = {"dense1/weight": weight, "dense1/bias": bias}
double = {"dense1/weight": {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]},
          "dense1/bias": {"dtype": "F64", "shape": [2], "data_offsets": [48, 64]}}
write("safetensors", float=safetensors(net, data), double=safetensors(double, struct.pack("<8d", *range(8))),
      metadata=safetensors({"__metadata__": {"seed": "7", "digest": "a\"b"}, **net}, data), nothing=safetensors({}, b""),
      scalar=safetensors({"x": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}, bytes(4)),
      zero=safetensors({"x": {"dtype": "F32", "shape": [0, 5], "data_offsets": [0, 0]}}, b""),
      overlap=safetensors({"x": weight, "y": weight}, data), hole=safetensors({"x": bias}, data), cut=safetensors(net, data)[:-5],
      longer=safetensors(net, data) + b"\0", half=safetensors({"x": {**weight, "dtype": "F16"}}, data),
      huge=struct.pack("<Q", 2**63) + b"{}", twice=safetensors('{"x":1,"x":2}', b""), deep=safetensors("[" * 300, b""),
      nested=safetensors('{"a":' * 100 + "1" + "}" * 100, b""),
      overflow=safetensors({"x": {"dtype": "F64", "shape": [2**62, 4], "data_offsets": [0, 0]}}, b""),
      negative=safetensors({"x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)))
