#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Both runs of a pair, trained together on this machine's cores: lmc against PyTorch, side by side.

  cmake --preset release && cmake --build --preset release --target ladder
  python3 benchmarks/versus_pytorch.py build/release/benchmarks/ladder [--rounds 5] [--json FILE] [NAME ...]

Float, batches of 128 images of 28x28x1, 10 classes, SGD. PyTorch runs in each of its configurations, two processes with one
thread each and one process with two threads, and with convolutions in both memory formats; its fastest counts. lmc trains both
runs in one process. Programs alternate; a number is the median over the rounds of images/s of both runs together, in
parentheses the slowest and the fastest round. Needs PyTorch. Debian: python3-torch libopenblas0-pthread; without the latter its
products go to the reference BLAS, which is ten times slower.
"""
import argparse
import importlib.util
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time

BATCH, STEPS, WARMUP = 128, 30, 3
NAMES = ["conv_readout", "cnn", "lcn", "vit", "mlp5"]


def network(name, torch):
    nn, F = torch.nn, torch.nn.functional

    class Local(nn.Module):
        """Locally connected: unfold, then one product a position."""

        def __init__(self, channels, out, side, kernel, stride):
            super().__init__()
            self.kernel, self.stride, self.side = kernel, stride, (side - kernel) // stride + 1
            bound = (channels * kernel * kernel) ** -0.5
            self.weight = nn.Parameter(torch.empty(self.side**2, channels * kernel * kernel, out).uniform_(-bound, bound))
            self.bias = nn.Parameter(torch.empty(self.side**2, 1, out).uniform_(-bound, bound))

        def forward(self, x):
            patches = F.unfold(x, self.kernel, stride=self.stride).permute(2, 0, 1)
            y = torch.baddbmm(self.bias, patches, self.weight)
            return y.permute(1, 2, 0).reshape(x.shape[0], -1, self.side, self.side)

    class Vit(nn.Module):
        """One pre-norm transformer block of width 64 with 4 heads on 16 patches of 7x7, mean pooling."""

        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(1, 64, 7, stride=7)
            self.positions = nn.Parameter(torch.randn(16, 64) * 0.02)
            self.norm1, self.norm2, self.norm3 = nn.LayerNorm(64), nn.LayerNorm(64), nn.LayerNorm(64)
            self.qkv, self.out = nn.Linear(64, 192), nn.Linear(64, 64)
            self.mlp = nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64))
            self.readout = nn.Linear(64, 10)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2) + self.positions
            n = x.shape[0]
            q, k, v = self.qkv(self.norm1(x)).reshape(n, 16, 3, 4, 16).permute(2, 0, 3, 1, 4)
            weights = torch.softmax(q @ k.transpose(-1, -2) / 4, dim=-1)
            x = x + self.out((weights @ v).transpose(1, 2).reshape(n, 16, 64))
            x = x + self.mlp(self.norm2(x))
            return self.readout(self.norm3(x).mean(dim=1))

    def mlp():
        layers, width = [nn.Flatten()], 784
        for _ in range(5):
            layers += [nn.Linear(width, 512), nn.ReLU()]
            width = 512
        return nn.Sequential(*layers, nn.Linear(width, 10))

    return {
        "conv_readout": lambda: nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(26 * 26 * 32, 10)),
        "cnn": lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2), nn.ReLU(), nn.Conv2d(32, 64, 3, stride=2), nn.ReLU(), nn.Flatten(),
            nn.Linear(6 * 6 * 64, 10)),
        "lcn": lambda: nn.Sequential(
            Local(1, 32, 28, 3, 2), nn.ReLU(), Local(32, 64, 13, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 6 * 64, 10)),
        "vit": Vit,
        "mlp5": mlp,
    }[name]()


def train(name, threads, channels_last, barrier=None, result=None):
    """Trains one run for STEPS steps, and gives the seconds."""
    for library in ("OMP", "OPENBLAS", "MKL"):  # read when PyTorch is loaded
        os.environ[library + "_NUM_THREADS"] = str(threads)
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = network(name, torch)
    x, y = torch.randn(STEPS, BATCH, 1, 28, 28), torch.randint(0, 10, (STEPS, BATCH))
    if channels_last:
        net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

    def step(i):
        batch = x[i].contiguous(memory_format=torch.channels_last) if channels_last else x[i]
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(net(batch), y[i]).backward()
        optimizer.step()

    for i in range(WARMUP):
        step(i)
    if barrier is not None:
        barrier.wait()
    begin = time.perf_counter()
    for i in range(STEPS):
        step(i)
    seconds = time.perf_counter() - begin
    if result is not None:
        result.put(seconds)
    return seconds


def pytorch(name, processes, channels_last):
    """images/s of two runs together."""
    context = multiprocessing.get_context("spawn")
    result = context.Queue()
    if processes == 2:
        barrier = context.Barrier(2)
        workers = [context.Process(target=train, args=(name, 1, channels_last, barrier, result)) for _ in range(2)]
        for worker in workers:
            worker.start()
        seconds = max(result.get() for _ in workers)
        for worker in workers:
            worker.join()
        return 2 * STEPS * BATCH / seconds
    worker = context.Process(target=train, args=(name, 2, channels_last, None, result))
    worker.start()
    seconds = result.get()
    worker.join()
    return STEPS * BATCH / seconds


def lmc(program, name):
    text = subprocess.run(
        [program, f"--benchmark_filter=^{name}/", "--benchmark_format=json"], check=True, capture_output=True, text=True).stdout
    rows = json.loads(text)["benchmarks"]
    if len(rows) != 1 or "error_message" in rows[0]:
        sys.exit(f"{program} gave no result for {name}: {rows}")
    return rows[0]["images/s"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the benchmark program `ladder`")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; none: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="file for all rounds")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in NAMES:
            parser.error(f"no workload '{name}'; there are: {', '.join(NAMES)}")
    if importlib.util.find_spec("torch") is None:
        parser.error(f"{sys.executable} has no PyTorch; on Debian: apt install python3-torch, and /usr/bin/python3")
    results = {}
    print(f"{'workload':14}{'lmc':>26}{'PyTorch':>26}  {'its configuration':30}{'ratio':>6}")
    for name in arguments.names or NAMES:
        formats = [False, True] if name in ("conv_readout", "cnn") else [False]
        configurations = {
            f"{p} x {3 - p} thread{'s' if p == 1 else ''}{', channels last' if last else ''}": (p, last)
            for p in (2, 1)
            for last in formats
        }
        ours, theirs = [], {c: [] for c in configurations}
        for _ in range(arguments.rounds):
            ours.append(lmc(arguments.program, name))
            for c, (processes, last) in configurations.items():
                theirs[c].append(pytorch(name, processes, last))
        best = max(theirs, key=lambda c: statistics.median(theirs[c]))

        def summary(rounds):
            return f"{statistics.median(rounds):,.0f} ({min(rounds):,.0f}-{max(rounds):,.0f})"

        ratio = statistics.median(ours) / statistics.median(theirs[best])
        print(f"{name:14}{summary(ours):>26}{summary(theirs[best]):>26}  {best:30}{ratio:6.2f}", flush=True)
        results[name] = {"lmc": ours, "pytorch": theirs, "ratio": ratio}
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
