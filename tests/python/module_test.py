# SPDX-License-Identifier: BSD-3-Clause
"""The Python module against slow plain loops in NumPy, hand cases, and bad input."""
import ast
import gc
import pathlib
import sys
import tempfile
import threading
import unittest
import warnings
import weakref

import numpy as np

import lmc

ROOT = pathlib.Path(__file__).resolve().parents[2]
random = np.random.default_rng(7)


def softmax_loss(logits, labels):
    z = logits.astype(float)
    z = z - z.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(labels)), labels]))


def network(inputs=5, hidden=7, classes=3, dtype=np.float64):
    return [(random.normal(size=(hidden, inputs)).astype(dtype), random.normal(size=hidden).astype(dtype)),
            (random.normal(size=(classes, hidden)).astype(dtype), random.normal(size=classes).astype(dtype))]


def logits_of(layers, x):
    (w1, b1), (w2, b2) = layers
    return np.maximum(x @ w1.T + b1, 0) @ w2.T + b2


def flat(layers):
    return np.concatenate([part.ravel() for layer in layers for part in layer])


def layers_from(theta, like):
    layers, at = [], 0
    for layer in like:
        parts = []
        for part in layer:
            parts.append(theta[at:at + part.size].reshape(part.shape))
            at += part.size
        layers.append(tuple(parts))
    return layers


