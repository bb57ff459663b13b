#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""mutation_test.py FOLDER: what tests/mutation plants where, and that run.py tells what is caught from what is not, in a small tree of
its own."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(FOLDER))
from faults import Finder, with_choice, with_fault  # noqa: E402
from report import clopper_pearson  # noqa: E402
from tokens import Tokens  # noqa: E402


def faults(source, kind):
    """[(right, faulty), ...]"""
    return [(source[edit.start:edit.end], edit.faulty) for fault in Finder("x.hpp", source, ["order", "split"]).faults
            if fault.kind == kind for edit in fault.edits]


class Planted(unittest.TestCase):
    def test_tokens_know_comments_texts_and_brackets(self):
        tokens = Tokens('f<A>(1\'000, 0x1p-3) // a - b\n  < R"x(a - ")x" >= \'"\' /* + */;\n#if 1 + 1\nstd::vector<std::set<int>> v;')
        self.assertEqual([t.text for t in tokens], ["f", "<", "A", ">", "(", "1'000", ",", "0x1p-3", ")", "<", 'R"x(a - ")x"', ">=", "'\"'",
                                                    ";", "std", "::", "vector", "<", "std", "::", "set", "<", "int", ">", ">", "v", ";"])
        self.assertEqual((tokens.partner[1], tokens.partner[4], tokens.partner[17], 9 in tokens.partner), (3, 8, 24, False))

    def test_constants_and_messages_stay(self):
        for source in ("static_assert(1 + 1 == 2);", "constexpr int k = 1 + 2;", "if constexpr (a < b) f();", "enum class E { a = 1 };",
                       "template <int n = 1 + 2>", "case 1 + 2: break;", "f(sizeof(a - b));",
                       "template <class T>\n  requires A<T> && B<T>\n",
                       "[[nodiscard(1)]] int f();", "throw Error(a - b);", "void f() noexcept(a < b);", "assert(a < b);"):
            found = [f for f in Finder("x.hpp", source).faults if f.kind != "missing term"]
            self.assertEqual(found, [], source)
        self.assertEqual(faults('require(a < b, "a = ", a - 1);', "bound"), [("a < b", "a <= b")])
        self.assertEqual(faults('require(a < b, "a = ", a - 1);', "sign"), [])
        self.assertEqual(faults("constexpr int f(int a) { return a - b; }", "sign"), [("a - b", "a + b")])

    def test_an_expression_ends_where_its_operator_binds_less(self):
        self.assertEqual(faults("x = a + b * c - d < e && f;", "sign"),
                         [("a + b * c - d", "a - b * c - d"), ("a + b * c - d", "a + b * c + d")])
        self.assertEqual(faults("return a << 1 < b || c;", "bound"),
                         [("a << 1 < b", "a << 1 <= b"), ("a << 1 < b || c", "a << 1 < b && c")])
        self.assertEqual(faults("if (a) { f(); } sum += g(b - T{1} - c);", "sign"),
                         [("sum += g(b - T{1} - c)", "sum -= g(b - T{1} - c)"),
                          ("b - T{1} - c", "b + T{1} - c"), ("b - T{1} - c", "b - T{1} + c")])
        self.assertEqual(faults("y = -f(x).g[1] * 2;", "sign"), [("-f(x).g[1]", "f(x).g[1]")])

    def test_every_kind_is_found(self):
        self.assertEqual(faults("; x = a + b * c - d;", "missing term"),
                         [("x = a + b * c - d;", ""), ("a + b * c - d", "a - d"), ("b * c", "b"), ("a + b * c - d", "a + b * c")])
        self.assertEqual(faults("if (a) f(b); else g.h[i] = 2;", "missing term"), [("f(b);", ""), ("g.h[i] = 2;", "")])
        self.assertEqual(faults("int f(T x);\nauto x = [&](T i) { return i; };", "missing term"), [])
        self.assertEqual(faults("n = std::min<long>(a, b);", "bound"), [("std::min<long>(a, b)", "std::max<long>(a, b)")])
        self.assertEqual(faults("auto [u, v] = x[0] + x[2] + x[i + 1];", "wrong index"), [("0", "1"), ("2", "1"), ("i + 1", "0 * (i + 1)")])
        self.assertEqual(faults("f<T>(a, g(b, b)); void h(int i, const T& x);", "swapped arguments"), [("a", "g(b, b)"), ("g(b, b)", "a")])
        self.assertEqual(faults("for (int i = 0; i < n; i += block) {}", "off by one"), [("0", "1"), ("block", "block + 1")])
        self.assertEqual(faults("Stream{.purpose = Purpose::split}", "wrong seed purpose"), [("Purpose::split", "Purpose::order")])
        self.assertEqual(faults("const std::lock_guard lock(m_);", "dropped synchronization"), [("const std::lock_guard lock(m_);", "")])
        critical = "{\n#pragma omp critical(name)\n  if (a) {\n    b = 1;\n  }\n}"
        self.assertEqual(faults(critical, "dropped synchronization"), [("\n#pragma omp critical(name)", "")])

    def test_lines_keep_their_numbers(self):
        source = "int f(int a,  // one\n      int b) {\n  return a +\n         b;  // two\n}\n"
        for number, fault in enumerate(Finder("x.hpp", source).faults):
            self.assertEqual(with_choice(source, {number: fault}).count("\n"), source.count("\n"))
        sign = next(fault for fault in Finder("x.hpp", source).faults if fault.kind == "sign")
        self.assertEqual(with_fault(source, sign), source.replace("a +\n         b", "a - b"))

    def test_limits_are_those_of_clopper_and_pearson(self):
        # R: binom.test(k, n)$conf.int
        for (k, n), (low, high) in {(0, 10): (0, 0.3084971), (10, 10): (0.6915029, 1), (3, 20): (0.03207094, 0.3789268)}.items():
            self.assertAlmostEqual(clopper_pearson(k, n)[0], low, 6)
            self.assertAlmostEqual(clopper_pearson(k, n)[1], high, 6)


