#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes batch_norm_reference.inc with PyTorch (Debian: python3-torch): two training batches through batch normalization, the
# gradients of the second, and an evaluation with the running statistics.
#   python3 batch_norm_reference.py > batch_norm_reference.inc
import math

import torch

torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return "{" + ", ".join(repr(v) for v in tensor.detach().flatten().tolist()) + "}"


def channels_last(x):
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def case(batch, axes, epsilon, momentum):
    """axes: of an example, channels last."""

    def example(frequency):
        n = batch * math.prod(axes)
        x = torch.tensor([2 * math.sin(1.0 + frequency * i) + 0.5 for i in range(n)]).reshape(batch, *axes)
        return x.permute(0, 3, 1, 2) if len(axes) == 3 else x

    layer = (torch.nn.BatchNorm2d if len(axes) == 3 else torch.nn.BatchNorm1d)(axes[-1], eps=epsilon, momentum=momentum)
    with torch.no_grad():
        for c in range(axes[-1]):
            layer.weight[c], layer.bias[c] = 1.5 * math.cos(c), 0.3 * math.sin(c)
    layer(example(1.3))
    x = example(0.7).requires_grad_()
    y = layer(x)
    y.backward(example(0.9))
    statistics = torch.cat([layer.running_mean, layer.running_var])
    gradient = torch.cat([layer.weight.grad, layer.bias.grad])
    layer.eval()
    evaluated = layer(example(0.7))
    print(f"    {{{batch}, {{{', '.join(map(str, axes))}}}, {epsilon}, {momentum},")
    for values in [channels_last(y), channels_last(x.grad), gradient, statistics, channels_last(evaluated)]:
        print(f"     {numbers(values)},")
    print("    },")


print("// Made by batch_norm_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// batch, axes, epsilon, momentum; of the second batch: y, dx, dscale and dbias; running mean and variance; y in evaluation")
case(4, (3, 2, 5), 1e-5, 0.1)
case(1, (2, 3, 1), 1e-3, 0.25)
case(5, (7,), 1e-5, 0.1)
case(2, (2,), 1e-5, 1.0)