class Paths(unittest.TestCase):
    def setUp(self):
        self.a, self.b = network(), network()
        self.x = random.normal(size=(400, 5))
        self.labels = random.integers(0, 3, 400)

    def logits(self, theta):
        return logits_of(layers_from(theta, self.a), self.x)

    def test_linear_path_is_a_loop(self):
        a, b = flat(self.a), flat(self.b)
        curve = lmc.linear_path(a, b, self.logits, 11, labels=self.labels)
        np.testing.assert_array_equal(curve.alphas, np.arange(11) / 10)
        for i, alpha in enumerate(curve.alphas):
            logits = self.logits((1 - alpha) * a + alpha * b)
            self.assertAlmostEqual(curve.loss[i], softmax_loss(logits, self.labels), delta=1e-12)
            np.testing.assert_array_equal(curve.wrong[i], logits.argmax(axis=1) != self.labels)
        np.testing.assert_allclose(curve.error, curve.wrong.mean(axis=1), atol=1e-15)
        self.assertIsNone(curve.midpoint)
        self.assertIsNone(curve.logits)

    def test_outcomes_logits_and_dictionaries_agree(self):
        a, b = flat(self.a), flat(self.b)
        of_logits = lmc.linear_path(a, b, self.logits, 5, labels=self.labels)
        of_outcomes = lmc.linear_path(a, b, lambda t: self.logits(t).argmax(axis=1) != self.labels, 5)
        of_metrics = lmc.linear_path(a, b, lambda t: {"loss": softmax_loss(self.logits(t), self.labels), "count": 400,
                                                      "wrong": self.logits(t).argmax(axis=1) != self.labels}, 5)
        np.testing.assert_array_equal(of_logits.wrong, of_outcomes.wrong)
        np.testing.assert_array_equal(of_logits.wrong, of_metrics.wrong)
        np.testing.assert_array_equal(of_outcomes.loss, of_outcomes.error)
        np.testing.assert_allclose(of_metrics.loss, of_logits.loss, atol=1e-12)
        self.assertEqual(repr(lmc.error_barrier(of_logits)), repr(lmc.error_barrier(of_outcomes)))
        again = lmc.make_curve(5, of_outcomes.wrong)
        self.assertEqual(again, of_outcomes)
        kept = lmc.linear_path(a, b, self.logits, 5, labels=self.labels, keep_logits=True)
        self.assertEqual(kept.logits.shape, (5, 400, 3))
        np.testing.assert_allclose(kept.logits[0], self.logits(a), rtol=1e-6)
        ensemble = lmc.logit_ensemble(kept, self.labels)
        np.testing.assert_allclose(ensemble.loss[2], softmax_loss((self.logits(a) + self.logits(b)) / 2, self.labels), rtol=1e-5)
        from_logits = lmc.make_curve(5, kept.logits, labels=self.labels)
        np.testing.assert_array_equal(from_logits.wrong, kept.wrong)

    def test_the_evaluator_gets_memory_of_its_own(self):
        a, b = np.zeros(4, np.float32), np.ones(4, np.float32)
        seen = []

        def evaluate(theta):
            self.assertEqual(theta.dtype, np.float32)
            seen.append(theta)
            result = np.array([theta[0] > 0.4, False])
            theta[:] = 99
            return result
        lmc.linear_path(a, b, evaluate, 3)
        self.assertEqual(len(seen), 5)  # both ends alone, and three α
        self.assertTrue(all((theta == 99).all() for theta in seen))
        np.testing.assert_array_equal(a, 0)
        np.testing.assert_array_equal(b, 1)

    def test_prepare_comes_before_each_evaluation(self):
        calls = []
        lmc.linear_path(np.zeros(1), np.ones(1), lambda t: calls.append(("evaluate", t[0])) or np.array([False]), 3,
                        prepare=lambda t: calls.append(("prepare", t[0])))
        self.assertEqual(calls[::2], [("prepare", t) for t in (0, 1, 0, 0.5, 1)])
        self.assertEqual(calls[1::2], [("evaluate", t) for t in (0, 1, 0, 0.5, 1)])

    def test_interpolate_is_exact_at_the_ends(self):
        a, b = random.normal(size=9), random.normal(size=9)
        np.testing.assert_array_equal(lmc.interpolate(a, b, 0), a)
        np.testing.assert_array_equal(lmc.interpolate(a, b, 1), b)
        np.testing.assert_allclose(lmc.interpolate(a, b, 0.3), 0.7 * a + 0.3 * b, atol=1e-15)
        self.assertEqual(lmc.interpolate(a.astype("f4"), b.astype("f4"), 0.5).dtype, np.float32)

    def test_layouts_that_are_not_contiguous(self):
        both = random.normal(size=(50, 2))
        curve = lmc.linear_path(both[:, 0], both[:, 1], lambda t: {"loss": t.sum(), "count": 1}, 3)
        np.testing.assert_allclose(curve.loss, [both[:, 0].sum(), both.sum() / 2, both[:, 1].sum()])
        self.assertIsNone(curve.error)

    def test_slerp_keeps_the_length(self):
        a, b = np.array([1.0, 0]), np.array([0, 1.0])
        curve = lmc.slerp_path(a, b, lambda t: {"loss": float(np.hypot(*t)), "count": 1}, 5)
        np.testing.assert_allclose(curve.loss, 1, atol=1e-15)

    def test_an_exception_of_the_evaluator_comes_through(self):
        class Mine(Exception):
            pass

        def evaluate(theta):
            if theta[0] > 0.4:
                raise Mine("at the middle")
            return np.array([False])
        with self.assertRaisesRegex(Mine, "at the middle"):
            lmc.linear_path(np.zeros(1), np.full(1, 0.6), evaluate)
        gc.collect()

    def test_references_are_not_kept(self):
        class Evaluator:
            def __call__(self, theta):
                return np.array([True])
        evaluate = Evaluator()
        alive = weakref.ref(evaluate)
        a = np.zeros(3)
        before = sys.getrefcount(a)
        lmc.linear_path(a, np.ones(3), evaluate, 3)
        del evaluate
        gc.collect()
        self.assertIsNone(alive())
        self.assertEqual(sys.getrefcount(a), before)

    def test_other_threads_run_meanwhile(self):
        curve = lmc.make_curve(25, random.random((25, 4000)) < 0.3)
        stop, counted = threading.Event(), [0]

        def count():
            while not stop.is_set():
                counted[0] += 1
        thread = threading.Thread(target=count)
        thread.start()
        before = counted[0]
        lmc.error_barrier(curve)
        after = counted[0]
        stop.set()
        thread.join()
        self.assertGreater(after, before)

    def test_decide_and_refine(self):
        a, b = flat(self.a), flat(self.b)
        asked = []

        def outcomes(theta, positions):
            asked.append(len(positions))
            return self.logits(theta)[positions].argmax(axis=1) != self.labels[positions]
        decision = lmc.decide(a, b, outcomes, 400, alphas=5, batch=400)
        barrier = lmc.error_barrier(lmc.linear_path(a, b, self.logits, 5, labels=self.labels))
        self.assertEqual(decision.examples, 400)
        self.assertAlmostEqual(decision.barrier, barrier.value, delta=1e-15)
        self.assertEqual(decision.verdict, "broken" if barrier.value >= 0.02 else "connected")
        self.assertEqual(asked, [400] * 5)
        with self.assertRaisesRegex(lmc.Error, f"the evaluator has {2**40} examples; expected 1 to {2**30}"):
            lmc.decide(a, b, outcomes, 2**40)
        with self.assertRaisesRegex(lmc.Error, "expected at most 1000000"):
            lmc.decide(a, b, outcomes, 400, alphas=2**40)
        curve = lmc.linear_path(a, b, self.logits, 5, labels=self.labels)
        refined = lmc.refine(curve, a, b, self.logits, labels=self.labels, points=4)
        self.assertEqual(len(refined.curve), 9)
        self.assertGreaterEqual(refined.supremum_at_most, lmc.error_barrier(refined.curve).value)


