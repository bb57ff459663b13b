#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes cnn_reference.inc with PyTorch (Debian: python3-torch): losses and final parameters of three training steps of a small
# CNN on 9x8x2 images: 3x3 convolution to 4 channels with stride 2 and padding 1, ReLU, 2x3 convolution to 3 channels, ReLU, readout.
#   python3 cnn_reference.py > cnn_reference.inc
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
EXAMPLES, STEPS, ROWS, COLS, CHANNELS, CLASSES = 6, 3, 9, 8, 2, 3
# As lmc has them: [out, kernel rows, kernel cols, in], [out]; the readout [classes, rows, cols, channels].
SHAPES = [(4, 3, 3, 2), (4,), (3, 2, 3, 4), (3,), (CLASSES, 4, 2, 3), (CLASSES,)]


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in values) + "}"


def train(make_optimizer):
    parameters, start = [], 0
    for shape in SHAPES:
        count = math.prod(shape)
        values = [0.5 * math.sin(1.0 + i) for i in range(start, start + count)]
        parameters.append(torch.tensor(values).reshape(shape).requires_grad_())
        start += count
    w1, b1, w2, b2, w3, b3 = parameters
    x = torch.tensor([math.cos(0.7 * i) for i in range(EXAMPLES * ROWS * COLS * CHANNELS)])
    x = x.reshape(EXAMPLES, ROWS, COLS, CHANNELS).permute(0, 3, 1, 2)
    y = torch.tensor([i % CLASSES for i in range(EXAMPLES)])
    optimizer = make_optimizer(parameters)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        h = F.relu(F.conv2d(x, w1.permute(0, 3, 1, 2), b1, stride=2, padding=1))
        h = F.relu(F.conv2d(h, w2.permute(0, 3, 1, 2), b2))
        logits = h.permute(0, 2, 3, 1).flatten(1) @ w3.flatten(1).T + b3
        loss = F.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    theta = torch.cat([p.detach().flatten() for p in parameters])
    return f"    {{{numbers(losses)}, {numbers(theta)}}},"


print("// Made by cnn_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// loss before each step, parameters after the last")
print(train(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)))
print(train(lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.1)))
