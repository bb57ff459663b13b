#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare_test.py COMPARE: benchmarks/compare.py notices planted slowdowns, is silent on noise, and refuses what it cannot read."""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

COMPARE = os.path.abspath(sys.argv.pop(1))


def google(times, errors=(), program=""):
    """times: name -> seconds of each repetition."""
    rows = []
    for name, seconds in times.items():
        for i, s in enumerate(seconds):
            row = {"name": f"{name}/repeats:{len(seconds)}", "run_name": name, "run_type": "iteration", "repetition_index": i,
                   "real_time": s * 1e9, "cpu_time": 1.0, "time_unit": "ns"}
            if name in errors:
                row |= {"error_occurred": True, "error_message": "differs"}
            rows.append(row)
        rows.append({"name": name + "_mean", "run_name": name, "run_type": "aggregate", "aggregate_name": "mean",
                     "real_time": 1e30, "cpu_time": 1.0, "time_unit": "ns"})
    return {"context": {"executable": program} if program else {}, "benchmarks": rows}


def versus(rates, torch=None, invalid=""):
    return {"program": "versus_torch", "machine": {}, "rows": [
        {"name": name, "lmc": {"rates": r},
         "opponents": [{"name": "libtorch", "invalid": invalid, "side": {"rates": torch or [100.0] * len(r)}}]}
        for name, r in rates.items()]}


def rows_of(out):
    """Verdict by benchmark."""
    cells = [re.split(" {2,}", line) for line in out.splitlines()]
    return {row[1]: row[0] for row in cells if row[0] and len(row) > 2}


def noisy(random_numbers, seconds, spread, count):
    return [seconds * random_numbers.lognormvariate(0, spread) for _ in range(count)]


