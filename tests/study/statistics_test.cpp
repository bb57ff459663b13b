// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/statistics.hpp"
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <numbers>
#include <vector>

namespace study_statistics_test {

namespace {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::study::holm;
using lmc::study::mean_estimate;
using lmc::study::OneSided;

struct MeanInterval {
  std::vector<double> values;
  std::array<double, 2> interval;
};
struct Binomial {
  lmc::Index successes, trials;
  std::array<double, 3> probability_above_below;
};

#include "statistics_reference.inc"

}  // namespace

// Relative, as tails are small: 1e-11 is a thousand times what both sides' series are good for, and any wrong term is far more.
// SciPy's quantiles are good to 1e-9: of 9 degrees of freedom it has 2.26215716270, tables 2.26215716280.
TEST_CASE("Student's distribution: as SciPy has it, far out, too", "[study]") {
  for (const auto& [t, freedom, tail] : student_tails) {
    CAPTURE(t, freedom);
    CHECK_THAT(lmc::study::student_t_tail(t, freedom), WithinRel(tail, 1e-11));
  }
  for (const auto& [tail, freedom, t] : student_quantiles) {
    CAPTURE(tail, freedom);
    CHECK_THAT(lmc::study::student_t_quantile(tail, freedom), WithinRel(t, 1e-8));
    CHECK_THAT(lmc::study::student_t_tail(lmc::study::student_t_quantile(tail, freedom), freedom), WithinRel(tail, 1e-12));
  }
}

TEST_CASE("mean_estimate: as SciPy has it", "[study]") {
  for (const auto& [values, interval] : mean_intervals) {
    CAPTURE(values);
    const auto e = mean_estimate(values);
    CHECK_THAT(e.interval.low, WithinRel(interval[0], 1e-9));
    CHECK_THAT(e.interval.high, WithinRel(interval[1], 1e-9));
  }
}

TEST_CASE("binomial_test: as SciPy has it", "[study]") {
  for (const auto& [successes, trials, numbers] : binomial_tests) {
    CAPTURE(successes, trials);
    const OneSided p = lmc::study::binomial_test(successes, trials, numbers[0]);
    CHECK_THAT(p.above, WithinRel(numbers[1], 1e-9));
    CHECK_THAT(p.below, WithinRel(numbers[2], 1e-9));
  }
  CHECK_THROWS_WITH(lmc::study::binomial_test(3, 2, 0.5), Catch::Contains("binomial_test: 3 successes of 2 trials at 0.5"));
  CHECK_THROWS_WITH(lmc::study::binomial_test(0, 0, 0.5), Catch::Contains("at least one trial"));
  CHECK_THROWS_WITH(lmc::study::binomial_test(0, 1, 1), Catch::Contains("between 0 and 1"));
}

TEST_CASE("mean_estimate: equal values are no spread, and one value is no interval", "[study]") {
  const std::vector<double> equal(5, 0.1);  // whose sum is not 0.5
  const auto e = mean_estimate(equal);
  CHECK(e.mean == 0.1);
  CHECK(e.interval == lmc::Interval{0.1, 0.1});
  const std::vector<double> one{3};
  CHECK(mean_estimate(one).mean == 3);
  CHECK(std::isnan(mean_estimate(one).interval.low));
  CHECK(std::isnan(mean_estimate({}).mean));
}

TEST_CASE("mean_estimate: of five normal values the interval covers the mean 95 times in 100", "[study][long]") {
  int covered = 0;
  constexpr int trials = 20000;
  for (std::uint32_t trial = 0; trial < trials; ++trial) {
    std::vector<double> values;
    for (std::uint64_t i = 0; i < 5; ++i)
      values.push_back(0.3 + 0.1 * lmc::normal({.seed = 1, .purpose = lmc::Purpose::bootstrap, .epoch = trial}, i));
    const auto e = mean_estimate(values);
    covered += e.interval.low <= 0.3 && 0.3 <= e.interval.high ? 1 : 0;
  }
  // A share of 20000 has a standard deviation of 0.0015; with the normal quantile in place of Student's it would be 0.88.
  CHECK_THAT(covered / double{trials}, WithinAbs(0.95, 0.006));
}

TEST_CASE("mean_estimate: what it does with five skewed values is as bad as its comment says, and no worse", "[study][long]") {
  int covered = 0, too_low = 0;
  constexpr int trials = 20000;
  for (std::uint32_t trial = 0; trial < trials; ++trial) {
    std::vector<double> values;
    for (std::uint64_t i = 0; i < 5; ++i)
      values.push_back(-std::log1p(-lmc::uniform({.seed = 2, .purpose = lmc::Purpose::bootstrap, .epoch = trial}, i)));
    const auto e = mean_estimate(values);
    covered += e.interval.low <= 1 && 1 <= e.interval.high ? 1 : 0;
    too_low += e.interval.high < 1 ? 1 : 0;
  }
  CHECK_THAT(covered / double{trials}, WithinAbs(0.88, 0.01));
  CHECK_THAT(too_low / double{trials}, WithinAbs(0.11, 0.01));
}

TEST_CASE("holm: the smallest level at which his procedure rejects", "[study]") {
  for (const auto& [p, adjusted] : holm_adjustments) {
    const std::vector<double> got = holm(p);
    REQUIRE(got.size() == adjusted.size());
    for (std::size_t i = 0; i < p.size(); ++i) CHECK_THAT(got[i], WithinAbs(adjusted[i], 1e-12));
  }
  CHECK(holm({}).empty());
}

}  // namespace study_statistics_test
