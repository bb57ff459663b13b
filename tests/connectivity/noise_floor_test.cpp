// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/noise_floor.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"
#include "support/simulated_outcomes.hpp"

namespace connectivity_noise_floor_test {

namespace {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using Row = std::vector<bool>;

lmc::NoiseFloor floor_of(const std::vector<Row>& rows) { return lmc::noise_floor(testing::curve(rows)).value(); }

double maximum(const std::vector<Row>& rows) {
  const lmc::Curve curve = testing::curve(rows);
  double top = 0;
  for (const lmc::CurvePoint& p : curve.points) top = std::max(top, lmc::detail::above_chord(curve, p, lmc::Metric::error));
  return top;
}

/// The same from copies of whole examples, with other random numbers.
lmc::NoiseFloor slow_floor(const std::vector<Row>& rows, std::uint32_t resamples) {
  const std::size_t alphas = rows.front().size();
  const auto heights = [&](auto row_at) {
    std::vector<double> error(alphas), height(alphas);
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t k = 0; k < alphas; ++k) error[k] += row_at(i)[k] ? 1.0 / static_cast<double>(rows.size()) : 0;
    for (std::size_t k = 0; k < alphas; ++k) {
      const double alpha = static_cast<double>(k) / static_cast<double>(alphas - 1);
      height[k] = error[k] - (1 - alpha) * error.front() - alpha * error.back();
    }
    return height;
  };
  const auto g = heights([&](std::size_t i) -> const Row& { return rows[i]; });
  std::vector<double> rises;
  double sum = 0;
  for (std::uint32_t resample = 0; resample < resamples; ++resample) {
    const auto drawn = heights(
        [&](std::size_t i) -> const Row& { return rows[lmc::uniform_below({.seed = 99, .epoch = resample}, i, rows.size())]; });
    double rise = 0;
    for (std::size_t k = 0; k < alphas; ++k) rise = std::max(rise, drawn[k] - g[k]);
    rises.push_back(rise);
    sum += rise;
  }
  std::sort(rises.begin(), rises.end());
  return {sum / resamples, rises[resamples * 95 / 100 - 1]};
}

}  // namespace

TEST_CASE("noise_floor: agrees with resampling whole examples", "[connectivity][long]") {
  for (const double bump : {0.0, 0.1}) {
    CAPTURE(bump);
    const auto rows = testing::simulated_outcomes({.examples = 300, .churn = 0.2, .bump = bump, .seed = 4});
    const lmc::NoiseFloor fast = floor_of(rows), slow = slow_floor(rows, 2000);
    // The rises spread about as much as their mean: 3 % of it for the difference of two means of 2000.
    CHECK_THAT(fast.mean, WithinRel(slow.mean, 0.1));
    CHECK_THAT(fast.quantile, WithinRel(slow.quantile, 0.1));
  }
}

TEST_CASE("noise_floor: is exact where few resamples are possible", "[connectivity]") {
  // One of two examples changes: it is in a resample 0, 1 or 2 times, with probabilities 1/4, 1/2 and 1/4, which lifts the
  // middle by -1/2, 0 and 1/2. The standard error of the mean is 0.22/√2000 = 0.005.
  const lmc::NoiseFloor floor = floor_of({{false, true, false}, {false, false, false}});
  CHECK_THAT(floor.mean, WithinAbs(0.125, 0.02));
  CHECK(floor.quantile == 0.5);
}

