# SPDX-License-Identifier: BSD-3-Clause
"""Networks of PyTorch on given inputs; prints C++: their state dicts, inputs with channels first, logits.

    python3 torch_state_reference.py > torch_state_reference.inc
"""
import torch

torch.manual_seed(1)


def values(tensor):
    numbers = (f"{x:.9g}" for x in tensor.detach().flatten().tolist())
    return "{" + ", ".join(x + ("F" if "." in x or "e" in x else ".0F") for x in numbers) + "}"


def show(name, network, inputs):
    network(torch.randn(8, *inputs.shape[1:]))  # running statistics other than 0 and 1
    network.eval()
    print(f"inline const TorchNetwork {name} = {{\n    .tensors = {{")
    for key, tensor in network.state_dict().items():
        if tensor.dtype != torch.float32:
            print(f'        {{"{key}", lmc::Shape(std::vector<lmc::Index>{{}}), lmc::RawValues{{"I64", std::vector<std::byte>(8)}}}},')
            continue
        shape = ", ".join(str(n) for n in tensor.shape)
        print(f'        {{"{key}", lmc::Shape(std::vector<lmc::Index>{{{shape}}}), std::vector<float>{values(tensor)}}},')
    print(f"    }},\n    .inputs = {values(inputs)},\n    .logits = {values(network(inputs))},\n}};")


print("// Made by torch_state_reference.py with PyTorch", torch.__version__)
image = torch.randn(2, 2, 6, 5)
nn = torch.nn
show("cnn", nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
                          nn.Flatten(), nn.Linear(120, 3)), image)
show("mlp", nn.Sequential(nn.Flatten(), nn.Linear(60, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3)), image)