class Soups(unittest.TestCase):
    def test_uniform_soup_is_the_mean(self):
        thetas = [random.normal(size=6).astype(np.float32) for _ in range(3)]
        seen = []
        soup = lmc.uniform_soup(thetas, lambda t: {"loss": float(np.sum(t)), "count": 5}, prepare=lambda t: seen.append(t.copy()))
        np.testing.assert_array_equal(soup.theta, np.mean(np.array(thetas, dtype=float), axis=0).astype(np.float32))
        self.assertEqual((soup.theta.dtype, soup.taken, soup.metric, soup.steps), (np.float32, [0, 1, 2], "loss", []))
        self.assertEqual([m.loss for m in soup.alone], [float(np.sum(t)) for t in thetas])
        self.assertEqual(soup.metrics.loss, float(np.sum(soup.theta)))
        self.assertEqual(len(seen), 4)

    def test_greedy_soup_is_a_loop(self):
        target = random.normal(size=8)
        thetas = [target + random.normal(size=8) for _ in range(6)]

        def wrong(theta):
            return np.arange(1000) < min(999, 100 * np.sum((theta - target) ** 2))

        soup = lmc.greedy_soup(thetas, wrong)
        errors = [float(np.mean(wrong(t))) for t in thetas]
        taken, best = [], None
        for i in sorted(range(6), key=lambda i: errors[i]):
            error = float(np.mean(wrong(np.mean([thetas[k] for k in [*taken, i]], axis=0))))
            step = next(s for s in soup.steps if s.network == i)
            self.assertAlmostEqual(step.with_it, error, places=9)
            self.assertEqual(step.taken, best is None or error <= best)
            if step.taken:
                taken, best = [*taken, i], error
        self.assertEqual((soup.taken, soup.metric), (taken, "error"))
        self.assertLessEqual(soup.metrics.error, min(errors))

    def test_bad_input(self):
        ok = lambda t: np.array([False])  # noqa: E731
        for call in (lmc.uniform_soup, lmc.greedy_soup):
            for networks, text in [([], "there are no networks"), ([np.zeros(2), np.zeros(3)], "network 1 has 3 parameters"),
                                   ([np.zeros(2), np.zeros(2, "f4")], "all as float32, or all as float64"),
                                   ([np.zeros((2, 2))], "one flat array")]:
                with self.assertRaisesRegex(lmc.Error, text):
                    call(networks, ok)
            with self.assertRaisesRegex(lmc.Error, "the evaluator is int"):
                call([np.zeros(2)], 3)
            with self.assertRaises(ZeroDivisionError):
                call([np.zeros(2)], lambda t: 1 / 0)