class Compare(unittest.TestCase):
    def run_compare(self, before, after):
        """A list of contents becomes a folder of files."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("before.json", "after.json")]
            for path, content in zip(paths, (before, after)):
                files = {path: content}
                if isinstance(content, list):
                    os.mkdir(path)
                    files = {os.path.join(path, f"{i}.json"): part for i, part in enumerate(content)}
                for name, part in files.items():
                    with open(name, "w", encoding="utf-8") as file:
                        file.write(part if isinstance(part, str) else json.dumps(part))
            done = subprocess.run([sys.executable, COMPARE, *paths], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout, done.stderr

    def test_a_planted_slowdown_beyond_the_noise_is_found_and_named(self):
        numbers = random.Random(1)
        before = {f"kernel{i}": noisy(numbers, 1e-6 * (i + 1), 0.01, 7) for i in range(20)}
        after = {f"kernel{i}": noisy(numbers, 1e-6 * (i + 1) * (1.15 if i == 7 else 1), 0.01, 7) for i in range(20)}
        status, out, _ = self.run_compare(google(before), google(after))
        self.assertEqual(status, 1)
        self.assertEqual([name for name, verdict in rows_of(out).items() if verdict == "SLOWER"], ["kernel7"])

    def test_a_slowdown_that_the_spread_of_the_repetitions_covers_is_not_one(self):
        quiet = google({"a": [1.00, 1.01, 0.99, 1.00, 1.01]}), google({"a": [1.10, 1.11, 1.09, 1.10, 1.11]})
        loud = google({"a": [1.00, 1.15, 0.90, 1.20, 0.85]}), google({"a": [1.10, 1.25, 1.00, 1.30, 0.95]})
        self.assertEqual(self.run_compare(*quiet)[0], 1)
        status, out, _ = self.run_compare(*loud)
        self.assertEqual((status, rows_of(out)), (0, {"a": "noisy"}))
        self.assertIn("1 too noisy to tell", out)

    def test_noise_alone_is_silent(self):
        # 2 % of noise, and one repetition in ten disturbed by 30 %. In 10,000 such benchmarks of nine repetitions none was slower
        # by the rule, of five repetitions 27.
        numbers = random.Random(2)

        def times():
            return [t * (1.3 if numbers.random() < 0.1 else 1) for t in noisy(numbers, 1e-3, 0.02, 9)]

        before, after = ({f"b{i}": times() for i in range(1000)} for _ in range(2))
        _, out, _ = self.run_compare(google(before), google(after))
        self.assertLessEqual(sum(verdict == "SLOWER" for verdict in rows_of(out).values()), 2)

    def test_one_disturbed_repetition_is_not_a_slowdown(self):
        self.assertEqual(self.run_compare(google({"a": [1, 1, 1, 1, 1]}), google({"a": [1, 1, 9, 1, 1]}))[0], 0)

    def test_a_slowdown_that_not_every_repetition_shows_is_none(self):
        self.assertEqual(self.run_compare(google({"a": [1, 1, 1, 1, 1]}), google({"a": [1.2, 1.2, 1.2, 1.2, 1.2]}))[0], 1)
        self.assertEqual(self.run_compare(google({"a": [1, 1, 1, 1, 1]}), google({"a": [0.9, 1.2, 1.2, 1.2, 1.2]}))[0], 0)

    def test_what_got_faster_is_told_and_is_no_failure(self):
        status, out, _ = self.run_compare(google({"a": [1, 1, 1]}), google({"a": [0.5, 0.5, 0.5]}))
        self.assertEqual(status, 0)
        self.assertRegex(out, r"faster +a +1 \(1-1\) s +500 \(500-500\) ms +-50.0% +3.0%")

    def test_single_measurements_have_a_wide_limit(self):
        self.assertEqual(self.run_compare(google({"a": [1.0]}), google({"a": [1.1]}))[0], 0)
        self.assertEqual(self.run_compare(google({"a": [1.0]}), google({"a": [1.2]}))[0], 1)

    def test_a_benchmark_that_is_gone_is_a_failure_and_a_new_one_is_not(self):
        status, out, _ = self.run_compare(google({"a": [1], "b": [1]}), google({"a": [1]}))
        self.assertEqual((status, rows_of(out)), (1, {"a": "same", "b": "GONE"}))
        status, out, _ = self.run_compare(google({"a": [1]}), google({"a": [1], "b": [1]}))
        self.assertEqual((status, rows_of(out)), (0, {"a": "same", "b": "new"}))

    def test_equal_times_are_the_same(self):
        status, out, _ = self.run_compare(google({"a": [1, 1, 1], "b": [2, 2, 2]}), google({"a": [1, 1, 1], "b": [2, 2, 2]}))
        self.assertEqual((status, rows_of(out)), (0, {"a": "same", "b": "same"}))

    def test_the_files_of_a_folder_are_repetitions(self):
        # Three files of one repetition have a noise, and so a limit of 3 %; one has 15 %.
        self.assertEqual(self.run_compare([google({"a": [1]})] * 3, [google({"a": [1.1]})] * 3)[0], 1)
        self.assertEqual(self.run_compare([google({"a": [1]})], [google({"a": [1.1]})])[0], 0)

    def test_benchmarks_of_one_name_in_two_programs_are_two(self):
        before = [google({"a": [1, 1, 1]}, program="build/x"), google({"a": [5, 5, 5]}, program="build/y")]
        after = [google({"a": [1, 1, 1]}, program="other/x"), google({"a": [6, 6, 6]}, program="other/y")]
        status, out, _ = self.run_compare(before, after)
        self.assertEqual((status, rows_of(out)), (1, {"x a": "same", "y a": "SLOWER"}))

    def test_of_versus_torch_a_lower_rate_of_lmc_is_slower_whatever_libtorch_does(self):
        before = versus({"cnn": [100.0, 101.0, 99.0]})
        status, out, _ = self.run_compare(before, versus({"cnn": [80.0, 81.0, 79.0]}))
        self.assertEqual(status, 1)
        self.assertRegex(out, r"SLOWER +cnn .*\+25.0%")
        status, out, _ = self.run_compare(before, versus({"cnn": [100.0, 101.0, 99.0]}, torch=[50.0, 50.0, 50.0]))
        self.assertEqual(status, 0)
        self.assertIn("libtorch itself, in the median over the workloads: +100.0%", out)

    def test_a_row_that_became_void_is_a_failure(self):
        self.assertEqual(self.run_compare(versus({"a": [1.0], "b": [1.0]}),
                                          {"program": "versus_torch",
                                           "rows": versus({"a": [1.0]})["rows"] + versus({"b": [1.0]}, invalid="loss")["rows"]})[0], 1)

    def test_what_cannot_be_compared_is_said_and_never_passes(self):
        good = google({"a": [1.0]})
        for bad, text in [("{", "before.json"), ("[]", "before.json"), ([], "the folder holds no .json file"), ({"benchmarks": []}, "holds no result"),
                          ({"benchmarks": [{}]}, "has no"), ({"rows": []}, "expected the JSON of Google Benchmark"),
                          (google({"a": [1.0]}, errors=["a"]), "a: differs"), (google({"a": [0.0]}), "not positive"),
                          (versus({"a": [0.0]}), "before.json"), (google({"z": [1.0]}), "no benchmark in common"),
                          ({"benchmarks": google({"a": [1.0]})["benchmarks"][1:]}, "aggregates alone")]:
            with self.subTest(bad=bad):
                status, _, err = self.run_compare(bad, good)
                self.assertEqual(status, 2)
                self.assertIn(text, err)


if __name__ == "__main__":
    unittest.main()
