# SPDX-License-Identifier: BSD-3-Clause
"""The workloads in PyTorch, as its users write them; compiled by torch.compile where the engine says so."""
import importlib.metadata
import re

import torch
from torch import nn
from torch.nn import functional as F

VERSION = tuple(int(part) for part in re.findall(r"\d+", importlib.metadata.version("torch"))[:2])


def about():
    torch.ones(64, 64) @ torch.ones(64, 64)  # loads the library of products
    with open("/proc/self/maps", encoding="utf-8") as maps:
        optimized = torch.backends.mkl.is_available() or re.search("openblas|libblis|libmkl", maps.read()) is not None
    if not optimized:
        return {"absent": "its products go to the reference BLAS, which is ten times slower; on Debian: apt install libopenblas0-pthread"}
    return {"summary": f"torch {torch.__version__}, {'MKL' if torch.backends.mkl.is_available() else 'OpenBLAS or BLIS'}",
            "configuration": torch.__config__.show()}


def knobs(job):
    """How it may go about a workload, as versus/opponent.hpp says."""
    workload, compiled = job["workload"], job["engine"] == "PyTorch compiled"
    found = [("arrangement", ["two processes", "in turn, two threads"])]
    if workload["family"] in ("cnn", "resnet", "vgg"):
        found.append(("formulation", ["nhwc", "nchw"]))
    if workload["family"] == "lcn":
        found.append(("formulation", ["positions", "unfold"]))
    if workload["task"] == "training":
        found.append(("update", ["foreach", *(["fused"] if VERSION >= (2, 4) else []), *(["compiled"] if compiled else []), "single"]))
    else:
        found.append(("images at once", ["250", "1000", "10000"]))
    if compiled:
        found.append(("mode", ["default", "max-autotune-no-cudagraphs"]))
    if has_avx512() and "CPU capability usage: AVX512" not in torch.__config__.show():
        found.append(("vectors", ["avx512", "default"]))
    found.append(("malloc", ["keeps", "keeps, huge pages", "default"]))
    return found


def has_avx512():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return "avx512f" in file.read()


class Images(nn.Module):
    """[N, pixels] as [N, channels, rows, columns]; the data have channels last."""

    def __init__(self, workload, nhwc):
        super().__init__()
        self.side, self.channels, self.nhwc = workload["side"], workload["channels"], nhwc

    def forward(self, x):
        x = x.view(-1, self.side, self.side, self.channels).permute(0, 3, 1, 2)
        return x if self.nhwc else x.contiguous()


class Readout(nn.Linear):
    """On images; with nhwc its columns are in the order of the data, so that nothing is copied."""

    def __init__(self, side, channels, nhwc):
        super().__init__(side * side * channels, 10)
        self.grid, self.nhwc = (10, side, side, channels), nhwc

    def arrange(self, name, values):
        return values.view(self.grid).permute(0, 3, 1, 2) if name == "weight" and not self.nhwc else values

    def forward(self, x):
        return super().forward((x.permute(0, 2, 3, 1) if self.nhwc else x).flatten(1))


class LocallyConnected(nn.Module):
    """3×3 filters of their own at every position. "positions": activations [rows, columns, N, channels]; else unfold's patches."""

    def __init__(self, in_channels, out_channels, side, stride, positions):
        super().__init__()
        self.stride, self.positions, self.side = stride, positions, (side - 3) // stride + 1
        self.stored = (self.side ** 2, out_channels, 3, 3, in_channels)
        self.weight = nn.Parameter(torch.empty(self.side ** 2, 9 * in_channels, out_channels))
        self.bias = nn.Parameter(torch.empty(self.side ** 2, 1, out_channels))

    def arrange(self, name, values):
        return values.view(self.stored).permute(0, 4, 2, 3, 1) if name == "weight" else values

    def forward(self, x):
        side = self.side
        if self.positions:
            windows = x.unfold(0, 3, self.stride).unfold(1, 3, self.stride)  # [rows, columns, N, channels, 3, 3]
            y = torch.baddbmm(self.bias, windows.reshape(side * side, x.shape[2], -1), self.weight)
            return F.relu(y, inplace=True).view(side, side, x.shape[2], -1)
        y = torch.baddbmm(self.bias, F.unfold(x, 3, stride=self.stride).permute(2, 0, 1), self.weight)
        return F.relu(y, inplace=True).permute(1, 2, 0).reshape(x.shape[0], -1, side, side)