class Barriers(unittest.TestCase):
    def test_every_convention_by_hand(self):
        curve = lmc.make_curve([0, 0.25, 0.5, 1], [{"loss": l, "error": e, "count": 10} for l, e in
                                                  [(1, 0.1), (2, 0.35), (5, 0.4), (3, 0.5)]])
        error, loss = lmc.error_barrier(curve), lmc.loss_barrier(curve)
        self.assertAlmostEqual(error.value, 0.35 - 0.2)
        self.assertEqual(error.alpha, 0.25)
        self.assertAlmostEqual(error.normalized, 0.15 / 0.7)
        self.assertIsNone(error.interval)
        self.assertEqual(error.verdict, "undecided")
        self.assertAlmostEqual(loss.value, 5 - 2)
        self.assertEqual(loss.alpha, 0.5)
        self.assertAlmostEqual(lmc.instability(curve), 0.5 - 0.3)
        self.assertAlmostEqual(lmc.git_rebasin_barrier(curve), 5 - 2)
        self.assertAlmostEqual(lmc.argmax_barrier(curve), 0)
        self.assertAlmostEqual(lmc.argmax_barrier(curve, "loss"), 3)
        self.assertAlmostEqual(lmc.midpoint_barrier(curve), 0.1)
        self.assertAlmostEqual(lmc.midpoint_barrier(curve, "loss"), 3)
        self.assertEqual(lmc.error_band(curve), [])
        self.assertEqual(curve.to_csv(), "alpha,loss,error\n0,1,0.1\n0.25,2,0.35\n0.5,5,0.4\n1,3,0.5\n")

    def test_statistics_of_outcomes(self):
        wrong = random.random((11, 3000)) < np.linspace(0.1, 0.1, 11)[:, None]
        wrong[3:8, :300] = True
        curve = lmc.make_curve(11, wrong)
        barrier = lmc.error_barrier(curve)
        heights = wrong.mean(axis=1) - np.linspace(wrong[0].mean(), wrong[-1].mean(), 11)
        self.assertAlmostEqual(barrier.value, heights.max(), delta=1e-12)
        low, high = barrier.interval
        self.assertTrue(low < barrier.value < high)
        self.assertEqual(barrier.interval, lmc.error_barrier_interval(curve))
        self.assertEqual(barrier.verdict, "broken")
        self.assertTrue(0 < barrier.floor.mean < barrier.floor.quantile < barrier.value)
        self.assertEqual(lmc.noise_floor(curve).mean, barrier.floor.mean)
        band = lmc.error_band(curve)
        self.assertTrue(all(b.low <= e <= b.high for b, e in zip(band, curve.error)))
        fitted = lmc.cross_fitted_barrier(curve, folds=10, seed=3)
        self.assertTrue(low < fitted.value < high)
        self.assertEqual(len(fitted.alphas), 10)
        flat_curve = lmc.make_curve(11, random.random((11, 3000)) < 0.1)
        summary = lmc.barrier_summary([curve, flat_curve, curve], [0, 1, 0])
        self.assertEqual((summary.initializations, summary.broken), (2, 2))
        self.assertEqual([pair.verdict for pair in summary.pairs][0], "broken")
        self.assertIn("3 pairs from 2 initializations", repr(summary))
        curve.diverged = True
        self.assertEqual(lmc.error_barrier(curve).verdict, "none")

    def test_temperatures_take_overconfidence_away(self):
        z = random.normal(size=(2000, 3))
        labels = (z + random.gumbel(size=z.shape)).argmax(axis=1)  # drawn from softmax(z)
        curve = lmc.make_curve(3, [z, 10 * z, z], labels=labels, keep_logits=True)
        barrier = lmc.calibrated_barrier(curve, labels)
        self.assertAlmostEqual(barrier.plain.value, softmax_loss(10 * z, labels) - softmax_loss(z, labels), delta=1e-9)
        self.assertGreater(barrier.plain.value, 1)
        self.assertLess(barrier.calibrated.value, 1e-4)
        self.assertEqual(barrier.difference, barrier.plain.value - barrier.calibrated.value)

    def test_small_functions(self):
        low, high = lmc.clopper_pearson(0, 5, 0.9)
        self.assertEqual(low, 0)
        self.assertAlmostEqual(high, 1 - 0.05 ** 0.2)
        comparison = lmc.paired_comparison([0] * 8, [1] * 8)
        self.assertEqual((comparison.pairs, comparison.shift), (8, 1))
        self.assertAlmostEqual(comparison.p, 2 / 2 ** 8)
        low, high = comparison.interval
        self.assertEqual((low, high), (1, 1))
        z = random.normal(size=(50, 4))
        labels = z.argmax(axis=1)
        other = np.roll(z, 1, axis=1)
        self.assertEqual(lmc.end_disagreement(z, other, labels).only_a_right, 50)
        self.assertEqual(lmc.linear_cka(z, z), 1)

    def test_divergence_is_data(self):
        curve = lmc.make_curve(3, [{"loss": x, "error": 0.5, "count": 4} for x in (1, float("nan"), 1)])
        self.assertTrue(np.isnan(lmc.loss_barrier(curve).value))
        self.assertEqual(lmc.error_barrier(curve).verdict, "none")


class Exact(unittest.TestCase):
    def test_exact_curve_is_what_every_alpha_gives(self):
        a, b = network(dtype=np.float32), network(dtype=np.float32)
        x, labels = random.normal(size=(60, 5)).astype(np.float32), random.integers(0, 3, 60)
        curve = lmc.exact_error_curve(a, b, x, labels)
        alphas, errors = curve.steps
        self.assertEqual(len(alphas), len(errors) + 1)
        self.assertGreater(len(errors), 5)
        wide = [[(w.astype(float), c.astype(float)) for w, c in end] for end in (a, b)]
        for left, right, error in zip(alphas, alphas[1:], errors):
            # Examples without active units share their logits, so that they flip together but for rounding.
            if right - left < 1e-12:
                continue
            t = (left + right) / 2
            mixed = [((1 - t) * wa + t * wb, (1 - t) * ca + t * cb) for (wa, ca), (wb, cb) in zip(*wide)]
            self.assertAlmostEqual(error, np.mean(logits_of(mixed, x.astype(float)).argmax(axis=1) != labels), delta=1e-12)
        flip_alphas, examples, wrong = curve.flips
        self.assertTrue((np.diff(flip_alphas) >= 0).all() and len(examples) == len(wrong) == len(flip_alphas))
        traced = lmc.traced_error_curve(a, b, x, labels)
        np.testing.assert_allclose(traced.flips[0], flip_alphas, atol=1e-9)
        barrier = lmc.exact_error_barrier(curve)
        grid = np.array([errors[0], errors[-1]])
        heights = [max(e - grid[0] - t * (grid[1] - grid[0]) for t in (l, r)) for l, r, e in zip(alphas, alphas[1:], errors)]
        self.assertAlmostEqual(barrier.value, max(heights), delta=1e-12)
        certified = lmc.certified_loss_barrier(a, b, x, labels)
        self.assertTrue(certified.converged)
        losses = []
        for t in np.linspace(0, 1, 2001):
            mixed = [((1 - t) * wa + t * wb, (1 - t) * ca + t * cb) for (wa, ca), (wb, cb) in zip(*wide)]
            losses.append(softmax_loss(logits_of(mixed, x.astype(float)), labels))
        highest = max(l - (1 - t) * losses[0] - t * losses[-1] for t, l in zip(np.linspace(0, 1, 2001), losses))
        self.assertTrue(highest <= certified.high and certified.low <= highest + 5e-3)  # the grid may miss a kink