TEST_CASE("noise_floor: is what the maximum of curves without a barrier is on average", "[connectivity][long]") {
  struct Case {
    std::size_t examples;
    double churn, expected;
  };
  // Known sizes of the bias for 11 α.
  const auto [examples, churn, expected] =
      GENERATE(Case{10000, 0.012, 0.0005}, Case{10000, 0.18, 0.002}, Case{2000, 0.18, 0.004});
  CAPTURE(examples, churn);
  const std::uint64_t curves = examples > 5000 ? 80 : 200, floors = 4;
  double maxima = 0, mean = 0, above = 0;
  for (std::uint64_t seed = 0; seed < floors; ++seed)
    mean += floor_of(testing::simulated_outcomes({.examples = examples, .churn = churn, .seed = seed})).mean / floors;
  const double quantile = floor_of(testing::simulated_outcomes({.examples = examples, .churn = churn, .seed = 0})).quantile;
  for (std::uint64_t seed = 0; seed < curves; ++seed) {
    const double top = maximum(testing::simulated_outcomes({.examples = examples, .churn = churn, .seed = 1000 + seed}));
    maxima += top / static_cast<double>(curves);
    above += top > quantile ? 1.0 / static_cast<double>(curves) : 0;
  }
  // The maxima spread by 0.8 of their mean, so that the mean of 80 is known to 9 %, and that of 200 to 6 %.
  CHECK_THAT(mean, WithinRel(maxima, 0.2));
  CHECK_THAT(mean, WithinRel(expected, 0.2));
  // 5 % of 80 curves are 4 ± 2, of 200 10 ± 3; the quantile itself varies with the curve.
  CHECK(above > 0.01);
  CHECK(above < 0.10);
}

TEST_CASE("noise_floor: does not depend on the order of examples or of the ends", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    CAPTURE(seed);
    auto rows = testing::simulated_outcomes({.examples = 400, .churn = 0.1, .bump = 0.02, .seed = seed});
    const lmc::NoiseFloor floor = floor_of(rows);
    CHECK(floor.mean > 0);
    CHECK(floor.quantile > floor.mean);
    CHECK(lmc::noise_floor(testing::mirrored(testing::curve(rows))) == floor);
    lmc::shuffle({.seed = 1}, std::span<Row>(rows));
    CHECK(floor_of(rows) == floor);
  }
}

TEST_CASE("noise_floor: is that of the same curve without its barrier, and somewhat higher with it", "[connectivity]") {
  const double without = floor_of(testing::simulated_outcomes({.churn = 0.1, .seed = 3})).mean;
  const double with = floor_of(testing::simulated_outcomes({.churn = 0.1, .bump = 0.1, .seed = 3})).mean;
  CHECK(with > without);
  CHECK(with < 2 * without);  // a bump of 0.1 is itself 20 times the floor
}

TEST_CASE("noise_floor: is above the barrier where the error dips below its chord", "[connectivity]") {
  auto rows = testing::simulated_outcomes({.churn = 0.1, .seed = 3});
  for (std::size_t i = 0; i < 50; ++i)
    rows.push_back({true, true, false, false, false, false, false, false, false, true, true});
  CHECK(maximum(rows) < floor_of(rows).mean);
}

TEST_CASE("noise_floor: is 0 where examples show no noise", "[connectivity]") {
  CHECK(floor_of(std::vector<Row>(50, Row(5, false))) == lmc::NoiseFloor{0, 0});
  CHECK(floor_of(std::vector<Row>(50, {false, true, false})) == lmc::NoiseFloor{0, 0});
  CHECK(lmc::error_barrier_interval(testing::curve(std::vector<Row>(50, Row(5, false)))).value().high > 0.05);
}

TEST_CASE("noise_floor: there is none where there is no interval", "[connectivity]") {
  CHECK(!lmc::noise_floor(testing::curve({0, 0.5, 0})));
  CHECK(!lmc::noise_floor(testing::loss_curve({0, 0.5, 0})));
  CHECK(!lmc::noise_floor(testing::curve(std::vector<Row>{{false, true}, {true, false}})));
  lmc::Curve diverged = testing::curve(std::vector<Row>(5, {false, true, false}));
  diverged.points[1].metrics.error = std::numeric_limits<double>::quiet_NaN();
  CHECK(!lmc::noise_floor(diverged));
}

TEST_CASE("noise_floor: needs the outcomes of the same examples at every α", "[connectivity]") {
  lmc::Curve curve = testing::curve(std::vector<Row>(5, {false, true, false}));
  curve.points[1].metrics.wrong.pop_back();
  CHECK_THROWS_WITH(lmc::noise_floor(curve),
                    Catch::Matchers::Contains("noise_floor: at α = 0.5 the curve has 4 outcomes in `wrong` for count = 5"));
}

}  // namespace connectivity_noise_floor_test
