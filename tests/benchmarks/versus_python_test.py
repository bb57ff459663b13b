#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""versus_python_test.py PROGRAM: versus_python measures lmc beside the engines that a Python has, voids what does not agree with lmc or
fails, says what is absent, and reports. With a small MNIST of noise, and a script instead of a Python."""
import importlib.util
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest


PROGRAM = os.path.abspath(sys.argv.pop(1))

# Speaks the protocol of worker.py for two engines: one that fails, and one whose first losses are wrong.
ENGINES = r"""#!/usr/bin/env python3
import json, sys
job = json.loads(sys.argv[2])
assert sys.argv[1].endswith("worker.py")
if job["task"] == "versions":
    print(json.dumps({"JAX": {"absent": "no jax"}, "breaks": {"summary": "version 1"}, "errs": {"summary": "version 2"}}))
elif job["task"] == "knobs":
    print(json.dumps([["arrangement", ["two processes"]], ["formulation", ["slow", "fast"]]]))
elif job["engine"] == "breaks":
    sys.exit("it breaks")
else:
    assert job["part"] in (0, 1) and job["workload"]["layers"] == [64] and job["workload"]["batch"] == 128 and job["threads"] == 1
    assert len(open(job["data"] + "/train.labels", "rb").read()) == 8 * 2000
    print("ready", flush=True)
    sys.stdin.readline()
    seconds = job["repeats"] * (1 if job["choice"]["formulation"] == "slow" else 0.5)
    print(json.dumps({"seconds": seconds, "first_losses": [9.0], "losses": [9.0], "errors": [], "peak_megabytes": 10}))
