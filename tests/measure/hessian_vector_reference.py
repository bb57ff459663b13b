#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes hessian_vector_reference.inc with PyTorch (Debian: python3-torch): products of the Hessian of the mean loss with one vector, by
# torch.autograd.functional.hvp.
#   python3 hessian_vector_reference.py > hessian_vector_reference.inc
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
EXAMPLES, CLASSES = 12, 3


def split(theta, shapes):
    sizes = [math.prod(s) for s in shapes]
    return [p.reshape(s) for p, s in zip(theta.split(sizes), shapes)]


def mlp(activation):  # 7 - 6 - 5 - 3
    shapes = [(6, 7), (6,), (5, 6), (5,), (CLASSES, 5), (CLASSES,)]

    def function(x, w1, b1, w2, b2, w3, b3):
        return activation(activation(x @ w1.T + b1) @ w2.T + b2) @ w3.T + b3

    return (7,), shapes, function


def cnn():  # 9x8x2 images: 3x3 convolution to 4 channels, stride 2, padding 1; batch norm with given statistics; maxima of 2x2; readout
    def function(x, w1, b1, scale, bias, w2, b2):
        h = F.conv2d(x.permute(0, 3, 1, 2), w1.permute(0, 3, 1, 2), b1, stride=2, padding=1)
        h = F.batch_norm(h, torch.full((4,), 0.1), torch.full((4,), 1.5), scale, bias, training=False)
        h = F.max_pool2d(F.relu(h), 2)
        return h.permute(0, 2, 3, 1).flatten(1) @ w2.flatten(1).T + b2

    return (9, 8, 2), [(4, 3, 3, 2), (4,), (4,), (4,), (CLASSES, 2, 2, 4), (CLASSES,)], function


def transformer():  # 5 tokens of width 4: a block with 2 heads, the mean over the tokens, readout
    def function(x, *parameters):
        layer = torch.nn.TransformerEncoderLayer(4, 2, 12, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        names = ["norm1.weight", "norm1.bias", "self_attn.in_proj_weight", "self_attn.in_proj_bias",
                 "self_attn.out_proj.weight", "self_attn.out_proj.bias", "norm2.weight", "norm2.bias",
                 "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"]
        h = torch.nn.utils.stateless.functional_call(layer, dict(zip(names, parameters)), (x,))
        return h.mean(1) @ parameters[-2].T + parameters[-1]

    shapes = [(4,), (4,), (12, 4), (12,), (4, 4), (4,), (4,), (4,), (12, 4), (12,), (4, 12), (4,), (CLASSES, 4), (CLASSES,)]
    return (5, 4), shapes, function


def cross_entropy(smoothing):
    y = torch.tensor([i % CLASSES for i in range(EXAMPLES)])
    return lambda z: F.cross_entropy(z, y, label_smoothing=smoothing)


def squared_error(z):
    return F.mse_loss(z, torch.tensor([math.cos(i) for i in range(EXAMPLES * CLASSES)]).reshape(EXAMPLES, CLASSES))


print("// Made by hessian_vector_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// network, loss; H v")
for name, loss_name, (inputs, shapes, function), loss in [
        ("relu", "cross-entropy", mlp(F.relu), cross_entropy(0.0)),
        ("leaky relu", "cross-entropy", mlp(lambda x: F.leaky_relu(x, 0.1)), cross_entropy(0.0)),
        ("tanh", "cross-entropy, smoothed", mlp(torch.tanh), cross_entropy(0.1)),
        ("gelu", "squared error", mlp(F.gelu), squared_error),
        ("cnn", "cross-entropy", cnn(), cross_entropy(0.0)),
        ("transformer", "cross-entropy", transformer(), cross_entropy(0.0))]:
    count = sum(math.prod(s) for s in shapes)
    theta = torch.tensor([0.6 * math.sin(1.0 + i) for i in range(count)])
    v = torch.tensor([math.cos(0.3 * i) for i in range(count)])
    x = torch.tensor([2 * math.sin(1.0 + 0.7 * i) for i in range(EXAMPLES * math.prod(inputs))]).reshape(EXAMPLES, *inputs)
    _, product = torch.autograd.functional.hvp(lambda t: loss(function(x, *split(t, shapes))), theta, v)
    print(f'    {{"{name}", "{loss_name}", {{{", ".join(repr(p) for p in product.tolist())}}}}},')
