#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seed corpora of the fuzz targets, small files, valid and damaged: python3 corpus.py, in tests/fuzz."""
import gzip
import json
import pathlib
import struct
import subprocess
import zlib


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


def npy(descr, shape, values, order=False, version=1):
    text = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + values


floats = struct.pack("<6f", *range(6))
write("npy", float=npy("<f4", (2, 3), floats), fortran=npy("<f4", (2, 3), floats, True), big=npy(">f8", (3,), struct.pack(">3d", 1, 2, 3)),
      half=npy("<f2", (4, 3), floats, True), outcomes=npy("|b1", (2, 3), bytes([0, 1, 1, 0, 0, 7])), second=npy("<i8", (3,), floats, version=2),
      third=npy("<u4", (6,), floats, version=3), scalar=npy("<f4", (), floats[:4]), zero=npy("<f4", (0, 5), b""), empty=b"",
      magic=b"\x93NUMPY", cut=npy("<f4", (2, 3), floats)[:-3], cut_header=npy("<f4", (2, 3), floats)[:40],
      longer=npy("<f4", (2, 3), floats) + b"\0", huge=npy("<f8", (2**62, 4), b""), overflow=npy("<f8", (2**64,), b""),
      wide=npy("<f4", (1,) * 64, floats[:4]), objects=npy("|O", (1,), b"\x80\x03N."), records=npy([("x", "<f4")], (6,), floats),
      twice=npy("<f4", (6,), floats).replace(b"fortran_order", b"descr"), version=npy("<f4", (6,), floats, version=9))


def cifar(labels, count, classes):
    """Records whose labels are their places modulo the classes, of images that compress."""
    return b"".join(bytes(i % n for n in classes[:labels]) + bytes([i]) * 1024 + bytes(range(256)) * 4 + bytes(1024)
                    for i in range(count))


for name, labels, classes in (("cifar10", 1, (10,)), ("cifar100", 2, (20, 100))):
    two = cifar(labels, 2, classes)
    write(name, two=two, one=cifar(labels, 1, classes), packed=packed(two), many_gz=packed(cifar(labels, 70, classes)),
          cut=two[:-1], cut_gz=packed(two[:5000]), longer_gz=packed(two + b"\0"), empty=b"", empty_gz=packed(b""),
          label=bytes([200]) + two[1:], label_gz=packed(two[:labels - 1] + bytes([100]) + two[labels:]))

table = "a,b,kind,class\n" + "".join(f"{i},{i / 3:.3f},{'xyz'[i % 3]},{i % 2}\n" for i in range(12))
write("csv", table=table.encode(), crlf=table.replace("\n", "\r\n").encode(), packed=packed(table.encode()),
      mark=b"\xef\xbb\xbf" + table.encode(), headless=table.split("\n", 1)[1].encode(),
      classes=b"# classes: no|yes\n" + table.encode(), quotes=b'a;"b ""c"";\nd";e\n1;"2";3\n"";x;"y"\n', empty=b"",
      missing=b"a,class\n1,0\n?,1\n,0\n3,1\nNA,1\n", unequal=b"a,b\n1,2\n3\n", unclosed=b'a,b\n"1,2\n3,4\n', lone_cr=b"a\rb\r",
      text_behind=b'a,b\n"1"2,3\n', latin1=b"a,b\n\xe5,1\n", nul="a,b\n1,2\n".encode("utf-16-le"),
      numbers=b"x,class\n1e400,0\n-1e-400,1\n+1,0\n0x10,1\ninf,0\n1e308,1\n-1e308,0\n", last=b"a,class\n1,x\n2,y\n3,x",
      unknown=b"a,class\n" + b"".join(b"%c,%d\n" % (97 + i, i % 2) for i in range(20)))
texts = "".join(f"{'en' if i % 2 else 'de'}\t{'the word' if i % 2 else 'das Wört'} {i}\n" for i in range(10))
write("tsv_text", texts=texts.encode(), packed=packed(texts.encode()), crlf=texts.replace("\n", "\r\n").encode(), empty=b"",
      mark=b"\xef\xbb\xbf" + texts.encode(), no_tab=b"en the word\n", no_label=b"\tword\nb\tc\n", no_text=b"a\t \nb\tx\n",
      one_class=b"a\tb\na\tc\n", latin1=b"a\tW\xf6rt\nb\tx\n", tabs=b"a\tb\tc\nd\te\tf\n", long=b"a\t" + b"x" * 2000 + b"\nb\ty\n",
      planes="a\t\U0001f600 \u20ac\nb\t\u00e9\n".encode())