class Alignment(unittest.TestCase):
    groups = {"fc1.weight": ["hidden", None], "fc1.bias": ["hidden"], "fc2.weight": [None, "hidden"]}

    def test_weight_matching_finds_a_planted_permutation(self):
        (w1, b1), (w2, b2) = network(hidden=20, dtype=np.float32)
        order = random.permutation(20)
        a = {"fc1.weight": w1, "fc1.bias": b1, "fc2.weight": w2, "fc2.bias": b2, "bn.mean": b1 + 1, "count": np.array(5)}
        b = {"fc1.weight": w1[order], "fc1.bias": b1[order], "fc2.weight": w2[:, order], "fc2.bias": b2, "bn.mean": b1[order] + 1,
             "count": np.array(7)}
        found = lmc.weight_matching(a, b, self.groups, buffers={"bn.mean": ["hidden"]})
        self.assertTrue(found.optimal)
        np.testing.assert_array_equal(order[found.permutations["hidden"]], np.arange(20))
        for name in a:
            np.testing.assert_array_equal(found.b[name], b[name] if name == "count" else a[name])
            self.assertEqual(found.b[name].dtype, b[name].dtype)
        self.assertGreater(found.objective_after, found.objective_before)
        again = lmc.permute(b, self.groups, found.permutations, buffers={"bn.mean": ["hidden"]})
        np.testing.assert_array_equal(again["fc2.weight"], a["fc2.weight"])

    def planted(self, count):
        """Networks that are one, each in another order of units, and the orders."""
        own = np.random.default_rng(11)
        w1, b1, w2 = own.normal(size=(12, 5)), own.normal(size=12), own.normal(size=(3, 12))
        orders = [np.arange(12), *(own.permutation(12) for _ in range(count - 1))]
        return orders, [{"fc1.weight": w1[p], "fc1.bias": b1[p], "fc2.weight": w2[:, p]} for p in orders]

    def test_frank_wolfe_finds_a_planted_permutation(self):
        orders, (a, b) = self.planted(2)
        found = lmc.frank_wolfe(a, b, self.groups, restarts=1, seed=3)
        for name in a:
            np.testing.assert_array_equal(found.b[name], a[name])
        self.assertTrue(found.optimal)
        np.testing.assert_array_equal(orders[1][found.permutations["hidden"]], np.arange(12))
        norm = sum(float(np.sum(array**2)) for array in a.values())
        self.assertAlmostEqual(found.objective_after, norm, places=9)
        self.assertAlmostEqual(found.objective_before, sum(float(np.sum(a[n] * b[n])) for n in a), places=9)
        # No worse than what it is given, whatever it would find by itself.
        start = lmc.frank_wolfe(a, b, self.groups, iterations=1, start=found.permutations)
        self.assertGreaterEqual(start.objective_after, found.objective_after)
        with self.assertRaisesRegex(lmc.Error, "no permutation for the group 'hidden'"):
            lmc.frank_wolfe(a, b, self.groups, start={})
        with self.assertRaisesRegex(lmc.Error, "start is no dictionary"):
            lmc.frank_wolfe(a, b, self.groups, start=[1])
        with self.assertRaisesRegex(lmc.Error, "tolerance = 2"):
            lmc.frank_wolfe(a, b, self.groups, tolerance=2)

    def test_common_order_is_that_of_the_first(self):
        orders, networks = self.planted(4)
        found = lmc.common_order(networks, self.groups)
        for order, permutations, moved in zip(orders, found.permutations, found.networks):
            np.testing.assert_array_equal(order[permutations["hidden"]], np.arange(12))
            for name in moved:
                np.testing.assert_array_equal(moved[name], networks[0][name])
        pairs = [(j, k) for k in range(4) for j in range(k)]
        for value, all_of in [(found.objective_before, networks), (found.objective_after, found.networks)]:
            self.assertAlmostEqual(value, sum(float(np.sum(all_of[j][n] * all_of[k][n])) for j, k in pairs for n in networks[0]), places=8)
        with self.assertRaisesRegex(lmc.Error, "no networks"):
            lmc.common_order([], self.groups)
        with self.assertRaisesRegex(lmc.Error, "network 1 has no array 'fc1.bias'"):
            lmc.common_order([networks[0], {name.replace("bias", "bas"): array for name, array in networks[1].items()}], self.groups)

    def test_a_split_axis(self):
        conv, dense = random.normal(size=(3, 2, 2, 2)), random.normal(size=(4, 3 * 5))
        groups = {"conv": ["channels", None, None, None], "dense": [None, {"split": [3, 5], "groups": ["channels", None]}]}
        order = [2, 0, 1]
        b = {"conv": conv[order], "dense": dense.reshape(4, 3, 5)[:, order].reshape(4, 15)}
        found = lmc.weight_matching({"conv": conv, "dense": dense}, b, groups)
        np.testing.assert_array_equal(found.b["dense"], dense)

    def test_bad_tables_are_refused(self):
        (w1, b1), (w2, b2) = network()
        a = {"fc1.weight": w1, "fc1.bias": b1, "fc2.weight": w2, "fc2.bias": b2}
        for groups, text in [({"fc1.weight": ["hidden", None]}, "occurs only in 'fc1.weight'"), ({"fc1.weigth": ["h", None]}, "fc1.weight"),
                             ({"fc1.weight": ["hidden"]}, "expected one for each axis"), ({"fc1.weight": "hidden"}, "expected a list"),
                             ({"fc1.weight": [3, None]}, "expected the name of a group"), ("hidden", "is no dictionary"),
                             ({"fc2.weight": [None, {"split": "x", "groups": []}]}, "positive whole numbers")]:
            with self.assertRaisesRegex(lmc.Error, text):
                lmc.weight_matching(a, a, groups)
        with self.assertRaisesRegex(lmc.Error, "b has no array 'fc1.bias'"):
            lmc.weight_matching(a, {**{k: v for k, v in a.items() if k != "fc1.bias"}, "other": b1}, self.groups)
        with self.assertRaisesRegex(lmc.Error, "expected the same"):
            lmc.weight_matching(a, {**a, "fc1.bias": b1[:-1]}, self.groups)
        with self.assertRaisesRegex(lmc.Error, "no permutation of 0"):
            lmc.permute(a, self.groups, {"hidden": [0] * 7})
        with self.assertRaisesRegex(lmc.Error, "no permutation for the group 'hidden'"):
            lmc.permute(a, self.groups, {})

    def test_repair_statistics(self):
        y = random.normal(3, 2, size=(1000, 4))
        scale, shift = lmc.repair_statistics(0.25, ([0, 1, 2, 3], [1, 1, 2, 2]), ([4, 1, 2, 3], [5, 1, 2, 2]), (y.mean(axis=0), y.std(axis=0)))
        repaired = scale * y + shift
        np.testing.assert_allclose(repaired.mean(axis=0), [1, 1, 2, 3], atol=1e-12)
        np.testing.assert_allclose(repaired.std(axis=0), [2, 1, 2, 2], atol=1e-12)
        scale, shift = lmc.repair_statistics(0.5, ([1], [1]), ([3], [1]), ([7], [0]))
        self.assertEqual((scale[0], shift[0]), (1, -5))
        with self.assertRaisesRegex(lmc.Error, "negative"):
            lmc.repair_statistics(0.5, ([1], [-1]), ([3], [1]), ([7], [0]))


