# SPDX-License-Identifier: BSD-3-Clause
"""PyTorch's and JAX's side of the comparison, a process that versus_python starts: versus/protocol.hpp says what it is told and what it
answers. with_torch.py and with_jax.py have the libraries' networks; this file knows neither."""
import importlib.metadata
import importlib.util
import json
import os
import re
import sys
import time

# Whatever a library prints goes to the errors: standard output is the protocol's.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def answer(value):
    print(json.dumps(value), file=answers)


def version_of(package):
    """As numbers, or None where it is not installed, or numpy is not."""
    if importlib.util.find_spec(package) is None or importlib.util.find_spec("numpy") is None:
        return None
    return tuple(int(part) for part in re.findall(r"\d+", importlib.metadata.version(package))[:3])


def engine_module(name):
    if name == "JAX":
        import with_jax
        return with_jax
    import with_torch
    return with_torch


def versions():
    """By engine, why it is absent or what it is."""
    found = {}
    for name, package, least in (("JAX", "jax", (0, 4)), ("PyTorch", "torch", (1, 12)), ("PyTorch compiled", "torch", (2, 1))):
        version = version_of(package)
        if version is None:
            found[name] = {"absent": f"{sys.executable} has not both packages, {package} and numpy"}
        elif version < least:
            found[name] = {"absent": f"{package} {importlib.metadata.version(package)} of {sys.executable} is older than "
                                     f"{'.'.join(map(str, least))}"}
        else:
            found[name] = engine_module(name).about()
    return found


def numbers_of(path, kind):
    """The numbers in a file, "float32" or "int64"."""
    import numpy  # here, so that a Python without it can tell its versions
    return numpy.fromfile(path, kind)


class Data:
    """What export_data() wrote: images [examples, pixels] as floats, labels."""

    def __init__(self, folder, part):
        self.labels = numbers_of(f"{folder}/{part}.labels", "int64")
        self.images = numbers_of(f"{folder}/{part}.images", "float32").reshape(len(self.labels), -1)


def peak_megabytes():
    """Largest resident memory so far. getrusage() would count what the process that started this one had."""
    with open("/proc/self/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1)) / 1024


def timed(job, work):
    """The seconds of job["repeats"] calls of every work, begun when the other side says so, and the peak of memory in MB."""
    answers.write("ready\n")
    if not sys.stdin.readline():
        raise RuntimeError("the process that asked for a measurement is gone")
    begin = time.perf_counter()
    for one in work:
        for _ in range(job["repeats"]):
            one()
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "first_losses": [], "losses": [], "errors": [],
            "peak_megabytes": peak_megabytes()}


def train(job, engine):
    workload, theta = job["workload"], numbers_of(job["start"], "float32")
    images, test = Data(job["data"], "train"), Data(job["data"], "test")
    shape = job["steps"], workload["batch"]
    orders = [numbers_of(path, "int64")[:shape[0] * shape[1]].reshape(shape) for path in job["orders"]]
    runs = [engine.Run(job, images, theta, order) for order in orders]
    first_losses = [run.warm_up() for run in runs]
    outcome = timed(job, [run.train for run in runs])
    outcome["first_losses"] = first_losses
    if job["evaluate"]:
        outcome["losses"] = [run.evaluate(test) for run in runs]
    return outcome


def curve(job, engine):
    ends = numbers_of(job["start"], "float32").reshape(2, -1)
    alphas = [point / (job["workload"]["curve_points"] - 1) for point in job["points"]]
    path = engine.Path(job, Data(job["data"], "test"), *ends)
    path.metrics(alphas[:1])
    points = []

    def walk():
        points[:] = path.metrics(alphas)

    outcome = timed(job, [walk])
    outcome["losses"], outcome["errors"] = ([float(value) for value in values] for values in zip(*points))
    return outcome


def main():
    if len(sys.argv) != 2:
        print("error: versus_python runs this program; there is nothing to do for it alone", file=sys.stderr)
        return 2
    job = json.loads(sys.argv[1])
    # The first of its threads are as many cores as it may use; two processes of one measurement get different ones.
    cores = sorted(os.sched_getaffinity(0))
    first = job["part"] * job["threads"] % len(cores)
    os.sched_setaffinity(0, cores[first:first + job["threads"]])
    try:
        if job["task"] == "versions":
            answer(versions())
        elif job["task"] == "knobs":
            answer(engine_module(job["engine"]).knobs(job))
        else:
            work = curve if job["workload"]["task"] == "curve" else train
            answer(work(job, engine_module(job["engine"])))
    except Exception as error:
        print(f"error: {job['engine']}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
