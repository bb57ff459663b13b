// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/barriers.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <sstream>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"

namespace connectivity_barriers_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Metric;
using testing::curve;

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

template <class T>
std::string printed(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

TEST_CASE("barriers: every convention, on a curve worked out by hand", "[connectivity]") {
  // Errors: chord 0.1, 0.15, 0.2, 0.25, 0.3, so g = 0, 0.25, 0.1, 0.05, 0. Losses: chord 2, 1.75, 1.5, 1.25, 1,
  // so g = 0, -0.75, 0, 0.5, 0.
  const lmc::Curve c = curve({0.1, 0.4, 0.3, 0.3, 0.3}, {2, 1, 1.5, 1.75, 1});
  const auto error = lmc::error_barrier(c);
  CHECK_THAT(error.value, WithinAbs(0.25, 1e-15));
  CHECK(error.alpha == 0.25);
  CHECK_THAT(error.normalized, WithinAbs(0.25 / 0.8, 1e-15));
  const auto loss = lmc::loss_barrier(c);
  CHECK(loss.value == 0.5);
  CHECK(loss.alpha == 0.75);
  CHECK_THAT(loss.normalized, WithinAbs(0.5 / 1.5, 1e-15));
  CHECK_THAT(lmc::instability(c), WithinAbs(0.2, 1e-15));
  CHECK(lmc::git_rebasin_barrier(c) == 0.5);
  CHECK_THAT(lmc::argmax_barrier(c), WithinAbs(0.25, 1e-15));
  CHECK(lmc::argmax_barrier(c, Metric::loss) == 0);
  CHECK_THAT(lmc::midpoint_barrier(c), WithinAbs(0.1, 1e-15));
  CHECK(lmc::midpoint_barrier(c, Metric::loss) == 0);
}

TEST_CASE("barriers: are measured from the line between unequal ends", "[connectivity]") {
  // The highest point is an end, and yet there is a bump in the middle, which the highest point does not show.
  const lmc::Curve c = curve({1.0, 0.9, 0.0});
  CHECK_THAT(lmc::error_barrier(c).value, WithinAbs(0.4, 1e-15));
  CHECK_THAT(lmc::loss_barrier(c).value, WithinAbs(0.4, 1e-15));
  CHECK(lmc::argmax_barrier(c) == 0);
  CHECK_THAT(lmc::instability(c), WithinAbs(0.5, 1e-15));
}

TEST_CASE("barriers: the identities between conventions hold on any curve", "[connectivity]") {
  const double rounding = 4e-16;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::size_t count = 2 + seed % 24;
    const lmc::Curve c = curve(testing::random_values(count, seed), testing::random_values(count, 1000 + seed));
    CAPTURE(seed, count);
    for (const Metric metric : {Metric::error, Metric::loss}) {
      const bool error = metric == Metric::error;
      const double ends = std::abs(c.points.front().metrics[metric] - c.points.back().metrics[metric]);
      const double barrier = error ? lmc::error_barrier(c).value : lmc::loss_barrier(c).value;
      const double above_mean = error ? lmc::instability(c) : lmc::git_rebasin_barrier(c);
      CHECK(barrier >= 0);
      CHECK(std::abs(barrier - above_mean) <= ends / 2 + rounding);
      CHECK(above_mean >= ends / 2 - rounding);
      CHECK(lmc::argmax_barrier(c, metric) >= 0);
      CHECK(lmc::argmax_barrier(c, metric) <= barrier);
      if (count % 2 == 1) CHECK(lmc::midpoint_barrier(c, metric) <= barrier + rounding);
    }
  }
}

