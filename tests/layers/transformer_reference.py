#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes transformer_reference.inc with PyTorch (Debian: python3-torch): outputs and gradients of the layers of a transformer.
#   python3 transformer_reference.py > transformer_reference.inc
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return "{" + ", ".join(repr(v) for v in tensor.detach().flatten().tolist()) + "}"


def case(name, axes, shapes, function):
    """axes: of a batch; shapes: of the parameters, in the order in which lmc has them; function(x, *parameters) gives y."""
    x = torch.tensor([2 * math.sin(1.0 + 0.7 * i) for i in range(math.prod(axes))]).reshape(axes).requires_grad_()
    parameters, start = [], 0
    for shape in shapes:
        values = [0.6 * math.sin(1.0 + i) for i in range(start, start + math.prod(shape))]
        parameters.append(torch.tensor(values).reshape(shape).requires_grad_())
        start += math.prod(shape)
    y = function(x, *parameters)
    y.backward(torch.tensor([math.cos(0.9 * i) for i in range(y.numel())]).reshape(y.shape))
    gradient = torch.cat([p.grad.flatten() for p in parameters] + [torch.tensor([])])
    print(f'    {{"{name}", {axes[0]},')
    for values in [y, x.grad, gradient]:
        print(f"     {numbers(values)},")
    print("    },")


def self_attention(heads):
    def function(x, in_weight, in_bias, out_weight, out_bias):
        width = x.shape[-1]
        y, _ = F.multi_head_attention_forward(
            *[x.transpose(0, 1)] * 3, width, heads, in_weight, in_bias, None, None, False, 0.0, out_weight, out_bias)
        return y.transpose(0, 1)

    return function


def transformer_block(heads, hidden):
    def function(x, *parameters):
        layer = torch.nn.TransformerEncoderLayer(
            x.shape[-1], heads, hidden, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        names = ["norm1.weight", "norm1.bias", "self_attn.in_proj_weight", "self_attn.in_proj_bias",
                 "self_attn.out_proj.weight", "self_attn.out_proj.bias", "norm2.weight", "norm2.bias",
                 "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"]
        return torch.nn.utils.stateless.functional_call(layer, dict(zip(names, parameters)), (x,))

    return function


def patches(rows, cols):
    def function(x, weight, bias):
        y = F.conv2d(x.permute(0, 3, 1, 2), weight.permute(0, 3, 1, 2), bias, stride=(rows, cols))
        return y.flatten(2).transpose(1, 2)

    return function


print("// Made by transformer_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// layer, batch; y, dx, gradient of the parameters")
case("gelu", (2, 9), [], F.gelu)
case("tanh", (2, 9), [], torch.tanh)
case("layer_norm", (2, 3, 5), [(5,), (5,)], lambda x, w, b: F.layer_norm(x, (5,), w, b))
case("tokenwise_dense", (2, 3, 5), [(4, 5), (4,)], F.linear)
case("patches", (2, 6, 4, 3), [(5, 3, 2, 3), (5,)], patches(3, 2))
case("attention, 1 head", (3, 4, 3), [(9, 3), (9,), (3, 3), (3,)], self_attention(1))
case("attention, 3 heads", (2, 5, 6), [(18, 6), (18,), (6, 6), (6,)], self_attention(3))
case("block", (2, 5, 4), [(4,), (4,), (12, 4), (12,), (4, 4), (4,), (4,), (4,), (12, 4), (12,), (4, 12), (4,)],
     transformer_block(2, 12))