class Rearranged(nn.Module):
    """By positions: [N, channels, rows, columns] to [rows, columns, N, channels], or from there to [N, the rest]."""

    def __init__(self, *order):
        super().__init__()
        self.order = order

    def forward(self, x):
        return x.permute(*self.order)


class Tokens(nn.Linear):
    """Linear map of every patch of pixels, and a learnt position added."""

    def __init__(self, patch, grid, width):
        super().__init__(patch * patch, width)
        self.patch, self.grid = patch, grid
        self.position = nn.Parameter(torch.empty(grid * grid, width))

    def forward(self, x):
        patches = x.view(-1, self.grid, self.patch, self.grid, self.patch).transpose(2, 3)
        return super().forward(patches.reshape(x.shape[0], self.grid * self.grid, -1)) + self.position


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm, self.heads = nn.LayerNorm(width), heads
        self.into, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.into(self.norm(x)).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        if hasattr(F, "scaled_dot_product_attention"):
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            mixed = torch.softmax(q @ k.transpose(2, 3) / (width // self.heads) ** 0.5, 3) @ v
        return x + self.out(mixed.transpose(1, 2).reshape(n, tokens, width))


class Feedforward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm, self.into, self.out = nn.LayerNorm(width), nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return x + self.out(F.gelu(self.into(self.norm(x))))


class MeanToken(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x):
        return self.out(self.norm(x).mean(1))


def convolution(in_channels, out_channels, kernel, stride):
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(out_channels))


class Block(nn.Module):
    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.first, self.second = convolution(in_channels, out_channels, 3, stride), convolution(out_channels, out_channels, 3, 1)
        self.shortcut = nn.Identity() if stride == 1 else convolution(in_channels, out_channels, 1, stride)

    def forward(self, x):
        y = self.second(F.relu(self.first(x), inplace=True))
        return F.relu(y + self.shortcut(x), inplace=True)


def network(workload, formulation):
    """Modules in the order of lmc's parameters."""
    family, layers, side, stride = workload["family"], workload["layers"], workload["side"], workload["stride"]
    channels, nhwc, positions = workload["channels"], formulation == "nhwc", formulation == "positions"
    relu = nn.ReLU(inplace=True)
    if family == "mlp":
        widths = [side * side * channels, *layers]
        hidden = [module for sizes in zip(widths, widths[1:]) for module in (nn.Linear(*sizes), relu)]
        return nn.Sequential(*hidden, nn.Linear(widths[-1], 10))
    if family == "vit":
        width, grid = workload["width"], side // workload["patch"]
        return nn.Sequential(Tokens(workload["patch"], grid, width), Attention(width, workload["heads"]),
                             Feedforward(width, workload["mlp_ratio"] * width), MeanToken(width))
    modules = [Images(workload, nhwc)]
    if family == "resnet":
        width = workload["resnet_width"]
        modules += [convolution(channels, width, 3, 1), relu]
        channels = width
        for stage in range(3):
            for _ in range(workload["resnet_blocks"]):
                modules.append(Block(channels, width << stage, 1 if channels == width << stage else 2))
                channels = width << stage
        modules += [nn.AdaptiveAvgPool2d(1), Readout(1, channels, nhwc)]
    elif family == "vgg":
        for stage, out in enumerate(layers):
            modules += [convolution(channels, out, 3, 1), relu]
            if stage >= 2:
                modules += [convolution(out, out, 3, 1), relu]
            modules.append(nn.MaxPool2d(2))
            channels, side = out, side // 2
        modules.append(Readout(side, channels, nhwc))
    else:
        if positions:
            modules.append(Rearranged(2, 3, 0, 1))
        for out in layers:
            if family == "cnn":
                modules += [nn.Conv2d(channels, out, 3, stride), relu]
            else:
                modules.append(LocallyConnected(channels, out, side, stride, positions))
            channels, side = out, (side - 3) // stride + 1
        if positions:
            modules.append(Rearranged(2, 3, 0, 1))
        modules.append(Readout(side, channels, nhwc))
    net = nn.Sequential(*modules)
    return net.to(memory_format=torch.channels_last) if nhwc else net


@torch.no_grad()
def load(net, theta):
    """Sets the parameters to lmc's."""
    rest = torch.from_numpy(theta)
    for module in net.modules():
        for name, parameter in module.named_parameters(recurse=False):
            values, rest = rest[:parameter.numel()], rest[parameter.numel():]
            if isinstance(module, nn.Conv2d) and name == "weight":
                out, channels, rows, columns = parameter.shape
                values = values.view(out, rows, columns, channels).permute(0, 3, 1, 2)
            elif hasattr(module, "arrange"):
                values = module.arrange(name, values)
            parameter.copy_(values.reshape(parameter.shape))
    if len(rest) > 0:
        raise ValueError(f"θ is {len(rest)} floats too long for this network")


def prepared(job, theta):
    """A network at θ, in a process of as many threads as the job has."""
    torch.set_num_threads(job["threads"])
    net = network(job["workload"], job["choice"].get("formulation"))
    load(net, theta)
    return net


def compiled(job, function):
    mode = job["choice"].get("mode", "default")
    return torch.compile(function, mode=None if mode == "default" else mode) if job["engine"] == "PyTorch compiled" else function


class Run:
    """One training after another from the same start. What a user could prepare once is prepared once."""

    def __init__(self, job, data, theta, order):
        self.job, self.workload = job, job["workload"]
        self.net = prepared(job, theta)
        self.tensors = [*self.net.parameters(), *self.net.buffers()]
        self.start = [tensor.detach().clone() for tensor in self.tensors]
        self.x, self.y, self.order = torch.from_numpy(data.images), torch.from_numpy(data.labels), torch.from_numpy(order)
        self.loss = compiled(job, lambda x, y: F.cross_entropy(self.net(x), y))

    def optimizer(self):
        """The update of all parameters by their gradients."""
        update, rate = self.job["choice"].get("update"), self.workload["rate"]
        how = {"fused": {"fused": True}, "single": {"foreach": False}}.get(update, {"foreach": True})
        if self.workload["update"] == "adam":
            optimizer = torch.optim.Adam(self.net.parameters(), rate, **how)
        else:
            momentum = self.workload["momentum"] if self.workload["update"] == "momentum" else 0
            optimizer = torch.optim.SGD(self.net.parameters(), rate, momentum, **how)
        return torch.compile(optimizer.step) if update == "compiled" else optimizer.step

    def warm_up(self):
        return self.steps(3)

    def train(self):
        self.steps(len(self.order))

    def steps(self, count):
        """The loss of the first batch. Every loss is looked at, as somebody who trains wants to see it."""
        with torch.no_grad():
            for tensor, value in zip(self.tensors, self.start):
                tensor.copy_(value)
        self.net.train()
        step, losses = self.optimizer(), []
        batch, labels = torch.empty(len(self.order[0]), self.x.shape[1]), torch.empty(len(self.order[0]), dtype=torch.long)
        for examples in self.order[:count]:
            torch.index_select(self.x, 0, examples, out=batch)
            torch.index_select(self.y, 0, examples, out=labels)
            loss = self.loss(batch, labels)
            loss.backward()
            step()
            for parameter in self.net.parameters():
                parameter.grad = None
            losses.append(loss.item())
        return losses[0]

    def evaluate(self, data):
        """Mean loss."""
        return metrics(self.net.eval(), torch.from_numpy(data.images), torch.from_numpy(data.labels), 250)[0]


@torch.inference_mode()
def metrics(net, x, y, at_once):
    """Mean loss and error."""
    loss = wrong = 0.0
    for images, labels in zip(x.split(at_once), y.split(at_once)):
        logits = net(images)
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        wrong += (logits.argmax(1) != labels).sum().item()
    return loss / len(y), wrong / len(y)


class Path:
    """The straight line between two networks."""

    def __init__(self, job, data, a, b):
        nets = [prepared(job, theta).eval() for theta in (a, b, a)]
        self.parameters = [list(net.parameters()) for net in nets]
        self.net = compiled(job, nets[2])
        self.x, self.y, self.at_once = torch.from_numpy(data.images), torch.from_numpy(data.labels), int(job["choice"]["images at once"])

    def metrics(self, alphas):
        points = []
        for alpha in alphas:
            with torch.no_grad():
                for a, b, between in zip(*self.parameters):
                    torch.lerp(a, b, alpha, out=between.data)
            points.append(metrics(self.net, self.x, self.y, self.at_once))
        return points