TEST_CASE("barriers: swapping the ends changes nothing, equal values give exactly 0", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const lmc::Curve c = curve(testing::random_values(25, seed)), m = testing::mirrored(c);
    CHECK(lmc::error_barrier(m).value == lmc::error_barrier(c).value);
    CHECK(lmc::error_barrier(m).normalized == lmc::error_barrier(c).normalized);
    if (lmc::error_barrier(c).value > 0)
      CHECK_THAT(lmc::error_barrier(m).alpha, WithinAbs(1 - lmc::error_barrier(c).alpha, 1e-15));
    CHECK(lmc::loss_barrier(m).value == lmc::loss_barrier(c).value);
    CHECK(lmc::instability(m) == lmc::instability(c));
    CHECK(lmc::argmax_barrier(m) == lmc::argmax_barrier(c));
    CHECK(lmc::midpoint_barrier(m) == lmc::midpoint_barrier(c));

    const double value = c.points[0].metrics.loss;
    const lmc::Curve flat = curve(std::vector<double>(25, value));
    CHECK(lmc::error_barrier(flat).value == 0);
    CHECK(lmc::error_barrier(flat).normalized == 0);
    CHECK(lmc::loss_barrier(flat).value == 0);
    CHECK(lmc::instability(flat) == 0);
    CHECK(lmc::git_rebasin_barrier(flat) == 0);
    CHECK(lmc::argmax_barrier(flat) == 0);
    CHECK(lmc::midpoint_barrier(flat) == 0);
  }
}

TEST_CASE("loss_barrier: vanishes for a convex loss of a linear model", "[connectivity]") {
  // Logistic regression on random labels between random weights: mean log(1 + exp(-y xᵀθ)).
  const int examples = 200, features = 5;
  const lmc::Stream stream{.seed = 3};
  const auto logistic = [&](std::span<const double> theta) {
    lmc::Metrics metrics{.count = examples};
    for (std::uint64_t i = 0; i < examples; ++i) {
      double margin = 0;
      for (std::uint64_t j = 0; j < features; ++j) margin += theta[j] * lmc::normal(stream, i * (features + 1) + j);
      if (lmc::uniform(stream, i * (features + 1) + features) < 0.5) margin = -margin;
      metrics.loss += std::log1p(std::exp(-margin)) / examples;
      metrics.wrong.push_back(margin < 0);
    }
    metrics.error = static_cast<double>(std::count(metrics.wrong.begin(), metrics.wrong.end(), true)) / examples;
    return metrics;
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::vector<double> a, b;
    for (std::uint64_t j = 0; j < features; ++j) {
      a.push_back(lmc::normal({.seed = seed}, j));
      b.push_back(lmc::normal({.seed = seed}, features + j));
    }
    const lmc::Curve c = lmc::linear_path(a, b, logistic);
    CAPTURE(seed);
    CHECK(lmc::loss_barrier(c).value <= 1e-12);
    CHECK(lmc::midpoint_barrier(c, Metric::loss) < -0.01);  // strictly convex: well below the chord
  }
}

TEST_CASE("barriers: NaN anywhere is a NaN barrier", "[connectivity]") {
  for (const std::size_t where : {0u, 2u, 4u}) {
    std::vector<double> values = {0.1, 0.2, 0.3, 0.2, 0.1};
    values[where] = not_a_number;
    const lmc::Curve c = curve(values);
    CAPTURE(where);
    CHECK(std::isnan(lmc::error_barrier(c).value));
    CHECK(std::isnan(lmc::error_barrier(c).alpha));
    CHECK(std::isnan(lmc::error_barrier(c).normalized));
    CHECK(!lmc::error_barrier(c).interval);
    CHECK(lmc::error_barrier(c).verdict == lmc::Verdict::none);
    CHECK(std::isnan(lmc::loss_barrier(c).value));
    CHECK(std::isnan(lmc::instability(c)));
    CHECK(std::isnan(lmc::git_rebasin_barrier(c)));
    CHECK(std::isnan(lmc::argmax_barrier(c)));
  }
  lmc::Curve outcomes = curve(std::vector<std::vector<bool>>(10, {false, true, false}));
  CHECK(lmc::error_barrier(outcomes).interval);
  outcomes.points[1].metrics.error = not_a_number;
  CHECK(!lmc::error_barrier(outcomes).interval);
  CHECK(std::isnan(lmc::midpoint_barrier(curve({0, not_a_number, 0}))));
  CHECK(std::isnan(lmc::loss_barrier(testing::loss_curve({infinity, 0, 0})).value));
  CHECK(lmc::loss_barrier(testing::loss_curve({1, infinity, 0})).value == infinity);
}