words = "".join(f"{w}{e}\n" for w in ("apple", "Straße", "l'eau", "élève", "zażółć", "word", "longest", "berry") for e in
                ("", "s", "en", "ing"))
write("words", words=words.encode(), packed=packed(words.encode()), latin1="år\nörat\nvägen\n".encode("latin-1"), empty=b"",
      crlf=words.replace("\n", "\r\n").encode(), damaged=words.encode() + b"\xc3\n", control=b"word\x80\n", last=b"word\nlast",
      short=b"a\nbc\n", long=b"x" * 3000 + b"\n", letters="".join(f"{a}{b}word\n" for a in "abcdefgh" for b in "ijklm").encode())

annotations = b"val_1.JPEG\tn01629819\t0\t32\t44\t62\nval_0.JPEG\tn01443537\t52\t55\t57\t59\n"
write("tiny_imagenet", annotations=annotations, crlf=annotations.replace(b"\n", b"\r\n"), wnids=b"n01443537\nn01629819",
      one=annotations[:35], twice=annotations * 2, no_tab=b"val_0.JPEG n01443537\n", unknown=b"val_0.JPEG\tn0\n", empty=b"",
      no_box=b"val_0.JPEG\tn01443537\nval_1.JPEG\tn01443537", absent=b"val_2.JPEG\tn01443537\n", two_tabs=b"val_0.JPEG\t\t\n",
      empty_lines=b"\n\n" + annotations + b"\n", same=b"n1\nn1\n")


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, depth, color, rows, interlace=0, before=b"", after=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows, 9)) + after
            + chunk(b"IEND", b""))


def png_rows(height, size, filters=(0,)):
    return b"".join(bytes([filters[y % len(filters)]]) + bytes((y * size + x) * 7 % 256 for x in range(size)) for y in range(height))


palette = chunk(b"PLTE", bytes(range(48)))
rgb = png(5, 4, 8, 2, png_rows(4, 15, (0, 1, 2, 3, 4)))
write("png", gray=png(5, 4, 8, 0, png_rows(4, 5)), rgb=rgb, alpha=png(5, 4, 8, 6, png_rows(4, 20, (4,))),
      gray_alpha=png(5, 4, 8, 4, png_rows(4, 10)), deep=png(5, 4, 16, 2, png_rows(4, 30)), bits=png(9, 3, 1, 0, png_rows(3, 2)),
      palette=png(5, 4, 4, 3, b"".join(b"\0\x12\x34\x50" for _ in range(4)), before=palette + chunk(b"tRNS", bytes(3))),
      no_palette=png(5, 4, 4, 3, b"".join(b"\0\x12\x34\x50" for _ in range(4))), cut=rgb[:-30], empty=b"", magic=rgb[:8],
      # Interlaced 2x2: pass 1 has pixel (0, 0), pass 6 (1, 0), pass 7 the second row.
      interlaced=png(2, 2, 8, 0, b"\0\1\0\2\0\3\4", interlace=1), wrong_sum=rgb[:20] + b"\1" + rgb[21:],
      huge=png(2**31 - 1, 2**31 - 1, 8, 2, b""), large=png(300, 300, 8, 0, bytes(301 * 300)), no_pixels=png(0, 4, 8, 0, b""),
      text=png(5, 4, 8, 0, png_rows(4, 5), before=chunk(b"tEXt", b"key\0value") + chunk(b"gAMA", struct.pack(">I", 45455)),
               after=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(9999)))), rows_missing=png(5, 4, 8, 0, png_rows(3, 5)),
      rows_left=png(5, 4, 8, 0, png_rows(9, 5)), longer=rgb + b"rest")


def jpeg(image, *options):
    """Of a PPM or PGM image, by libjpeg's cjpeg (Debian: libjpeg-turbo-progs)."""
    return subprocess.run(["cjpeg", "-quality", "50", *options], input=image, stdout=subprocess.PIPE, check=True).stdout


ppm = b"P6 19 17 255\n" + bytes(i * i % 253 for i in range(19 * 17 * 3))
pgm = b"P5 8 9 255\n" + bytes(i * 3 % 256 for i in range(72))
color = jpeg(ppm)


def without(image, marker):
    """A JPEG file without the segments of a marker."""
    at = 2
    while image[at + 1] != 0xda:
        end = at + 2 + int.from_bytes(image[at + 2:at + 4], "big")
        if image[at + 1] == marker:
            image = image[:at] + image[end:]
        else:
            at = end
    return image