"""


def write_noise_as_mnist(folder):
    numbers = random.Random(1)
    for part, count in (("train", 2000), ("t10k", 200)):
        with open(os.path.join(folder, part + "-images-idx3-ubyte"), "wb") as file:
            file.write(struct.pack(">IIII", 0x803, count, 28, 28) + numbers.randbytes(count * 784))
        with open(os.path.join(folder, part + "-labels-idx1-ubyte"), "wb") as file:
            file.write(struct.pack(">II", 0x801, count) + bytes(numbers.randrange(10) for _ in range(count)))


def side(rates, megabytes=10):
    return {"rates": rates, "megabytes": megabytes, "repeats": 1, "outcomes": [], "disturbances": [0.0] * len(rates)}


def opponent(name, rates, invalid=""):
    return {"name": name, "side": side(rates), "choice": {"arrangement": "two processes", "update": "foreach"}, "trials": [],
            "invalid": invalid}


def report(*rows):
    return {"program": "versus_python", "machine": {"processor": "P"}, "opponents": {"JAX": {}, "PyTorch": {}},
            "absent": {"PyTorch compiled": "too old"}, "peak": 1.0,
            "rows": [{"name": name, "title": name, "batch": 128, "steps": 10, "operations": 1e6, "lmc": side([300.0, 310.0, 290.0]),
                      "opponents": opponents} for name, *opponents in rows]}


class VersusPython(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def run_program(self, *arguments):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_engines_that_fail_or_disagree_are_void_and_absent_ones_told(self):
        write_noise_as_mnist(self.folder)
        engines = self.path("engines", ENGINES)
        os.chmod(engines, 0o755)
        json_path = self.path("results.json")
        status, out, err = self.run_program("--python", engines, "--data", self.folder, "--workloads", "mlp64", "--repetitions", "2",
                                            "--seconds", "0.05", "--json", json_path)
        self.assertEqual(status, 0, err)
        self.assertIn("JAX is not here, and left out: no jax", out)
        self.assertIn("breaks: version 1", out)
        self.assertRegex(out, "void: .* ended without an answer, with status 1")
        self.assertRegex(out, "void: the first batch's loss is 2.* with lmc and 9 with errs")
        self.assertIn("it breaks", err)
        with open(json_path, encoding="utf-8") as file:
            row = json.load(file)["rows"][0]
        breaks, errs = row["opponents"]
        self.assertEqual((breaks["name"], errs["name"], errs["choice"]["formulation"]), ("breaks", "errs", "fast"))
        self.assertEqual(len(row["lmc"]["rates"]), 2)
        self.assertTrue(all(rate > 0 for rate in row["lmc"]["rates"]))

    @unittest.skipUnless(importlib.util.find_spec("torch") or importlib.util.find_spec("jax"), "this Python has no PyTorch and no JAX")
    def test_every_engine_here_has_lmcs_losses(self):
        write_noise_as_mnist(self.folder)
        names = "mlp64,mlp512_momentum,mlp512_adam,conv,cnn,lcn,vit,curve_mlp512,curve_cnn"
        status, out, err = self.run_program("--python", sys.executable, "--data", self.folder, "--workloads", names, "--repetitions", "2",
                                            "--seconds", "0.01", "--quick")
        self.assertEqual(status, 0, err)
        self.assertNotIn("void", out)

    def test_the_best_opponent_that_counts_is_compared_with(self):
        rows = report(("a", opponent("JAX", [100.0, 110.0, 90.0]), opponent("PyTorch", [200.0, 150.0, 220.0])),
                      ("b", opponent("JAX", [100.0] * 3), opponent("PyTorch", [200.0] * 3, invalid="it differs")),
                      ("c", opponent("JAX", [100.0] * 3, invalid="x"), opponent("PyTorch", [], invalid="y")))
        results = self.path("results.json", json.dumps(rows))
        markdown, figure = self.path("table.md"), self.path("ratios.svg")
        status, out, err = self.run_program("--read", results, "--markdown", markdown, "--figure", figure)
        self.assertEqual(status, 0, err)
        self.assertIn("PyTorch compiled is not here, and left out: too old", out)
        self.assertIn("void: it differs", out)
        with open(markdown, encoding="utf-8") as file:
            header, _, a, b, c = file.read().splitlines()
        self.assertEqual([cell.strip() for cell in header.split("|")[1:-1]],
                         ["network", "lmc, images/s", "JAX, images/s", "PyTorch, images/s", "lmc ÷ best", "share of peak", "memory, MB",
                          "configurations"])
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in (a, b, c)]
        self.assertEqual(cells[0][1:6], ["300 (290-310)", "100 (90-110)", "200 (150-220)", "1.50 (1.32-2.07)", "30 %, 10 %, 20 %"])
        self.assertEqual(cells[0][7], "JAX: two processes; update foreach. PyTorch: two processes; update foreach")
        self.assertEqual(cells[1][2:5], ["100 (100-100)", "void", "3.00 (2.90-3.10)"])
        self.assertEqual(cells[2][2:6], ["void", "void", "void", "30 %, void, void"])
        self.assertGreater(os.path.getsize(figure), 1000)

    def test_what_is_wrong_is_refused_with_words(self):
        for arguments, text in [(("--python", "/nowhere/python"), "ended without an answer, with status 127"),
                                (("--python", "false", "--workloads", "mpl64"), "mlp64"),
                                (("--python", self.path("none", "#!/bin/sh\necho '{\"JAX\": {\"absent\": \"no jax\"}}'\n")),
                                 "has neither PyTorch nor JAX"),
                                (("--read", self.path("missing")), "cannot be read"),
                                (("--read", self.path("text", "{}")), "not a file of versus_python --json"),
                                (("--read", self.path("torch", json.dumps(report() | {"program": "versus_torch"}))),
                                 "a file of versus_torch; expected one of versus_python")]:
            with self.subTest(arguments=arguments):
                if os.path.exists(self.path("none")):
                    os.chmod(self.path("none"), 0o755)
                status, _, err = self.run_program(*arguments)
                self.assertEqual(status, 1)
                self.assertIn(text, err)


if __name__ == "__main__":
    unittest.main()