TEST_CASE("barriers: a curve without its ends is an error", "[connectivity]") {
  lmc::Curve c = curve({0.1, 0.2, 0.3, 0.2, 0.1});
  c.points.pop_back();
  CHECK_THROWS_WITH(lmc::error_barrier(c), Contains("4 points, from α = 0 to 0.75"));
  CHECK_THROWS_AS(lmc::loss_barrier(c), lmc::Error);
  CHECK_THROWS_AS(lmc::instability(c), lmc::Error);
  CHECK_THROWS_AS(lmc::git_rebasin_barrier(c), lmc::Error);
  CHECK_THROWS_AS(lmc::argmax_barrier(c), lmc::Error);
  CHECK_THROWS_AS(lmc::midpoint_barrier(c), lmc::Error);
  c = curve({0.1, 0.2, 0.1});
  c.points.erase(c.points.begin());
  CHECK_THROWS_AS(lmc::error_barrier(c), lmc::Error);
  CHECK_THROWS_WITH(lmc::error_barrier({}), Contains("error_barrier: the curve has 0 points; expected α = 0 first"));
}

TEST_CASE("barriers: a curve whose numbers contradict themselves is an error", "[connectivity]") {
  const auto check = [](auto change, const std::string& text) {
    lmc::Curve c = curve(std::vector<std::vector<bool>>(10, {false, true, false}));
    change(c);
    CAPTURE(text);
    CHECK_THROWS_WITH(lmc::error_barrier(c), Contains("error_barrier: " + text));
    CHECK_THROWS_WITH(lmc::error_barrier_interval(c), Contains(text));
    CHECK_THROWS_WITH(lmc::loss_barrier(c), Contains("loss_barrier: " + text));
    CHECK_THROWS_WITH(lmc::instability(c), Contains("instability: " + text));
    CHECK_THROWS_WITH(lmc::git_rebasin_barrier(c), Contains("git_rebasin: " + text));
    CHECK_THROWS_WITH(lmc::argmax_barrier(c), Contains("argmax_barrier: " + text));
    CHECK_THROWS_WITH(lmc::midpoint_barrier(c), Contains("midpoint_barrier: " + text));
  };
  const auto percent = [](lmc::Curve& c) {
    for (lmc::CurvePoint& p : c.points) {
      p.metrics.wrong.clear();
      *p.metrics.error *= 100;
    }
  };
  check(percent, "at α = 0.5 the curve has error = 100; expected a share in [0, 1], not a percentage");
  check([](lmc::Curve& c) { c.points[1].metrics.count = 0; }, "at α = 0.5 the curve has count = 0");
  check([](lmc::Curve& c) { c.points[1].metrics.wrong.pop_back(); }, "at α = 0.5 the curve has 9 outcomes");
  check([](lmc::Curve& c) { c.points[1].metrics.error.reset(); }, "at α = 0.5 the curve has no error, but one at α = 0");
  check([](lmc::Curve& c) { c.points[1].alpha = 1.5; }, "the curve has a point with alpha = 1.5");
  check([](lmc::Curve& c) { c.points[1].alpha_bar = 1; }, "the curve has a point with alpha = 0.5 and alpha_bar = 1; expected");
  check([](lmc::Curve& c) { c.points[1].alpha = not_a_number; }, "the curve has a point with alpha = nan");
  check([](lmc::Curve& c) { c.points.insert(c.points.begin() + 1, c.points[1]); }, "the curve has α = 0.5 behind 0.5");
  const auto beside_the_middle = [](lmc::Curve& c) {
    c.midpoint = c.points[1];
    c.midpoint->alpha = 0.25, c.midpoint->alpha_bar = 0.75;
  };
  check(beside_the_middle, "the curve's midpoint has α = 0.25; expected ½");
  const auto percent_beside = [](lmc::Curve& c) { c.midpoint = lmc::CurvePoint{0.5, 0.5, {.error = 50, .count = 10}}; };
  check(percent_beside, "at α = 0.5 the curve has 0 outcomes");
}

TEST_CASE("barriers: without an error, there is a loss barrier and no error barrier", "[connectivity]") {
  const lmc::Curve c = testing::loss_curve({2, 30, 4});
  CHECK(lmc::loss_barrier(c).value == 27);
  CHECK(lmc::git_rebasin_barrier(c) == 27);
  CHECK(lmc::argmax_barrier(c, Metric::loss) == 27);
  CHECK(lmc::midpoint_barrier(c, Metric::loss) == 27);
  CHECK_THROWS_WITH(lmc::error_barrier(c), Contains("error_barrier: the curve has no error"));
  CHECK_THROWS_WITH(lmc::instability(c), Contains("instability: the curve has no error"));
  CHECK_THROWS_WITH(lmc::argmax_barrier(c), Contains("argmax_barrier: the curve has no error"));
  CHECK_THROWS_WITH(lmc::midpoint_barrier(c), Contains("midpoint_barrier: the curve has no error"));
  CHECK_THROWS_WITH(c.points[0].metrics[Metric::error], Contains("the error was not measured"));
}