frame = color.index(b"\xff\xc0")
write("jpeg", color=color, gray=jpeg(pgm), progressive=jpeg(ppm, "-progressive"), no_subsampling=jpeg(ppm, "-sample", "1x1"),
      restart=jpeg(ppm, "-restart", "1B"), optimized=jpeg(ppm, "-optimize"), arithmetic=jpeg(ppm, "-arithmetic"),
      rgb=jpeg(ppm, "-rgb"), wide=jpeg(ppm, "-sample", "2x1"), tall=jpeg(ppm, "-sample", "1x2"), cut=color[:-40], empty=b"",
      magic=b"\xff\xd8\xff", huge=color[:frame + 5] + b"\xff\xff\xff\xff" + color[frame + 9:], longer=color + b"rest",
      no_pixels=color[:frame + 5] + b"\0\0\0\0" + color[frame + 9:], without_huffman=without(color, 0xc4),
      without_quantization=without(color, 0xdb))


def check_sum(content):
    """As include/lmc/data/sources/detail/image_cache.hpp has it."""
    offset, prime, mask = 0xcbf29ce484222325, 0x100000001b3, 2**64 - 1

    def mix(value, word):
        value = (value ^ word) * prime & mask
        return value ^ value >> 32

    lanes, whole = [offset] * 8, len(content) // 64 * 64
    for i in range(0, whole, 64):
        lanes = [mix(lane, word) for lane, word in zip(lanes, struct.unpack_from("<8Q", content, i))]
    value = mix(offset, len(content))
    for word in (*lanes, *content[whole:]):
        value = mix(value, word)
    return value


def image_cache(shape, train, test, mean=(0.5,) * 3, deviation=(0.25,) * 3, tree=b"0123456789abcdef"):
    size = shape[0] * shape[1] * shape[2]
    parts = [bytes(i % 256 for i in range(count * size)) for count in (train, test)]
    pixels = check_sum(b"".join(struct.pack("<Q", check_sum(part)) for part in parts if part))
    findings = struct.pack("<9q", 1, 2, shape[0], shape[1], train + test, 1, 0, 0, 0)
    header = struct.pack("<8s16s3q2q3d3dqQQ", b"lmcpix02", tree, *shape, train, test, *mean, *deviation, len(findings) // 8,
                         check_sum(findings), pixels)
    return header + struct.pack("<Q", check_sum(header)) + b"".join(parts) + findings


cache = image_cache((3, 4, 3), 3, 2)
write("image_cache", color=cache, gray=image_cache((5, 5, 1), 4, 1), cut=cache[:-3], longer=cache + b"\0", header=cache[:144],
      empty=b"", cut_header=cache[:100], other_tree=image_cache((3, 4, 3), 1, 1, tree=b"fedcba9876543210"),
      channels=image_cache((3, 4, 2), 3, 2), nan=image_cache((3, 4, 3), 3, 2, mean=(float("nan"),) * 3),
      zero=image_cache((3, 4, 3), 3, 2, deviation=(0.0,) * 3), no_test=image_cache((3, 4, 3), 3, 0),
      large=image_cache((16, 16, 3), 8, 2), changed=cache[:200] + b"\xff" + cache[201:])

grid = b"""number = 3
title = "Depth"
question = "Does depth matter?"
complexity = true
measure = ["robustness"]
[base]
dataset = "spirals"
hidden = 16
epochs = 2
label-noise = 0.1
[axes]
zeta = [{label = "one", hidden = "8"}, {label = "two", hidden = "8,8"}]
optimizer = ["sgd", "adam"]
rate = [0.5, 1]
[presets.smoke]
replicates = 2
[presets.smoke.base]
epochs = 1
[presets.smoke.axes]
rate = [1]
[[claim]]
text = "deeper is worse"
test = "rises"
along = "zeta"
where = {optimizer = "adam", rate = [1]}
[[claim]]
text = "adam is worse"
test = "greater"
where = {optimizer = "adam"}
than = {optimizer = "sgd"}
value = "loss-barrier"
also = "error-barrier"
part = "train"
rank = "primary"
name = "adam"
[[claim]]
text = "connected"
test = "connected"
threshold = 0.05
rank = "secondary"
behind = "adam"
[[claim]]
text = "goes with"
test = "correlates"
value = "normalized-error-barrier"
with = "instability"
given = "training-loss"
within = ["dataset", "hidden"]
"""
write("grid", good=grid, others=b"number = 16\ntitle = 't'\nquestion = 'q'\nof = 'all'\nmeasure = ['attribution']\n", empty=b"", cut=grid[:300],
      huge=grid.replace(b"replicates = 2", b"replicates = 9223372036854775807"), deep=b"a = " + b"[" * 400, dotted=b"a.b.c.d.e = 1\n" * 3,
      latin1=grid.replace(b"Depth", b"D\xe9pth"), dates=b"number = 1979-05-27T07:32:00Z\n", numbers=grid.replace(b"0.5, 1", b"nan, inf, 1e400, 0x1F"),
      crlf=grid.replace(b"\n", b"\r\n"), unknown=grid.replace(b"hidden", b"hiden"), twice=grid.replace(b"[base]", b"[base]\n[base]"),
      label=grid.replace(b'{optimizer = "sgd"}', b'{optimizer = "sgdd"}'), types=grid.replace(b'"8"', b"true").replace(b"= 16", b"= [1]"))