class BadInput(unittest.TestCase):
    def refuse(self, text, call):
        with self.assertRaisesRegex(lmc.Error, text):
            call()

    def test_ends(self):
        ok = lambda t: np.array([False])  # noqa: E731
        path = lmc.linear_path
        self.refuse("a has 2 parameters and b 3", lambda: path(np.zeros(2), np.zeros(3), ok))
        self.refuse("a and b are empty", lambda: path(np.zeros(0), np.zeros(0), ok))
        self.refuse(r"float64 of shape \(2, 2\)", lambda: path(np.zeros((2, 2)), np.zeros((2, 2)), ok))
        self.refuse("convert them with astype", lambda: path(np.zeros(2, "f4"), np.zeros(2), ok))
        self.refuse("convert them with astype", lambda: path(np.zeros(2, "f2"), np.zeros(2, "f2"), ok))
        self.refuse("convert them with astype", lambda: path(np.zeros(2, ">f4"), np.zeros(2, ">f4"), ok))
        self.refuse("convert them with astype", lambda: path(["a"], ["b"], ok))
        self.refuse("the evaluator is int", lambda: path(np.zeros(2), np.zeros(2), 3))
        self.assertIsInstance(lmc.Error("x"), ValueError)

    def test_alphas(self):
        a, ok = np.zeros(2), lambda t: np.array([False])
        for alphas, text in [(1, "expected at least 2"), (-3, "expected at least 2"), ([0, 0.5], "does not end"), ([0.1, 1], "does not begin"),
                             ([0, 0.5, 0.5, 1], "not increasing"), ([0, float("nan"), 1], "not increasing"), ("25", "alphas is str"),
                             (None, "alphas is NoneType"), (2**40, "expected at most 1000000"), (2**70, "alphas is int"), (2.5, "alphas is float"), ([[0, 1]], "alphas is list")]:
            self.refuse(text, lambda alphas=alphas: lmc.linear_path(a, a, ok, alphas))
        self.assertEqual(len(lmc.linear_path(a, a, ok, np.int64(3))), 3)
        self.assertEqual(len(lmc.linear_path(a, a, ok, np.linspace(0, 1, 4))), 4)

    def test_what_the_evaluator_gives(self):
        def give(result, **options):
            return lambda: lmc.linear_path(np.zeros(2), np.zeros(2), lambda t: result, 3, **options)
        logits = np.zeros((4, 3))
        for result, options, text in [
                (None, {}, "is there a `return`"), (3, {}, "expected outcomes"), ("x", {}, "expected outcomes"), (np.zeros(4, int), {}, "expected outcomes"),
                (np.zeros((2, 2), bool), {}, "expected outcomes"), (np.zeros(0, bool), {}, "no example"), (logits, {}, "there are no labels"),
                (logits, {"labels": [0, 1, 2]}, "4 examples, and there are 3 labels"), (logits, {"labels": [0, 1, 2, 3]}, "label 3"),
                (logits, {"labels": [0, 1, 2, -1]}, "a label -1"), (logits, {"labels": [0.0, 1, 2, 1]}, "whole numbers"),
                (np.zeros(4), {"labels": [0, 1, 2, 1]}, "expected logits as"), (np.zeros((4, 1)), {"labels": [0, 0, 0, 0]}, "at least two classes"),
                ({}, {}, "no 'count'"), ({"loss": 1}, {}, "no 'count'"), ({"lost": 1, "count": 2}, {}, "did you mean 'loss'"),
                ({"loss": "x", "count": 1}, {}, "'loss' as str"), ({"error": 40, "count": 100}, {}, "not a percentage"),
                ({"loss": 1, "count": 0}, {}, "count = 0"), ({"count": 3}, {}, "expected one of them"),
                ({"wrong": np.zeros(0, bool), "count": 3}, {}, "no example"),
                ({"loss": 1, "error": 0.5, "wrong": [True, True]}, {}, "error = 0.5"), ({"loss": 1, "wrong": [1.0, 0.0]}, {}, "flat array of bool"),
                ({"loss": 1, "wrong": [2, 0]}, {}, "the outcome 2; expected 1 where wrong, 0 where right"),
                (np.array([1, 0]), {}, "if 1 means wrong, give {'wrong': x}"),
                (np.array([[0.25, 0.75], [1, 0]]), {"labels": [0, 1]}, r"these are probabilities, .* log\(p\)"),
                (np.array([[25, 75.0], [100, 0]]), {"labels": [0, 1]}, r"with the sum 100 .* log\(p / 100\)")]:
            with self.subTest(result=result, options=options):
                self.refuse(text, give(result, **options))
        for logits in ([[0.25, 0.75], [1, 0.5]], [[0.25, 0.75], [-1, 2]]):  # no distributions
            self.assertIsNotNone(give(np.array(logits), labels=[0, 1])())
        self.assertEqual(give({"wrong": [1, 0, 0]})(), give(np.array([True, False, False]))())
        self.refuse("these are probabilities", lambda: lmc.make_curve(2, np.full((2, 5, 4), 0.25), labels=[0, 1, 2, 3, 0]))
        counter = iter(range(1, 100))
        self.refuse("the same data set", lambda: lmc.linear_path(np.zeros(1), np.zeros(1), lambda t: np.zeros(next(counter), bool), 3))
        noise = iter(np.random.default_rng(1).random(100))
        self.refuse("draw random numbers", lambda: lmc.linear_path(np.zeros(1), np.zeros(1), lambda t: {"loss": next(noise), "count": 1}, 3))

    def test_curves(self):
        self.refuse("one for each α", lambda: lmc.make_curve(3, [np.array([True])] * 2))
        right = np.array([[True, True, False]] * 3)
        with self.assertWarnsRegex(UserWarning, "if your array says what is right, give its negation"):
            lmc.make_curve(3, right)
        with self.assertWarnsRegex(UserWarning, "if your array says what is right"):
            lmc.linear_path(np.zeros(2), np.ones(2), lambda theta: right[0], alphas=3)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            lmc.make_curve(3, ~right)
            lmc.make_curve(3, np.array([[[-1.0, 1.0]] * 3] * 3), labels=[0, 0, 1])  # logits of bad networks
            with self.assertRaises(UserWarning):
                lmc.make_curve(3, right)
        self.refuse("no error", lambda: lmc.error_barrier(lmc.make_curve(2, [{"loss": 1, "count": 1}] * 2)))
        curve = lmc.make_curve(3, np.zeros((3, 10), bool))
        self.refuse("threshold = 2", lambda: lmc.error_barrier(curve, threshold=2))
        self.refuse("metric", lambda: lmc.argmax_barrier(curve, "accuracy"))
        for barrier, instead in [(lmc.loss_barrier, "error_barrier"), (lmc.git_rebasin_barrier, "instability"),
                                 (lambda c: lmc.argmax_barrier(c, "loss"), "metric='error'"), (lambda c: lmc.midpoint_barrier(c, "loss"), "metric='error'")]:
            self.refuse(f"outcomes have no loss; .*; {instead} is of the error", lambda barrier=barrier: barrier(curve))
        self.refuse("folds", lambda: lmc.cross_fitted_barrier(curve, folds=1))
        self.refuse("at least two pairs", lambda: lmc.barrier_summary([curve]))
        self.refuse("midpoint", lambda: lmc.midpoint_barrier(lmc.make_curve(2, np.zeros((2, 10), bool))))
        self.refuse("no logits", lambda: lmc.logit_ensemble(curve, [0] * 10))
        with self.assertRaises(TypeError):
            lmc.error_barrier([1, 2, 3])

    def test_networks(self):
        a, x, labels = network(), np.zeros((4, 5)), [0, 1, 2, 0]
        for bad_a, bad_x, bad_labels, text in [
                (a[:1], x, labels, "a has 1 layers"), (a, x[:, :4], labels, "in = 4"), (a, x, labels[:3], "4 inputs and 3 labels"), (a, x, [0, 1, 2, 3], "label 3"),
                ([(a[0][0],), a[1]], x, labels, "is no pair"), ([(a[0][0], np.zeros(3)), a[1]], x, labels, "3 biases"),
                ([(a[0][0] * np.nan, a[0][1]), a[1]], x, labels, "at a is nan; expected finite numbers"), (a, x[0], labels, "2 axes")]:
            self.refuse(text, lambda: lmc.exact_error_curve(bad_a, a, bad_x, bad_labels))
        for at_b, bad_labels in ((np.zeros((2, 6)), labels), (np.zeros((2, 6)), labels[:2]), (np.zeros((4, 3)), labels[:2])):
            self.refuse("expected .examples, classes. twice", lambda: lmc.end_disagreement(np.zeros((4, 3)), at_b, bad_labels))
        for bad_x in (np.zeros((5, 4)), x[:2], x[:, :4]):
            self.refuse("4 examples, one for each label, of 5 numbers", lambda: lmc.traced_error_curve(a, a, bad_x, labels))
        none = [(np.zeros((0, 5)), None), (np.zeros((3, 0)), None)]
        self.refuse("at least one unit", lambda: lmc.exact_error_curve(none, none, x, labels))
        self.refuse("slope = 2", lambda: lmc.exact_error_curve(a, a, x, labels, slope=2))
        self.refuse("width = 0", lambda: lmc.certified_loss_barrier(a, a, x, labels, width=0))
        self.refuse("a has 2 layers and b 1", lambda: lmc.traced_error_curve(a, a[:1], x, labels))


