#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes robustness_reference.inc with PyTorch (Debian: python3-torch): mean loss and wrong examples of a small MLP and a small CNN
# under FGSM, of several ε.
#   python3 robustness_reference.py > robustness_reference.inc
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
EXAMPLES, CLASSES = 40, 3


def parameters(shapes, scale):
    made, start = [], 0
    for shape in shapes:
        count = math.prod(shape)
        made.append(torch.tensor([scale * math.sin(1.0 + i) for i in range(start, start + count)]).reshape(shape))
        start += count
    return made


def mlp(x):  # 7 - 6 - 5 - 3, slope 0.1
    w1, b1, w2, b2, w3, b3 = parameters([(6, 7), (6,), (5, 6), (5,), (CLASSES, 5), (CLASSES,)], 0.6)
    h = F.leaky_relu(x @ w1.T + b1, 0.1)
    return F.leaky_relu(h @ w2.T + b2, 0.1) @ w3.T + b3


def cnn(x):  # 9x8x2 images: 3x3 convolution to 4 channels, stride 2, padding 1; 2x3 convolution to 3 channels; readout
    w1, b1, w2, b2, w3, b3 = parameters([(4, 3, 3, 2), (4,), (3, 2, 3, 4), (3,), (CLASSES, 4, 2, 3), (CLASSES,)], 0.5)
    h = F.relu(F.conv2d(x.permute(0, 3, 1, 2), w1.permute(0, 3, 1, 2), b1, stride=2, padding=1))
    h = F.relu(F.conv2d(h, w2.permute(0, 3, 1, 2), b2))
    return h.permute(0, 2, 3, 1).flatten(1) @ w3.flatten(1).T + b3


print(f"// Made by robustness_reference.py with PyTorch {torch.__version__}")
print("// network, ε, mean loss, wrong examples")
y = torch.tensor([i % CLASSES for i in range(EXAMPLES)])
for name, network, shape in [("mlp", mlp, (7,)), ("cnn", cnn, (9, 8, 2))]:
    x = torch.tensor([math.cos(0.7 * i) for i in range(EXAMPLES * math.prod(shape))]).reshape(EXAMPLES, *shape).requires_grad_()
    F.cross_entropy(network(x), y).backward()
    for epsilon in [0.0, 0.02, 0.3]:
        logits = network(x.detach() + epsilon * x.grad.sign())
        wrong = ", ".join(str(int(w)) for w in logits.argmax(1) != y)
        print(f'    {{"{name}", {epsilon}, {F.cross_entropy(logits, y).item()!r}, {{{wrong}}}}},')