write("lists", sizes=b"512,256", one=b"3", extents=b"3x5,3", alphas=b"0,0.25,1", steps=b"25", augment=b"crop=2,flip,translation=0.1,noise=0.05",
      classes=b"3,cat,name:3,position:0", trailing=b"3,", empty=b"", commas=b",,", nan=b"nan,inf", huge=b"1e300,-1e300", hexadecimal=b"0x1p3",
      digits=b"99999999999999999999999999x1", zero=b"0x0", negative=b"-1x-1", x=b"x", nul=b"1\0,2", spaces=b" 1, 2")

# One column of a store, chosen by the first byte: runs' spec and losses, pairs' spec and two parts, a measurement, data's spec, shape, report.
spirals = {"dataset": "spirals", "downsample": 1, "gray": False, "test-examples": 0, "train-examples": 0}
run = {**spirals, "augmentation-seed": 0, "batch-size": 128, "crop": 0, "dropout-seed": 0, "epochs": 1, "flip": False, "hidden": "8,8",
       "init": "torch", "init-seed": 1, "input-noise": 0.0, "keep-gradient-norm": False, "keep-optimizer": False, "label-noise": 0.0, "label-noise-seed": 0,
       "learning-rate": 0.001, "lift": "none", "lift-at": 0, "merge-classes": 0, "momentum": 0.0, "network": "mlp", "optimizer": "adam", "order-seed": 5, "prefix": 0,
       "prefix-augmentation-seed": 0, "prefix-dropout-seed": 0, "prefix-label-noise-seed": 0, "prefix-order-seed": 0, "schedule": "constant",
       "slope": 0.0, "stop-at-loss": 0.5, "translation": 0.0, "until": 0, "updates": 0, "warmup": 0.0, "weight-decay": 0.0}
pair = {"a": run, "b": {**run, "order-seed": 6}, "alphas": 25, "curve-train-examples": 0}
points = [{"alpha": alpha, "alpha-bar": 1 - alpha, "count": 3000, "error": 0.25, "loss": 1.5} for alpha in (0, 0.5, 1)]
part = {"argmax": 0.1, "curve": points,
        "error-barrier": {"alpha": 0.5, "cross-fitted": 0.04, "floor": 0.001, "floor-quantile": 0.002, "high": 0.1, "low": 0.0, "normalized": 0.2,
                          "value": 0.05, "verdict": "undecided"},
        "git-rebasin": 0.1, "instability": 0.1, "loss-barrier": {"alpha": 0.5, "normalized": "nan", "value": "inf"}, "midpoint": 0.1,
        "midpoint-beside": points[1]}


def column(index, content):
    return bytes([index]) + (content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode())


write("store_row", run=column(0, run), losses=column(1, [1.5, "nan", "-inf"]), pair=column(2, pair), train=column(3, part), test=column(4, part),
      measurement=column(5, {"x": 0.5, "y": [None, True]}), data=column(6, spirals), shape=column(7, [28, 28, 1]),
      report=column(8, {"classes": [{"name": "0", "test": 10, "train": 10}]}), empty=b"", nothing=column(0, b""), null=column(2, None),
      cut=column(3, part)[:300], deep=column(5, b"[" * 3000), negative=column(7, [-1, 2**63 - 1, 0]), huge=column(7, [2**40, 2**40]),
      text=column(1, "nan"), overflow=column(7, [2**83, 16]), fraction=column(7, [2.5]),
      table=column(0, {**run, "dataset": "csv", "label": "last"}), unknown=column(0, {**run, "optimizer": "sgdd"}),
      lifted=column(0, {**run, "network": "cnn", "channels": "4,4", "lift": "1", "lift-at": 7, "prefix": 3, "shared-gradient": 0.5}),
      conv=column(0, {**run, "network": "cnn", "channels": "8,8", "kernel": "5,3x2", "stride": "2,1"}), control=column(8, b'"\\u0000\xff"'))