class Texts(unittest.TestCase):
    def test_every_name_has_help_and_a_stub(self):
        stub = ast.parse((ROOT / "python/lmc/__init__.pyi").read_text())
        typed = {node.name: node for node in stub.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        for name in lmc.__all__[1:]:
            thing = getattr(lmc, name)
            self.assertIn(name, typed, "add it to __init__.pyi")
            self.assertGreater(len(thing.__doc__ or ""), 30, name)
            if isinstance(typed[name], ast.FunctionDef):
                signature = thing.__doc__.splitlines()[0]
                arguments = typed[name].args
                for argument in arguments.args + arguments.kwonlyargs:
                    self.assertIn(argument.arg + ":", signature, name)
                self.assertEqual(signature.count(": "), len(arguments.args + arguments.kwonlyargs), signature)
            elif name != "Error":
                properties = {n.name for n in typed[name].body if isinstance(n, ast.FunctionDef) and n.decorator_list}
                properties |= {n.target.id for n in typed[name].body if isinstance(n, ast.AnnAssign)}
                self.assertEqual(properties, {n for n, v in vars(thing).items() if isinstance(v, property)}, name)
        self.assertEqual({n for n in typed if n != "SplitAxis"}, set(lmc.__all__[1:]))

    def test_version(self):
        text = (ROOT / "include/lmc/core/version.hpp").read_text()
        self.assertIn(f'version = "{lmc.__version__}"', text)

    def test_figure(self):
        curve = lmc.make_curve(5, random.random((5, 100)) < 0.2)
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "curve.svg"
            try:
                lmc.save_curve_figure(path, curve, title="a pair")
            except lmc.Error as error:
                self.skipTest(str(error))
            self.assertIn("a pair", path.read_text())
            with self.assertRaises(lmc.Error):
                lmc.save_curve_figure(pathlib.Path(directory) / "curve.docx", curve)


if __name__ == "__main__":
    unittest.main()
