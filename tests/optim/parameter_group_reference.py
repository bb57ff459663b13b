# SPDX-License-Identifier: BSD-3-Clause
"""Trajectories of torch.optim with parameter groups, and a clipped gradient, for parameter_group_test.cpp and clip_test.cpp:
python3 parameter_group_reference.py > parameter_group_reference.inc

Made with PyTorch 1.13.0 of Debian 12 (python3-torch).
"""
import torch

# The test's layout, and what its groups say: name, entries, factor of the learning rate, factor of the weight decay.
SEGMENTS = [("dense1/weight", 15, 0.25, 1), ("dense1/bias", 3, 0.25, 0), ("dense2/weight", 12, 1, 1), ("dense2/bias", 7, 1, 0)]
ENTRIES = 37
STEPS = 12


def gradient(t):
    return [((7919 * i + 104729 * t) % 2003 - 1001) / 1024 * 2.0 ** -(i % 11) for i in range(ENTRIES)]


def numbers(values):
    lines = []
    for i in range(0, len(values), 6):
        lines.append("    " + ", ".join(f"{v:.17g}" for v in values[i:i + 6]))
    return "{\n" + ",\n".join(lines) + "}"


def trajectory(make, lr, decay, clip=None):
    start = torch.tensor([((31 * i) % 17 - 8) / 16 for i in range(ENTRIES)], dtype=torch.float64)
    sizes = [size for _, size, _, _ in SEGMENTS]
    parts = [p.clone().requires_grad_() for p in start.split(sizes)]
    groups = [dict(params=[p], lr=lr * rate, weight_decay=decay * of_decay)
              for p, (_, _, rate, of_decay) in zip(parts, SEGMENTS)]
    optimizer = make(groups)
    for t in range(STEPS):
        for p, g in zip(parts, torch.tensor(gradient(t), dtype=torch.float64).split(sizes)):
            p.grad = g.clone()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parts, clip)
        optimizer.step()
    return torch.cat(parts).tolist()


print("// Made by parameter_group_reference.py: θ after 12 steps of torch.optim with parameter groups.")
for name, options, make, lr, decay, clip in [
        ("sgd", "lmc::SgdOptions{.learning_rate = 0.05, .weight_decay = 0.02}", lambda g: torch.optim.SGD(g, lr=1), 0.05, 0.02, None),
        ("nesterov", "lmc::SgdOptions{.learning_rate = 0.05, .momentum = 0.8, .weight_decay = 0.02, .nesterov = true}",
         lambda g: torch.optim.SGD(g, lr=1, momentum=0.8, nesterov=True), 0.05, 0.02, None),
        ("adam", "lmc::AdamOptions{.learning_rate = 0.01, .weight_decay = 0.3}", lambda g: torch.optim.Adam(g), 0.01, 0.3, None),
        ("adamw", "lmc::AdamWOptions{.learning_rate = 0.01, .weight_decay = 0.3}", lambda g: torch.optim.AdamW(g), 0.01, 0.3, None),
        ("clipped", "lmc::SgdOptions{.learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.02}",
         lambda g: torch.optim.SGD(g, lr=1, momentum=0.9), 0.05, 0.02, 0.75),
]:
    print(f"{{.name = \"{name}\", .options = {options}, .clip_norm = {clip or 0},")
    print(f" .after = {numbers(trajectory(make, lr, decay, clip))}}},")