TEST_CASE("error_barrier: what is left of a diverged network is not judged", "[connectivity]") {
  const lmc::Curve connected = curve(std::vector<std::vector<bool>>(1000, {false, false, false}));
  CHECK(lmc::error_barrier(connected).verdict == lmc::Verdict::connected);
  const auto verdict_after = [&](auto change) {
    lmc::Curve c = connected;
    change(c);
    const lmc::ErrorBarrier barrier = lmc::error_barrier(c);
    CHECK(barrier.value == 0);
    if (barrier.verdict == lmc::Verdict::none) CHECK_THAT(printed(barrier), Contains(", no verdict: a network diverged"));
    return barrier.verdict;
  };
  CHECK(verdict_after([](lmc::Curve& c) { c.diverged = true; }) == lmc::Verdict::none);
  CHECK(verdict_after([](lmc::Curve& c) { c.points[1].metrics.loss = not_a_number; }) == lmc::Verdict::none);
  CHECK(verdict_after([](lmc::Curve& c) { c.points[0].metrics.loss = infinity; }) == lmc::Verdict::none);
  CHECK(verdict_after([](lmc::Curve& c) { c.points[2].metrics.loss = infinity; }) == lmc::Verdict::none);
  // Between two networks that work, logits may overflow: a prediction is a prediction.
  CHECK(verdict_after([](lmc::Curve& c) { c.points[1].metrics.loss = infinity; }) == lmc::Verdict::connected);
}

TEST_CASE("loss_barrier: says where there is nothing to judge, with an error or without", "[connectivity]") {
  const bool with_error = GENERATE(true, false);
  const auto barrier_after = [&](auto change) {
    lmc::Curve c = curve({0.1, 0.3, 0.1});
    if (!with_error)
      for (lmc::CurvePoint& p : c.points) p.metrics = {.loss = p.metrics.loss, .count = p.metrics.count};
    change(c);
    return lmc::loss_barrier(c);
  };
  const auto good = barrier_after([](lmc::Curve&) {});
  CHECK(good.judgeable);
  CHECK_THAT(printed(good), !Contains("no barrier"));
  for (const auto& bad : {barrier_after([](lmc::Curve& c) { c.diverged = true; }),
                          barrier_after([](lmc::Curve& c) { c.points[1].metrics.loss = not_a_number; }),
                          barrier_after([](lmc::Curve& c) { c.points[2].metrics.loss = infinity; })}) {
    CHECK_FALSE(bad.judgeable);
    CHECK_THAT(printed(bad), Contains(", no barrier: a network diverged, or a loss is not a number"));
  }
}

TEST_CASE("barriers: losses that were not measured have no barrier", "[connectivity]") {
  const auto errors = testing::curve({0.1, 0.3, 0.2}, {0, 0, 0});
  CHECK_NOTHROW(lmc::error_barrier(errors));
  CHECK_THROWS_WITH(lmc::loss_barrier(errors), Contains("loss_barrier: the curve has the loss 0 everywhere") &&
                                                   Contains("set Metrics::loss, or take the error"));
  CHECK_THROWS_AS(lmc::git_rebasin_barrier(errors), lmc::Error);
  CHECK_THROWS_AS(lmc::argmax_barrier(errors, lmc::Metric::loss), lmc::Error);
  CHECK_THROWS_AS(lmc::midpoint_barrier(errors, lmc::Metric::loss), lmc::Error);
  // Networks that fit everything have none, and so may regressions.
  CHECK(lmc::loss_barrier(testing::curve({0, 0, 0})).value == 0);
  CHECK(lmc::loss_barrier(testing::loss_curve({0, 0, 0})).value == 0);
}

TEST_CASE("midpoint_barrier: takes the midpoint beside the grid, and misses it loudly", "[connectivity]") {
  lmc::Curve c = curve({0.2, 0.9, 0.9, 0.4});
  CHECK_THROWS_WITH(lmc::midpoint_barrier(c), Contains("no α = ½"));
  c.midpoint = lmc::CurvePoint{0.5, 0.5, {.loss = 0.1, .error = 0.1, .count = 1000}};
  CHECK_THAT(lmc::midpoint_barrier(c), WithinAbs(-0.2, 1e-15));
}

