# SPDX-License-Identifier: BSD-3-Clause
"""python/examples/torch_pair.py against a loop that is written by hand, in PyTorch alone."""
import importlib.util
import pathlib
import sys
import unittest

try:
    import torch
except ImportError:
    print("PyTorch is not installed (Debian: python3-torch)")
    sys.exit(77)

import lmc

path = pathlib.Path(__file__).resolve().parents[2] / "python/examples/torch_pair.py"
specification = importlib.util.spec_from_file_location("torch_pair", path)
example = importlib.util.module_from_spec(specification)
specification.loader.exec_module(example)


class TorchPair(unittest.TestCase):
    def test_the_curve_is_that_of_a_loop(self):
        a, b = example.train(1), example.train(2)
        curve = lmc.linear_path(a, b, example.evaluate, 11, labels=example.test_y, prepare=example.prepare)
        first, norm, _, last = example.model
        for i, alpha in enumerate(curve.alphas):
            theta = torch.from_numpy((1 - alpha) * a + alpha * b).double()
            sizes = [p.numel() for p in example.model.parameters()]
            w1, b1, scale, shift, w2, b2 = [part.view(p.shape) for part, p in zip(theta.split(sizes), example.model.parameters())]
            hidden = example.train_x.double() @ w1.T + b1
            mean, variance = hidden.mean(dim=0), hidden.var(dim=0, unbiased=True)  # as running statistics have it
            hidden = (example.test_x.double() @ w1.T + b1 - mean) / torch.sqrt(variance + norm.eps) * scale + shift
            logits = torch.relu(hidden) @ w2.T + b2
            self.assertAlmostEqual(curve.loss[i], float(torch.nn.functional.cross_entropy(logits, example.test_y)), delta=1e-6)
            # A logit is rounded to float32: at most a few of 2000 examples are tied so closely.
            self.assertAlmostEqual(curve.error[i], float((logits.argmax(dim=1) != example.test_y).double().mean()), delta=0.0011)

    def test_the_hook_matters(self):
        a, b = example.train(1), example.train(2)
        example.prepare(a)  # the statistics of one end, kept along the whole line

        def evaluate(theta):
            torch.nn.utils.vector_to_parameters(torch.from_numpy(theta), example.model.parameters())
            return example.evaluate(theta)
        stale = lmc.linear_path(a, b, evaluate, 11, labels=example.test_y)
        fresh = lmc.linear_path(a, b, example.evaluate, 11, labels=example.test_y, prepare=example.prepare)
        self.assertEqual(stale.loss[0], fresh.loss[0])
        self.assertGreater(abs(stale.loss[-1] - fresh.loss[-1]), 1e-3)
        self.assertLess(fresh.error[-1], 0.1)
        self.assertIsNotNone(lmc.error_barrier(fresh).interval)


if __name__ == "__main__":
    unittest.main()
