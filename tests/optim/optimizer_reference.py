# SPDX-License-Identifier: BSD-3-Clause
"""Trajectories of torch.optim for optimizer_test.cpp: python3 optimizer_reference.py > optimizer_reference.inc

Made with PyTorch 1.13.0 of Debian 12 (python3-torch).
"""
import torch

ENTRIES = 37  # no multiple of any number of lanes
STEPS = 12

# Start and gradients are the same in the test, and exact in both scalar types.
start = [((31 * i) % 17 - 8) / 16 for i in range(ENTRIES)]


def gradient(t):
    return [((7919 * i + 104729 * t) % 2003 - 1001) / 1024 * 2.0 ** -(i % 11) for i in range(ENTRIES)]


def trajectory(dtype, make):
    theta = torch.tensor(start, dtype=dtype, requires_grad=True)
    optimizer = make([theta])
    after = []
    for t in range(STEPS):
        theta.grad = torch.tensor(gradient(t), dtype=dtype)
        optimizer.step()
        after.append(theta.detach().tolist())
    return after


def braces(values, digits):
    lines = []
    for i in range(0, len(values), 6):
        lines.append("        " + ", ".join(f"{v:.{digits}g}" for v in values[i:i + 6]))
    return "{\n" + ",\n".join(lines) + "}"


def case(options, make):
    double, single = trajectory(torch.float64, make), trajectory(torch.float32, make)
    print(f"    {{.options = lmc::{options},")
    print(f"     .after_1 = {braces(double[0], 17)},")
    print(f"     .after_2 = {braces(double[1], 17)},")
    print(f"     .after_12 = {braces(double[-1], 17)},")
    print(f"     .after_12_float = {braces(single[-1], 9)}}},")


print("// Made by optimizer_reference.py: θ after 1, 2 and 12 steps of torch.optim.")
for kwargs in [
        dict(lr=0.125),
        dict(lr=0.1, weight_decay=0.01),
        dict(lr=0.1, momentum=0.9),
        dict(lr=0.1, momentum=0.9, dampening=0.25),
        dict(lr=0.1, momentum=0.9, nesterov=True),
        dict(lr=0.05, momentum=0.5, dampening=0.5, weight_decay=0.02),
        dict(lr=0.05, momentum=0.8, weight_decay=0.02, nesterov=True),
]:
    names = dict(lr="learning_rate")
    order = ["lr", "momentum", "dampening", "weight_decay", "nesterov"]
    fields = ", ".join(f".{names.get(k, k)} = {str(kwargs[k]).lower()}" for k in order if k in kwargs)
    case(f"SgdOptions{{{fields}}}", lambda p, kwargs=kwargs: torch.optim.SGD(p, **kwargs))

for name, method in ("Adam", torch.optim.Adam), ("AdamW", torch.optim.AdamW):
    for lr, beta1, beta2, epsilon, decay in [
            (1e-3, 0.9, 0.999, 1e-8, 0.0),
            (0.01, 0.8, 0.95, 1e-3, 0.0),
            (0.02, 0.0, 0.99, 1e-8, 0.1),
            (0.01, 0.9, 0.999, 1e-6, 0.3),
    ]:
        case(f"{name}Options{{.learning_rate = {lr}, .beta1 = {beta1}, .beta2 = {beta2}, .epsilon = {epsilon}, "
             f".weight_decay = {decay}}}",
             lambda p, m=method, a=(lr, beta1, beta2, epsilon, decay): m(
                 p, lr=a[0], betas=(a[1], a[2]), eps=a[3], weight_decay=a[4]))
