# SPDX-License-Identifier: BSD-3-Clause
"""Two networks of PyTorch from one start, with BatchNorm: are they linearly connected?   python3 torch_pair.py [FIGURE]"""
import sys

import lmc
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

x = torch.randn(6000, 2, generator=torch.Generator().manual_seed(0))
y = ((x.norm(dim=1) > 1.2) ^ (x[:, 0] > 0)).long()
train_x, train_y, test_x, test_y = x[:4000], y[:4000], x[4000:], y[4000:]
torch.manual_seed(1)
model = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.BatchNorm1d(32, momentum=None), torch.nn.ReLU(), torch.nn.Linear(32, 2))
start = parameters_to_vector(model.parameters()).detach().clone()


def train(order):
    vector_to_parameters(start.clone(), model.parameters())
    optimizer, shuffled = torch.optim.SGD(model.train().parameters(), lr=0.1), torch.Generator().manual_seed(order)
    for batch in torch.cat([torch.randperm(4000, generator=shuffled) for _ in range(10)]).split(50):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(train_x[batch]), train_y[batch]).backward()
        optimizer.step()
    return parameters_to_vector(model.parameters()).detach().numpy().copy()


@torch.no_grad()
def prepare(theta):
    vector_to_parameters(torch.from_numpy(theta), model.parameters())
    model[1].reset_running_stats()  # those of the ends are of other networks: estimate them anew, on training data
    model.train()(train_x)


@torch.no_grad()
def evaluate(theta):
    return model.eval()(test_x)


if __name__ == "__main__":
    curve = lmc.linear_path(train(order=1), train(order=2), evaluate, alphas=11, labels=test_y, prepare=prepare)
    print("error", lmc.error_barrier(curve))
    print("loss ", lmc.loss_barrier(curve))
    lmc.save_curve_figure(sys.argv[1] if len(sys.argv) > 1 else "torch_pair.svg", curve, title="one start, two orders")