TEST_CASE("barriers: normalized by nothing is 0 without a barrier and infinite with one", "[connectivity]") {
  CHECK(lmc::error_barrier(curve({1, 1, 1})).normalized == 0);
  CHECK(lmc::loss_barrier(curve({0, 0, 0})).normalized == 0);
  CHECK(lmc::loss_barrier(curve({0, 1, 0})).normalized == infinity);
}

TEST_CASE("error_barrier: gives the interval and the noise floor that their own functions give", "[connectivity]") {
  std::vector<std::vector<bool>> rows(300, {false, false, false, true});
  std::fill(rows.begin(), rows.begin() + 40, std::vector<bool>{false, true, false, false});
  const lmc::Curve c = curve(rows);
  const lmc::ErrorBarrier barrier = lmc::error_barrier(c);
  CHECK(barrier.interval == lmc::error_barrier_interval(c));
  CHECK(barrier.floor == lmc::noise_floor(c));
  CHECK(barrier.floor.value().mean > 0);
  CHECK(!lmc::error_barrier(curve({0, 0.5, 0})).floor);
  CHECK(!lmc::error_barrier(curve({0, not_a_number, 0})).floor);
}

TEST_CASE("error_barrier: the verdict follows from the interval", "[connectivity]") {
  // 40 of 1000 examples are wrong in the middle alone: about 0.04 ± 0.012.
  std::vector<std::vector<bool>> rows(1000, {false, false, false});
  std::fill(rows.begin(), rows.begin() + 40, std::vector<bool>{false, true, false});
  const lmc::Curve c = curve(rows);
  CHECK(lmc::error_barrier(c).verdict == lmc::Verdict::broken);
  CHECK(lmc::error_barrier(c, {.threshold = 0.04}).verdict == lmc::Verdict::undecided);
  CHECK(lmc::error_barrier(c, {.threshold = 0.06}).verdict == lmc::Verdict::connected);
  const auto interval = lmc::error_barrier(c).interval.value();
  CHECK(lmc::error_barrier(c, {.threshold = interval.low}).verdict == lmc::Verdict::broken);  // connected is *below*
  CHECK(lmc::error_barrier(c, {.threshold = interval.high}).verdict == lmc::Verdict::undecided);
  CHECK(lmc::error_barrier(curve({0, 0.5, 0})).verdict == lmc::Verdict::undecided);
  for (const double threshold : {-1.0, 2.0, not_a_number})
    CHECK_THROWS_WITH(lmc::error_barrier(c, {.threshold = threshold}), Contains("threshold = ") && Contains("in [0, 1]"));
  CHECK(printed(lmc::Verdict::connected) + printed(lmc::Verdict::broken) + printed(lmc::Verdict::undecided) +
            printed(lmc::Verdict::none) ==
        "connectedbrokenundecidednone");
}

TEST_CASE("barriers: print as one line", "[connectivity]") {
  const lmc::ErrorBarrier barrier{
      .value = 0.00034, .alpha = 11.0 / 24, .normalized = 0.00035, .interval = lmc::Interval{0, 0.0011}};
  CHECK(printed(barrier) == "0.0003 at α 0.46, normalized 0.0003, 95 % [0.0000, 0.0011]");
  auto with_floor = barrier;
  with_floor.floor = lmc::NoiseFloor{.mean = 0.00042, .quantile = 0.00114};
  CHECK(printed(with_floor) == "0.0003 at α 0.46, normalized 0.0003, 95 % [0.0000, 0.0011], noise floor 0.0004 (95 %: 0.0011)");
  CHECK(printed(lmc::error_barrier(curve({0.0, 0.5, 0.0}))) ==
        "0.5000 at α 0.50, normalized 0.5000, no interval: the curve has no outcomes of single examples, or no α between its "
        "ends");
  CHECK_THAT(printed(lmc::error_barrier(curve({0.0, not_a_number, 0.0}))), Contains("no interval: an error is NaN"));
  CHECK(printed(lmc::loss_barrier(testing::loss_curve({1.0, 1.5, 1.0}))) == "0.5000 at α 0.50, normalized 0.5000");
}

}  // namespace connectivity_barriers_test
