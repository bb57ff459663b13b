# SPDX-License-Identifier: BSD-3-Clause
"""Losses and gradients of torch.nn for loss_test.cpp: python3 loss_reference.py > loss_reference.inc

Made with PyTorch 1.13.0 of Debian 12 (python3-torch).
"""
import torch

EXAMPLES, OUTPUTS = 19, 5  # no multiples of a number of lanes

# The same in the test, exact in both scalar types.
z = torch.tensor([((7919 * i) % 2003 - 1001) / 128 for i in range(EXAMPLES * OUTPUTS)], dtype=torch.float64).reshape(EXAMPLES, OUTPUTS)
labels = torch.tensor([(3 * i + 1) % OUTPUTS for i in range(EXAMPLES)])
values = torch.tensor([((104729 * i) % 1009 - 504) / 64 for i in range(EXAMPLES * OUTPUTS)], dtype=torch.float64).reshape(EXAMPLES, OUTPUTS)


def braces(values):
    lines = []
    for i in range(0, len(values), 6):
        lines.append("    " + ", ".join(f"{v:.17g}" for v in values[i:i + 6]))
    return "{\n" + ",\n".join(lines) + "}"


def case(name, loss, function, targets):
    logits = z.clone().requires_grad_()
    value = function(logits, targets)
    value.backward()
    print(f"{{.name = \"{name}\", .loss = {loss}, .values = {str(targets is values).lower()}, .mean = {value.item():.17g},")
    print(f" .gradient = {braces(logits.grad.reshape(-1).tolist())}}},")


print("// Made by loss_reference.py: means over the examples, and their gradients.")
for smoothing in (0.0, 0.1, 0.75):
    case(f"cross-entropy, {smoothing}", f"lmc::CrossEntropy{{.label_smoothing = {smoothing}}}",
         torch.nn.CrossEntropyLoss(label_smoothing=smoothing), labels)
case("squared error", "lmc::SquaredError()", torch.nn.MSELoss(), values)
case("squared error of labels", "lmc::SquaredError()",
     lambda logits, y: torch.nn.MSELoss()(logits, torch.nn.functional.one_hot(y, OUTPUTS).double()), labels)
