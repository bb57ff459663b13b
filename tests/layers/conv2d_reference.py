#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes conv2d_reference.inc with PyTorch (Debian: python3-torch): output and gradients of a few convolutions. Inputs, weights and
# output gradients are formulas of their position in memory, channels last.
#   python3 conv2d_reference.py > conv2d_reference.inc
import math

import torch

torch.set_default_dtype(torch.float64)
BATCH = 2


def numbers(tensor):
    return "{" + ", ".join("%.12g" % v for v in tensor.flatten().tolist()) + "}"


def pair(values):
    return "{%d, %d}" % values


def case(rows, cols, channels, out, kernel, stride, padding, groups):
    x = torch.tensor([math.sin(1.0 + i) for i in range(BATCH * rows * cols * channels)])
    x = x.reshape(BATCH, rows, cols, channels).permute(0, 3, 1, 2).contiguous().requires_grad_()
    shape = (out, kernel[0], kernel[1], channels // groups)
    weight = torch.tensor([math.cos(0.7 * i) for i in range(math.prod(shape))])
    weight = weight.reshape(shape).permute(0, 3, 1, 2).contiguous().requires_grad_()
    bias = torch.tensor([math.sin(2.0 + i) for i in range(out)]).requires_grad_()
    y = torch.nn.functional.conv2d(x, weight, bias, stride, padding, 1, groups)
    last = y.permute(0, 2, 3, 1)
    last.backward(torch.tensor([math.cos(0.3 * i) for i in range(y.numel())]).reshape(last.shape))
    options = f"{{.inputs = {{{rows}, {cols}, {channels}}}, .outputs = {out}, .kernel = {pair(kernel)}, .stride = {pair(stride)}, "
    options += f".padding = {pair(padding)}, .groups = {groups}}}"
    fields = [last, x.grad.permute(0, 2, 3, 1), weight.grad.permute(0, 2, 3, 1), bias.grad]
    return "    {" + ",\n     ".join([options] + [numbers(f) for f in fields]) + "},"


print("// Made by conv2d_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// options, y, dx, dweight, dbias; two examples, channels last")
print(case(5, 5, 1, 3, (3, 3), (1, 1), (0, 0), 1))
print(case(6, 5, 2, 3, (3, 2), (2, 1), (1, 0), 1))
print(case(4, 7, 4, 6, (2, 3), (1, 2), (1, 2), 2))
print(case(4, 4, 3, 3, (3, 3), (1, 1), (1, 1), 3))
print(case(5, 6, 2, 17, (1, 1), (2, 3), (0, 0), 1))
