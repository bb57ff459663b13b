#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes pooling_reference.inc with PyTorch (Debian: python3-torch): outputs and gradients of pooling layers.
#   python3 pooling_reference.py > pooling_reference.inc
import math

import torch

torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return "{" + ", ".join(repr(v) for v in tensor.detach().permute(0, 2, 3, 1).flatten().tolist()) + "}"


def channels_first(shape, value):
    batch, rows, cols, channels = shape
    return torch.tensor([value(i) for i in range(math.prod(shape))]).reshape(shape).permute(0, 3, 1, 2)


def case(kind, shape, kernel, stride, padding):
    """shape: batch, rows, cols, channels. Values are multiples of 1/4, so that there are ties."""
    x = channels_first(shape, lambda i: round(8 * math.sin(1.0 + i)) / 4).requires_grad_()
    if kind == "max":
        y = torch.nn.functional.max_pool2d(x, kernel, stride, padding)
    else:
        y = torch.nn.functional.avg_pool2d(x, kernel, stride, padding)
    batch, channels, rows, cols = y.shape
    y.backward(channels_first((batch, rows, cols, channels), lambda i: math.cos(0.9 * i)))

    def pair(p):
        return f"{{{p[0]}, {p[1]}}}"

    print(f'    {{"{kind}", {shape[0]}, {{{shape[1]}, {shape[2]}, {shape[3]}}}, {pair(kernel)}, {pair(stride)}, {pair(padding)},')
    print(f"     {numbers(y)},\n     {numbers(x.grad)}}},")


print("// Made by pooling_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// layer, batch, axes, kernel, stride, padding, y, dx")
for kind in ["max", "average"]:
    case(kind, (2, 4, 6, 3), (2, 2), (2, 2), (0, 0))
    case(kind, (1, 5, 7, 2), (2, 3), (2, 3), (0, 0))  # the stride does not divide
    case(kind, (2, 5, 4, 1), (3, 3), (2, 1), (1, 1))  # overlapping, with padding
    case(kind, (1, 7, 5, 2), (1, 2), (3, 3), (0, 1))  # gaps
