#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes locally_connected2d_reference.inc with PyTorch (Debian: python3-torch): the output of layers with a filter bank for each block of
# positions, by unfold and einsum, and the gradients of Σ y · dy. Channels last.
#   python3 locally_connected2d_reference.py > locally_connected2d_reference.inc
import math

import torch

torch.set_default_dtype(torch.float64)
BATCH = 2


def numbers(tensor):
    return "{" + ", ".join(repr(float(v)) for v in tensor.detach().flatten()) + "}"


def values(scale, step, *shape):
    return torch.tensor([scale * math.sin(1.0 + step * i) for i in range(math.prod(shape))]).reshape(shape)


def case(rows, cols, channels, out, kernel, stride, padding, groups, sharing):
    x = values(1.0, 0.7, BATCH, rows, cols, channels).requires_grad_()
    patches = torch.nn.functional.unfold(x.permute(0, 3, 1, 2), kernel, padding=padding, stride=stride)  # [N, channels · taps, positions]
    out_rows, out_cols = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((rows, cols), padding, kernel, stride)]
    patches = patches.reshape(BATCH, groups, channels // groups, kernel[0], kernel[1], out_rows, out_cols)
    block_rows, block_cols = math.ceil(out_rows / sharing[0]), math.ceil(out_cols / sharing[1])
    weight = values(0.5, 1.3, block_rows, block_cols, out, kernel[0], kernel[1], channels // groups).requires_grad_()
    bias = values(0.3, 0.9, block_rows, block_cols, out).requires_grad_()
    row_block = torch.arange(out_rows) // sharing[0]
    col_block = torch.arange(out_cols) // sharing[1]
    w = weight[row_block][:, col_block].reshape(out_rows, out_cols, groups, out // groups, *kernel, channels // groups)
    y = torch.einsum("ngkijrc,rcgoijk->nrcgo", patches, w).reshape(BATCH, out_rows, out_cols, out) + bias[row_block][:, col_block]
    (y * values(1.0, 1.1, *y.shape)).sum().backward()
    pair = lambda p: f"{{{p[0]}, {p[1]}}}"
    print(f"    {{{{.inputs = {{{rows}, {cols}, {channels}}}, .outputs = {out}, .kernel = {pair(kernel)}, .stride = {pair(stride)}, "
          f".padding = {pair(padding)}, .groups = {groups}, .sharing = {pair(sharing)}}},")
    print(f"     {numbers(y)},\n     {numbers(x.grad)},\n     {numbers(weight.grad)},\n     {numbers(bias.grad)}}},")


print("// Made by locally_connected2d_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// options, y, gradients of x, the weights and the biases")
case(5, 4, 2, 3, (3, 2), (1, 1), (0, 0), 1, (1, 1))  # locally connected
case(6, 5, 1, 2, (3, 3), (2, 2), (1, 1), 1, (1, 1))  # with padding and a stride that does not divide
case(6, 7, 3, 2, (2, 3), (1, 2), (0, 1), 1, (2, 3))  # tied in uneven blocks that are not square
case(5, 5, 4, 6, (3, 3), (2, 1), (1, 2), 2, (2, 4))  # in groups
case(4, 4, 2, 3, (2, 2), (1, 1), (0, 0), 1, (3, 3))  # a convolution
