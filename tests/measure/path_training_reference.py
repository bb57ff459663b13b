"""Values of PyTorch for path_training_test.cpp: three updates of the two bends of a Bezier curve, as Garipov et al. train them
(arXiv:1802.10026): the loss at a random t with the penalty on the weights there, SGD with momentum.
    cd tests/measure && python3 path_training_reference.py > path_training_reference.inc
"""
import math

import torch

torch.set_default_dtype(torch.float64)


def philox(counter, key):
    """Philox 4x32-10 (Salmon et al., 2011)."""
    counter, key = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(p1 >> 32) ^ counter[1] ^ key[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ counter[3] ^ key[1], p0 & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


def place(seed, update):
    """t of an update: 53 bits of the stream with purpose path_place = 24."""
    bits = philox([update, 0, 0, 24 << 24], [seed, 0])
    return ((bits[0] << 32 | bits[1]) >> 11) * 2.0 ** -53


def point(k, size):
    return torch.tensor([((i * 37 + k * 61) % 101 - 50) / 64 for i in range(size)])


inputs, hidden, classes, examples, n = 2, 4, 3, 6, 3
size = hidden * inputs + hidden + classes * hidden + classes
x = torch.tensor([[(i * 5 + j * 3) % 7 / 4 - 0.75 for j in range(inputs)] for i in range(examples)])
y = torch.tensor([i % classes for i in range(examples)])
points = [point(k, size) for k in range(n + 1)]
bends = [p.clone().requires_grad_() for p in points[1:n]]
optimizer = torch.optim.SGD(bends, lr=0.1, momentum=0.9)
losses = []
for update in range(3):
    t = place(5, update)
    w = [math.comb(n, k) * t ** k * (1 - t) ** (n - k) for k in range(n + 1)]
    theta = w[0] * points[0] + sum(w[k] * bends[k - 1] for k in range(1, n)) + w[n] * points[n]
    w1, b1, w2, b2 = theta.split([hidden * inputs, hidden, classes * hidden, classes])
    out = torch.relu(x @ w1.view(hidden, inputs).T + b1) @ w2.view(classes, hidden).T + b2
    loss = torch.nn.functional.cross_entropy(out, y)
    losses.append(loss.item())
    optimizer.zero_grad()
    (loss + 0.5 * 0.01 * (theta ** 2).sum()).backward()
    optimizer.step()


def array(name, values):
    print(f"constexpr double {name}[] = {{{', '.join(repr(float(v)) for v in values)}}};")


print(f"// Made by path_training_reference.py with PyTorch {torch.__version__}")
array("expected_losses", losses)
for k, bend in enumerate(bends):
    array(f"expected_bend{k + 1}", bend.detach())
