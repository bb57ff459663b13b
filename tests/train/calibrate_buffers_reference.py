#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes calibrate_buffers_reference.inc with PyTorch (Debian: python3-torch): running statistics of a convolutional network with
# two batch normalizations, estimated by update_bn over batches of 4 of 10 examples, the short last one left out.
#   python3 calibrate_buffers_reference.py > calibrate_buffers_reference.inc
import math

import torch

torch.set_default_dtype(torch.float64)
ROWS, COLS, CHANNELS, EXAMPLES, BATCH = 4, 5, 2, 10, 4


def ours(p):
    return p.permute(0, 2, 3, 1) if p.dim() == 4 else p


net = torch.nn.Sequential(
    torch.nn.Conv2d(CHANNELS, 3, 3, padding=1, bias=False), torch.nn.BatchNorm2d(3, momentum=None), torch.nn.ReLU(),
    torch.nn.Conv2d(3, 4, 3, stride=2), torch.nn.BatchNorm2d(4, momentum=None), torch.nn.ReLU(),
    torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 3))
start = 0
with torch.no_grad():
    for p in net.parameters():
        own = ours(p)
        own.copy_(torch.tensor([0.5 * math.sin(1.0 + i) for i in range(start, start + p.numel())]).reshape(own.shape))
        start += p.numel()
x = torch.tensor([math.cos(0.7 * i) for i in range(EXAMPLES * ROWS * COLS * CHANNELS)])
x = x.reshape(EXAMPLES, ROWS, COLS, CHANNELS).permute(0, 3, 1, 2)
batches = [x[i : i + BATCH] for i in range(0, EXAMPLES - EXAMPLES % BATCH, BATCH)]
torch.optim.swa_utils.update_bn(batches, net)
net.eval()
loss = torch.nn.functional.cross_entropy(net(x), torch.tensor([i % 3 for i in range(EXAMPLES)]))

print("// Made by calibrate_buffers_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// running statistics; loss of all examples with them")
buffers = [v for name, b in net.named_buffers() if "num_batches" not in name for v in b.tolist()]
print("{" + ", ".join(map(repr, buffers)) + "},")
print(loss.item())
