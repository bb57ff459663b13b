#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes mlp_reference.inc with PyTorch (Debian: python3-torch): losses and final parameters of a few training steps of a small MLP.
#   python3 mlp_reference.py > mlp_reference.inc
import math

import torch

torch.set_default_dtype(torch.float64)
INPUTS, HIDDEN, OUTPUTS, EXAMPLES, STEPS = 7, [6, 5], 3, 10, 4


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in values) + "}"


def train(slope, make_optimizer):
    layers, width = [], INPUTS
    for units in HIDDEN:
        layers += [torch.nn.Linear(width, units), torch.nn.LeakyReLU(slope) if slope else torch.nn.ReLU()]
        width = units
    net = torch.nn.Sequential(*layers, torch.nn.Linear(width, OUTPUTS))
    start = 0
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.tensor([0.6 * math.sin(1.0 + i) for i in range(start, start + p.numel())]).reshape(p.shape))
            start += p.numel()
    x = torch.tensor([math.cos(0.7 * i) for i in range(EXAMPLES * INPUTS)]).reshape(EXAMPLES, INPUTS)
    y = torch.tensor([i % OUTPUTS for i in range(EXAMPLES)])
    optimizer = make_optimizer(net.parameters())
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    theta = torch.cat([p.detach().flatten() for p in net.parameters()])
    return f"    {{{slope}, {numbers(losses)}, {numbers(theta)}}},"


print("// Made by mlp_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// slope, loss before each step, parameters after the last")
print(train(0.0, lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9)))
print(train(0.1, lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1)))
