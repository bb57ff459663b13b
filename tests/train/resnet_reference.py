#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes resnet_reference.inc with PyTorch (Debian: python3-torch): three training steps of a small residual network with batch
# and with layer normalization.
#   python3 resnet_reference.py > resnet_reference.inc
import math

import torch

torch.set_default_dtype(torch.float64)
ROWS, COLS, CHANNELS, WIDTH, OUTPUTS, EXAMPLES, STEPS = 6, 5, 2, 4, 3, 6, 3


class ChannelNorm(torch.nn.LayerNorm):
    """Layer normalization over the channels at each position."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def convolution(norm, channels, out, kernel, stride):
    conv = torch.nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
    return torch.nn.Sequential(conv, torch.nn.BatchNorm2d(out) if norm == "batch" else ChannelNorm(out))


class Block(torch.nn.Module):
    def __init__(self, norm, channels, out, stride):
        super().__init__()
        self.first = convolution(norm, channels, out, 3, stride)
        self.second = convolution(norm, out, out, 3, 1)
        self.shortcut = torch.nn.Identity() if channels == out else convolution(norm, channels, out, 1, stride)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))


def resnet(norm):
    return torch.nn.Sequential(
        convolution(norm, CHANNELS, WIDTH, 3, 1), torch.nn.ReLU(),
        Block(norm, WIDTH, WIDTH, 1), Block(norm, WIDTH, 2 * WIDTH, 2), Block(norm, 2 * WIDTH, 4 * WIDTH, 2),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4 * WIDTH, OUTPUTS))


def ours(p):
    """A parameter in the order of lmc: filters are [out, rows, cols, in]."""
    return p.permute(0, 2, 3, 1) if p.dim() == 4 else p


def train(norm, optimizer_of):
    net = resnet(norm)
    start = 0
    with torch.no_grad():
        for p in net.parameters():
            own = ours(p)  # a view
            own.copy_(torch.tensor([0.5 * math.sin(1.0 + i) for i in range(start, start + p.numel())]).reshape(own.shape))
            start += p.numel()
    x = torch.tensor([math.cos(0.7 * i) for i in range(EXAMPLES * ROWS * COLS * CHANNELS)])
    x = x.reshape(EXAMPLES, ROWS, COLS, CHANNELS).permute(0, 3, 1, 2)
    y = torch.tensor([i % OUTPUTS for i in range(EXAMPLES)])
    optimizer = optimizer_of(net.parameters())
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # For each parameter: its first entry, its last, and a projection that depends on every entry.
    parameters = []
    for p in net.parameters():
        values = ours(p.detach()).flatten().tolist()
        parameters += [values[0], values[-1], sum(v * math.cos(1.1 * i) for i, v in enumerate(values))]
    buffers = [v for name, b in net.named_buffers() if "num_batches" not in name for v in b.tolist()]
    print(f'    {{"{norm}",')
    for values in [losses, parameters, buffers]:
        print("     {" + ", ".join(map(repr, values)) + "},")
    print("    },")


print("// Made by resnet_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// norm; loss before each step; of each parameter after the last: first, last, projection; running statistics")
for norm in ["batch", "layer"]:
    train(norm, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9))
    train(norm, lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1))
