// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/clopper_pearson.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <lmc/core/shape.hpp>

namespace connectivity_clopper_pearson_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

/// P(X = k) for k = 0, …, n, by Pascal's rule.
std::vector<double> probabilities(lmc::Index n, double p) {
  std::vector<double> row = {1};
  for (lmc::Index i = 0; i < n; ++i) {
    std::vector<double> next(row.size() + 1);
    for (std::size_t k = 0; k < row.size(); ++k) {
      next[k] += row[k] * (1 - p);
      next[k + 1] += row[k] * p;
    }
    row = next;
  }
  return row;
}

}  // namespace

TEST_CASE("clopper_pearson: gives published limits", "[connectivity]") {
  struct Case {
    lmc::Index successes, trials;
    double level, low, high, precision;
  };
  for (const auto& [successes, trials, level, low, high, precision] : {
           Case{9, 24, 0.95, 0.1879929, 0.5940636, 1e-7},       // R's binom.test
           Case{1, 1497, 0.9, 3.426347e-5, 3.164954e-3, 1e-9},  // R's binom.test
           Case{0, 10, 0.95, 0, 0.3085, 5e-5},                  // tables of Clopper and Pearson's limits
           Case{1, 10, 0.95, 0.0025, 0.4450, 5e-5},
           Case{5, 10, 0.95, 0.1871, 0.8129, 5e-5},
       }) {
    CAPTURE(successes, trials);
    CHECK_THAT(lmc::clopper_pearson(successes, trials, level).low, WithinAbs(low, precision));
    CHECK_THAT(lmc::clopper_pearson(successes, trials, level).high, WithinAbs(high, precision));
  }
}

TEST_CASE("clopper_pearson: of none and of all the limits are known in closed form", "[connectivity]") {
  for (const lmc::Index n : {1, 2, 5, 59, 1000, 100000}) {
    CAPTURE(n);
    const double root = std::pow(0.025, 1 / static_cast<double>(n));
    CHECK(lmc::clopper_pearson(0, n).low == 0);
    CHECK_THAT(lmc::clopper_pearson(0, n).high, WithinRel(1 - root, 1e-7));
    CHECK_THAT(lmc::clopper_pearson(n, n).low, WithinRel(root, 1e-9));
    CHECK(lmc::clopper_pearson(n, n).high == 1);
  }
  // The one-sided bounds at 95 % of 0 of 5 and of 0 of 59.
  CHECK_THAT(lmc::clopper_pearson(0, 5, 0.9).high, WithinAbs(0.4507, 5e-5));
  CHECK_THAT(lmc::clopper_pearson(0, 59, 0.9).high, WithinAbs(0.0495, 5e-5));
}

TEST_CASE("clopper_pearson: each tail at its limit has half of what the level leaves", "[connectivity]") {
  for (const double level : {0.5, 0.9, 0.95, 0.999})
    for (lmc::Index k = 0; k <= 12; ++k) {
      CAPTURE(level, k);
      const lmc::Interval interval = lmc::clopper_pearson(k, 12, level);
      double above = 0, below = 0;
      for (lmc::Index j = 0; j <= 12; ++j) {
        const auto at = static_cast<std::size_t>(j);
        if (j >= k) above += probabilities(12, interval.low)[at];
        if (j <= k) below += probabilities(12, interval.high)[at];
      }
      if (k > 0) CHECK_THAT(above, WithinRel((1 - level) / 2, 1e-10));
      if (k < 12) CHECK_THAT(below, WithinRel((1 - level) / 2, 1e-10));
    }
}

TEST_CASE("clopper_pearson: contains every p at least as often as it says", "[connectivity]") {
  for (double p = 0.01; p < 1; p += 0.01) {  // NOLINT(clang-analyzer-security.FloatLoopCounter)
    double covered = 0;
    for (lmc::Index k = 0; k <= 15; ++k) {
      const lmc::Interval interval = lmc::clopper_pearson(k, 15);
      if (interval.low <= p && p <= interval.high) covered += probabilities(15, p)[static_cast<std::size_t>(k)];
    }
    CAPTURE(p);
    CHECK(covered >= 0.95);
  }
}

TEST_CASE("clopper_pearson: says which input is impossible", "[connectivity]") {
  CHECK_THROWS_WITH(lmc::clopper_pearson(0, 0),
                    Contains("clopper_pearson: 0 successes of 0 trials; expected at least one trial"));
  CHECK_THROWS_WITH(lmc::clopper_pearson(6, 5), Contains("6 successes of 5 trials"));
  CHECK_THROWS_WITH(lmc::clopper_pearson(-1, 5), Contains("-1 successes of 5 trials"));
  for (const double level : {0.0, 1.0, 95.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(lmc::clopper_pearson(1, 5, level), Contains("clopper_pearson: level = ") && Contains("as 0.95"));
}

}  // namespace connectivity_clopper_pearson_test