HEADER = """#pragma once
#include <mutex>
namespace lmc {
inline std::mutex mutex;
constexpr int twice(int a) { return 2 * a; }
static_assert(twice(2) == 4);
template <class T>
T weighted(const T* x, const T* w, int n) {
  T sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i] * w[i];
  return sum - 1;
}
inline int locked(int a) {
  const std::lock_guard lock(mutex);
#pragma omp critical(name)
  if (a > 100) {
    a = 100;
  }
  return a;
}
inline int forgotten(int a) { return a - 7; }
inline long first(int a, long) { return a; }
inline long of_two_types(int a, long b) { return first(a, b); }
inline bool less(int a, int b) { return a < b; }
}
"""
TEST = """#include <lmc/a/x.hpp>
bool passes() {
  const double x[]{1, 2, 5, 9}, w[]{3, 0.5, 7, 9};
  return lmc::twice(3) == 6 && lmc::weighted(x, w, 3) == 38 && lmc::locked(3) == 3 && lmc::locked(200) == 100 &&
         lmc::of_two_types(1, 2) == 1 && lmc::less(1, 2);
}
"""


class Run(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        for name in ("include/lmc/a", "tests/a", "tests/support"):
            (self.root / name).mkdir(parents=True)
        shutil.copytree(FOLDER, self.root / "tests/mutation", ignore=shutil.ignore_patterns("__pycache__"))
        (self.root / "include/lmc/a/x.hpp").write_text(HEADER)
        (self.root / "tests/a/x_test.cpp").write_text(TEST)
        (self.root / "tests/main.cpp").write_text("bool passes();\nint main() { return passes() ? 0 : 1; }\n")

    def run_script(self, *options):
        done = subprocess.run([sys.executable, self.root / "tests/mutation/run.py", "--jobs", "1", *options],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def outcomes(self):
        lines = (self.root / "build/mutation/results.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines[1:]]

    def test_what_the_test_calls_is_caught(self):
        status, out, err = self.run_script("--faults", "1000")
        self.assertEqual((status, err), (0, ""))
        outcomes = self.outcomes()
        found = {name: {(o["line"], o["kind"]) for o in outcomes if o["outcome"] == name}
                 for name in ("caught", "survived", "not reached", "unusable")}
        self.assertLessEqual({5, 10, 11, 17}, {line for line, _ in found["caught"]})
        # Without threads nothing tells whether there is a lock, and the test compares no equal numbers.
        self.assertLessEqual({(14, "dropped synchronization"), (15, "dropped synchronization"), (24, "bound")}, found["survived"])
        self.assertEqual({line for line, _ in found["not reached"]}, {21})
        self.assertEqual(found["unusable"], {(23, "swapped arguments")})
        self.assertRegex(out, r"include/lmc/a/x.hpp:21: .*, not reached; tried: a/x\n-inline int forgotten.*\n\+inline int forgotten")

        # A finished run has nothing left to do; with a test for what was forgotten, that is caught.
        self.run_script("--faults", "1000")
        self.assertEqual(self.outcomes(), outcomes)
        (self.root / "tests/a/y_test.cpp").write_text("#include <lmc/a/x.hpp>\nbool passes() { return lmc::forgotten(9) == 2; }\n")
        self.run_script("--faults", "1000", "--again", "--with", "a/y")
        again = self.outcomes()[len(outcomes):]
        self.assertEqual({(o["outcome"], o["test"]) for o in again if o["line"] == 21}, {("caught", "a/y")})
        self.assertEqual([(o["outcome"], o["tried"]) for o in again if o["line"] == 24], [("survived", ["a/x", "a/y"])])
        status, _, err = self.run_script("--with", "a/z")
        self.assertEqual((status, "there is no tests/a/z_test.cpp" in err), (2, True))

        # Outcomes for one state of the headers are not mixed with those for another.
        (self.root / "include/lmc/a/x.hpp").write_text(HEADER.replace("- 7", "- 8"))
        status, _, err = self.run_script()
        self.assertEqual((status, "of another draw or of other headers" in err), (1, True))


if __name__ == "__main__":
    unittest.main()
