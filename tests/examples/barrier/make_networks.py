# SPDX-License-Identifier: BSD-3-Clause
"""Two networks of PyTorch, as state dicts in safetensors files, and points to measure them on, for tests/examples/barrier_test.sh.

    make_networks.py DIRECTORY      writes a.safetensors, b.safetensors and points.csv, and prints α, loss and error of the line between them

Needs Debian's python3-torch. The points and the values are computed in double, from the float parameters that the files hold.
"""
import json
import struct
import sys

import torch

torch.manual_seed(4)
folder = sys.argv[1] + "/"
rows, train_rows = 90, 50
x = torch.randint(-64, 65, (rows, 3)) / 32  # exact in decimal text
labels = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 1.2).long()


def save(path, state):
    header, data = {}, b""
    for name, tensor in sorted(state.items()):  # as the package safetensors orders them
        raw = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def train(seed):
    torch.manual_seed(seed)
    nn = torch.nn
    net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 3))
    optimizer = torch.optim.Adam(net.parameters(), 0.03)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[:train_rows]), labels[:train_rows]).backward()
        optimizer.step()
    return net


nets = [train(1), train(2)]
for name, net in zip("ab", nets):
    save(f"{folder}{name}.safetensors", net.state_dict())
with open(folder + "points.csv", "w") as file:
    print("p,q,r,label", file=file)
    for row, label in zip(x.tolist(), labels.tolist()):
        print(",".join(str(value) for value in row), label, sep=",", file=file)
a, b = (net.double().state_dict() for net in nets)
between = train(1).double()
for alpha in (0, 0.25, 0.5, 0.75, 1):
    between.load_state_dict({name: (1 - alpha) * a[name] + alpha * b[name] for name in a})
    logits = between(x[train_rows:].double())
    loss = torch.nn.functional.cross_entropy(logits, labels[train_rows:])
    print(alpha, f"{loss.item():.9f}", (logits.argmax(1) != labels[train_rows:]).double().mean().item())
