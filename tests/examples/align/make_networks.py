# SPDX-License-Identifier: BSD-3-Clause
# Two trainings of a small convolutional network with BatchNorm in PyTorch, as safetensors files, for tests/examples/align_test.sh.
#   make_networks.py DIRECTORY      writes network, other and planted.safetensors: planted is network with its units in another order
#   make_networks.py same A B       says how far the outputs of two files' networks are apart, and fails above 1e-5
# Needs Debian's python3-torch.
import json
import struct
import sys

import torch
from torch import nn

DTYPES = {torch.float32: "F32", torch.int64: "I64"}
TYPES = {name: dtype for dtype, name in DTYPES.items()}


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.fc1 = nn.Linear(4 * 4 * 3, 8)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv(x)))
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


def data(seed, examples=300):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(examples) % 3
    images = torch.randn(examples, 1, 6, 5, generator=generator)
    for n, label in enumerate(labels):
        images[n, 0, 2 * label] += 1.5  # a bright row for each class
    return images, labels


def train(seed):
    torch.manual_seed(seed)
    network = Network()
    images, labels = data(0)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for _ in range(8):
        for batch in torch.randperm(len(labels)).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()
    return network.eval()


def save(path, state):
    header, blob = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in state.items():
        values = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(blob), len(blob) + len(values)]}
        blob += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + blob)


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        blob = file.read()
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(bytearray(blob[slice(*entry["data_offsets"])]), dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }


def outputs(state):
    network = Network().eval()
    network.load_state_dict(state)
    with torch.no_grad():
        return network(data(1)[0])


def permuted(state):
    channels, hidden = torch.tensor([2, 0, 3, 1]), torch.tensor([5, 3, 0, 7, 6, 1, 4, 2])
    new = dict(state)
    for name in ["conv.weight", "conv.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"]:
        new[name] = state[name][channels]
    new["fc1.weight"] = state["fc1.weight"].reshape(8, 4, 12)[:, channels].reshape(8, 48)[hidden]
    new["fc1.bias"] = state["fc1.bias"][hidden]
    new["fc2.weight"] = state["fc2.weight"][:, hidden]
    return new


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "same":
        apart = (outputs(load(sys.argv[2])) - outputs(load(sys.argv[3]))).abs().max().item()
        print("largest difference of an output:", apart)
        sys.exit(apart > 1e-5)
    torch.set_num_threads(1)
    network, other = train(1), train(2)
    images, labels = data(1)
    for trained in (network, other):
        print("accuracy on other data:", (trained(images).argmax(1) == labels).float().mean().item())
    folder = sys.argv[1] + "/"
    save(folder + "network.safetensors", network.state_dict())
    save(folder + "other.safetensors", other.state_dict())
    save(folder + "planted.safetensors", permuted(network.state_dict()))
