# SPDX-License-Identifier: BSD-3-Clause
"""Trajectories of torch.optim, and of methods that it has not, for optimizer_test.cpp: python3 optimizer_reference.py > optimizer_reference.inc

Made with PyTorch 1.13.0 of Debian 12 (python3-torch).
"""
import torch

ENTRIES = 37  # no multiple of any number of lanes
# The test's layout: name, first entry, and for weights the number of matrices, their rows and columns.
SEGMENTS = [("dense/weight", 0, (1, 3, 5)), ("dense/bias", 15, None), ("local/weight", 18, (2, 3, 2)), ("norm/scale", 30, None)]
LAYERS = [(0, 18), (18, 30), (30, 37)]
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


class Sign:
    def __init__(self, theta, lr, momentum, decay):
        self.theta, self.lr, self.momentum, self.decay = theta, lr, momentum, decay
        self.v = torch.zeros_like(theta)

    @torch.no_grad()
    def step(self):
        self.v = self.momentum * self.v + (1 - self.momentum) * self.theta.grad
        self.theta.mul_(1 - self.lr * self.decay).sub_(self.lr * torch.sign(self.v))


def orthogonalized(x, iterations):
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon:
    """K. Jordan's method; torch.optim.AdamW for what is no matrix."""

    def __init__(self, theta, lr, momentum, nesterov, iterations, decay, adam_lr, beta1, beta2, epsilon):
        self.theta, self.lr, self.momentum, self.nesterov, self.iterations, self.decay = theta, lr, momentum, nesterov, iterations, decay
        self.v = torch.zeros_like(theta)
        ends = [first for _, first, _ in SEGMENTS[1:]] + [ENTRIES]
        self.rest = [(first, end) for (_, first, matrix), end in zip(SEGMENTS, ends) if matrix is None]
        self.parts = [theta.detach()[first:end].clone().requires_grad_() for first, end in self.rest]
        self.adam = torch.optim.AdamW(self.parts, lr=adam_lr, betas=(beta1, beta2), eps=epsilon, weight_decay=decay)

    @torch.no_grad()
    def step(self):
        g = self.theta.grad
        self.v = self.momentum * self.v + (1 - self.momentum) * g
        d = self.momentum * self.v + (1 - self.momentum) * g if self.nesterov else self.v
        for _, first, matrix in SEGMENTS:
            if matrix is None:
                continue
            count, rows, cols = matrix
            for k in range(count):
                at = slice(first + k * rows * cols, first + (k + 1) * rows * cols)
                update = orthogonalized(d[at].reshape(rows, cols), self.iterations) * max(1, rows / cols) ** 0.5
                self.theta[at] = (1 - self.lr * self.decay) * self.theta[at] - self.lr * update.reshape(-1)
        for part, (first, end) in zip(self.parts, self.rest):
            part.grad = g[first:end].clone()
        self.adam.step()
        for part, (first, end) in zip(self.parts, self.rest):
            self.theta[first:end] = part


class LayerwiseAdam:
    """The moments are those of torch.optim.Adam, which makes its own step on a copy of theta."""

    def __init__(self, theta, lr, beta1, beta2, epsilon, decay):
        self.theta, self.lr, self.beta1, self.beta2, self.epsilon = theta, lr, beta1, beta2, epsilon
        self.copy = theta.detach().clone().requires_grad_()
        self.adam = torch.optim.Adam([self.copy], lr=1, betas=(beta1, beta2), eps=epsilon, weight_decay=decay)
        self.t = 0

    @torch.no_grad()
    def step(self):
        self.t += 1
        self.copy.copy_(self.theta)
        self.copy.grad = self.theta.grad.clone()
        self.adam.step()
        length = (self.theta - self.copy).norm()
        state = self.adam.state[self.copy]
        mean, square = state["exp_avg"] / (1 - self.beta1 ** self.t), state["exp_avg_sq"] / (1 - self.beta2 ** self.t)
        u = torch.cat([mean[a:b] / (square[a:b].mean().sqrt() + self.epsilon) for a, b in LAYERS])
        self.theta.sub_(self.lr * length / u.norm() * u)


for lr, momentum, decay in [(0.01, 0.0, 0.0), (0.02, 0.9, 0.1)]:
    case(f"SignOptions{{.learning_rate = {lr}, .momentum = {momentum}, .weight_decay = {decay}}}",
         lambda p, a=(lr, momentum, decay): Sign(p[0], *a))

for lr, momentum, nesterov, iterations, decay, adam_lr, beta1, beta2, epsilon in [
        (0.02, 0.95, True, 5, 0.0, 3e-4, 0.9, 0.95, 1e-8),
        (0.05, 0.8, False, 3, 0.1, 0.01, 0.8, 0.99, 1e-6),
]:
    case(f"MuonOptions{{.learning_rate = {lr}, .momentum = {momentum}, .nesterov = {str(nesterov).lower()}, .iterations = {iterations}, "
         f".weight_decay = {decay}, .adam_learning_rate = {adam_lr}, .beta1 = {beta1}, .beta2 = {beta2}, .epsilon = {epsilon}}}",
         lambda p, a=(lr, momentum, nesterov, iterations, decay, adam_lr, beta1, beta2, epsilon): Muon(p[0], *a))

for lr, beta1, beta2, epsilon, decay in [(1e-3, 0.9, 0.999, 1e-8, 0.0), (0.02, 0.8, 0.95, 1e-3, 0.1)]:
    case(f"LayerwiseAdamOptions{{.learning_rate = {lr}, .beta1 = {beta1}, .beta2 = {beta2}, .epsilon = {epsilon}, "
         f".weight_decay = {decay}}}", lambda p, a=(lr, beta1, beta2, epsilon, decay): LayerwiseAdam(p[0], *a))
