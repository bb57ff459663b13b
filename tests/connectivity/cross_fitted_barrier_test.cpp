// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"
#include "support/simulated_outcomes.hpp"

namespace connectivity_cross_fitted_barrier_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Row = std::vector<bool>;

lmc::CrossFittedBarrier cross_fitted(const lmc::Curve& curve, const lmc::CrossFitOptions& options = {}) {
  return lmc::cross_fitted_barrier(curve, options).value();
}

/// Mean, and its standard error.
struct Sample {
  std::vector<double> values;
  [[nodiscard]] double mean() const {
    double sum = 0;
    for (const double v : values) sum += v / static_cast<double>(values.size());
    return sum;
  }
  [[nodiscard]] double error() const {
    double squares = 0;
    for (const double v : values) squares += (v - mean()) * (v - mean());
    return std::sqrt(squares) / static_cast<double>(values.size());
  }
};

/// What many simulated data sets give: maxima, and for each number of folds cross-fitted heights and the true heights at the chosen α.
struct Simulation {
  Sample maximum;
  struct Fitted {
    Sample value, at_chosen;
  };
  std::map<lmc::Index, Fitted> folds;
};

Simulation simulate(testing::SimulatedOutcomes outcomes, std::uint64_t repetitions,
                    const std::vector<lmc::Index>& folds = {5}) {
  Simulation result;
  for (std::uint64_t seed = 0; seed < repetitions; ++seed) {
    outcomes.seed = 1000 + seed;
    const lmc::Curve curve = testing::curve(testing::simulated_outcomes(outcomes));
    result.maximum.values.push_back(lmc::detail::highest_above_chord(curve, lmc::Metric::error).value);
    for (const lmc::Index count : folds) {
      const auto barrier = cross_fitted(curve, {.folds = count});
      Sample chosen;
      for (const double alpha : barrier.alphas) chosen.values.push_back(testing::true_height(outcomes, alpha));
      result.folds[count].value.values.push_back(barrier.value);
      result.folds[count].at_chosen.values.push_back(chosen.mean());
    }
  }
  return result;
}

/// Rates instead of counts, and every fold's examples copied into curves of their own; the first of the highest α.
double slow_value(const std::vector<Row>& rows, std::size_t folds, std::uint64_t seed) {
  const auto fold_of = lmc::detail::deal_to_folds(rows.size(), folds, seed);
  double value = 0;
  for (std::size_t f = 0; f < folds; ++f) {
    std::vector<Row> own, others;
    for (std::size_t i = 0; i < rows.size(); ++i) (fold_of[i] == f ? own : others).push_back(rows[i]);
    const lmc::Curve measured = testing::curve(own);
    const auto alpha = lmc::detail::highest_above_chord(testing::curve(others), lmc::Metric::error).alpha;
    for (const lmc::CurvePoint& p : measured.points)
      if (p.alpha == alpha)
        value += lmc::detail::above_chord(measured, p, lmc::Metric::error) * static_cast<double>(own.size());
  }
  return value / static_cast<double>(rows.size());
}

}  // namespace

TEST_CASE("cross_fitted_barrier: agrees with curves of the folds themselves", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    // 997 examples on 11 α with a bump: the others' highest α is unique, so that ties play no part.
    const auto rows = testing::simulated_outcomes({.examples = 997, .churn = 0.1, .bump = 0.2, .seed = seed});
    for (const std::size_t folds : {2u, 3u, 5u})
      CHECK_THAT(cross_fitted(testing::curve(rows), {.folds = static_cast<lmc::Index>(folds), .seed = seed}).value,
                 WithinAbs(slow_value(rows, folds, seed), 1e-12));
  }
}

TEST_CASE("cross_fitted_barrier: is 0 on average without a barrier, where the maximum is not", "[connectivity][long]") {
  const auto s = simulate({.examples = 2000, .churn = 0.18}, 300, {2, 5, 100});
  CHECK_THAT(s.maximum.mean(), WithinAbs(0.0043, 0.0006));
  for (const auto& [folds, fitted] : s.folds) {
    CAPTURE(folds);
    CHECK(std::abs(fitted.value.mean()) < 3 * fitted.value.error());
    CHECK(fitted.value.error() < 0.0005);
    CHECK(std::ranges::count_if(fitted.value.values, [](double v) { return v < 0; }) > 75);
  }
  // The standard deviations that the comment gives, ± 3 of their standard errors.
  const double root = std::sqrt(300.0);
  CHECK_THAT(root * s.folds.at(2).value.error(), WithinAbs(0.0044, 0.0006));
  CHECK_THAT(root * s.folds.at(5).value.error(), WithinAbs(0.0048, 0.0006));
  CHECK_THAT(root * s.folds.at(100).value.error(), WithinAbs(0.0075, 0.0009));
}

TEST_CASE("cross_fitted_barrier: is the true height at the chosen α on average, which is at most the barrier",
          "[connectivity][long]") {
  const auto s = simulate({.examples = 2000, .churn = 0.18, .bump = 0.02}, 300, {2, 5});
  for (const auto& [folds, fitted] : s.folds) {
    CAPTURE(folds);
    CHECK(std::abs(fitted.value.mean() - fitted.at_chosen.mean()) < 3 * fitted.value.error());
    CHECK(fitted.at_chosen.mean() < 0.02);
    CHECK(s.maximum.mean() > fitted.value.mean() + 3 * fitted.value.error());
  }
  CHECK(s.folds.at(2).at_chosen.mean() < s.folds.at(5).at_chosen.mean());  // more examples choose better
  CHECK_THAT(s.maximum.mean(), WithinAbs(0.0206, 0.001));                  // ± 3 standard errors, as the others
  CHECK_THAT(s.folds.at(2).value.mean(), WithinAbs(0.0182, 0.0012));
  CHECK_THAT(s.folds.at(5).value.mean(), WithinAbs(0.0189, 0.0012));
}

TEST_CASE("cross_fitted_barrier: data sets without barriers are ranked by their floors, and not by cross-fitted heights",
          "[connectivity][long]") {
  // Easier to harder: ends disagree more, examples get fewer. No pair has a barrier.
  const std::vector<testing::SimulatedOutcomes> sets = {{.examples = 4000, .churn = 0.012},
                                                        {.examples = 4000, .churn = 0.06},
                                                        {.examples = 2000, .churn = 0.18},
                                                        {.examples = 500, .churn = 0.4}};
  double last_maximum = 0, last_floor = 0;
  for (const auto& set : sets) {
    CAPTURE(set.examples, set.churn);
    const auto s = simulate(set, 60);
    const double floor = lmc::noise_floor(testing::curve(testing::simulated_outcomes(set))).value().mean;
    CHECK(s.maximum.mean() > 1.5 * last_maximum);
    CHECK(floor > 1.5 * last_floor);
    CHECK_THAT(s.maximum.mean(), Catch::Matchers::WithinRel(floor, 0.3));
    CHECK(std::abs(s.folds.at(5).value.mean()) < 3 * s.folds.at(5).value.error());
    last_maximum = s.maximum.mean();
    last_floor = floor;
  }
}

TEST_CASE("cross_fitted_barrier: swapping the ends mirrors the α and keeps the value, exactly", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    // Few examples: folds with equally high α are frequent, with ½ on the grid and without.
    const auto curve = testing::curve(
        testing::simulated_outcomes({.examples = 12 + seed, .alphas = 3 + seed % 9, .churn = 0.3, .bump = 0.02, .seed = seed}));
    const auto there = cross_fitted(curve), back = cross_fitted(testing::mirrored(curve));
    CAPTURE(seed);
    CHECK(there.value == back.value);
    REQUIRE(there.alphas.size() == 5);
    for (std::size_t f = 0; f < 5; ++f) CHECK_THAT(back.alphas[f], WithinAbs(1 - there.alphas[f], 1e-15));
  }
}

TEST_CASE("cross_fitted_barrier: of equally high α takes the nearest to ½, and the mean of two that mirror each other",
          "[connectivity]") {
  // All others are as high at ¼, ½ and ¾.
  CHECK(cross_fitted(testing::curve(std::vector<Row>(10, {false, true, true, true, false}))).alphas ==
        std::vector<double>(5, 0.5));
  CHECK(cross_fitted(testing::curve(std::vector<Row>(10, {false, true, true, true, false}))).value == 1);
  // Without ½: 1/3 and 2/3 are as high, and no other.
  std::vector<Row> rows(20, {false, true, true, false});
  CHECK(cross_fitted(testing::curve(rows)).alphas == std::vector<double>(5, 0.5));
  // One example alone differs. Its fold is measured at both, so that it counts half; the others choose 2/3.
  rows[3] = {false, false, true, false};
  const auto barrier = cross_fitted(testing::curve(rows));
  CHECK_THAT(barrier.value, WithinAbs((19 + 0.5) / 20, 1e-15));
  CHECK(std::count(barrier.alphas.begin(), barrier.alphas.end(), 0.5) == 1);
  CHECK(std::count(barrier.alphas.begin(), barrier.alphas.end(), 2.0 / 3) == 4);
  // Between two ends that are worse than all between them, nothing is above the chord.
  const auto below = cross_fitted(testing::curve(std::vector<Row>(10, {true, false, true})));
  CHECK(below.value == 0);
  CHECK(below.alphas == std::vector<double>(5, 0.5));
}

TEST_CASE("cross_fitted_barrier: is the barrier itself where every fold chooses the same α", "[connectivity]") {
  const lmc::Curve curve =
      testing::curve(testing::simulated_outcomes({.examples = 2003, .churn = 0.05, .bump = 0.4, .seed = 1}));
  const auto barrier = cross_fitted(curve);
  CHECK(barrier.alphas == std::vector<double>(5, 0.5));
  CHECK_THAT(barrier.value, WithinAbs(lmc::error_barrier(curve).value, 1e-15));
}

TEST_CASE("cross_fitted_barrier: the seed divides the examples, and nothing else does", "[connectivity]") {
  const lmc::Curve curve = testing::curve(testing::simulated_outcomes({.examples = 500, .churn = 0.3}));
  CHECK(cross_fitted(curve) == cross_fitted(curve));
  CHECK(cross_fitted(curve, {.seed = 1}).value != cross_fitted(curve, {.seed = 2}).value);
  for (const std::size_t folds : {2u, 5u, 7u, 23u}) {
    const auto fold_of = lmc::detail::deal_to_folds(23, folds, 3);
    for (std::size_t f = 0; f < folds; ++f) {
      const auto size = static_cast<std::size_t>(std::count(fold_of.begin(), fold_of.end(), f));
      CHECK(size >= 23 / folds);
      CHECK(size <= (23 + folds - 1) / folds);
    }
  }
  CHECK(cross_fitted(testing::curve(std::vector<Row>(2, {false, true, false})), {.folds = 2}).value == 1);
}

TEST_CASE("cross_fitted_barrier: deals examples to folds by random numbers that nothing else has", "[connectivity]") {
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  lmc::shuffle(lmc::Stream{.seed = 3, .purpose = lmc::Purpose::folds}, std::span(order));
  const std::vector<std::size_t> fold_of = lmc::detail::deal_to_folds(11, 4, 3);
  REQUIRE(fold_of.size() == 11);
  for (std::size_t i = 0; i < 11; ++i) CHECK(fold_of[order[i]] == i % 4);
}

TEST_CASE("cross_fitted_barrier: there is none where there is no interval", "[connectivity]") {
  CHECK(!lmc::cross_fitted_barrier(testing::curve({0, 0.5, 0})));
  CHECK(!lmc::cross_fitted_barrier(testing::loss_curve({0, 0.5, 0})));
  CHECK(!lmc::cross_fitted_barrier(testing::curve(std::vector<Row>(9, {false, true}))));
  lmc::Curve diverged = testing::curve(std::vector<Row>(5, {false, true, false}));
  diverged.points[1].metrics.error = std::numeric_limits<double>::quiet_NaN();
  CHECK(!lmc::cross_fitted_barrier(diverged));
}

TEST_CASE("cross_fitted_barrier: says what is wrong with its options and its curve", "[connectivity]") {
  lmc::Curve curve = testing::curve(std::vector<Row>(9, {false, true, false}));
  for (const lmc::Index folds : {-1, 0, 1, 10})
    CHECK_THROWS_WITH(
        lmc::cross_fitted_barrier(curve, {.folds = folds}),
        Contains("cross_fitted_barrier: folds = " + std::to_string(folds) + " for 9 examples; expected at least 2"));
  CHECK_NOTHROW(lmc::cross_fitted_barrier(curve, {.folds = 9}));
  curve.points.pop_back();
  CHECK_THROWS_WITH(lmc::cross_fitted_barrier(curve),
                    Contains("cross_fitted_barrier: the curve has 2 points, from α = 0 to 0.5"));
}

}  // namespace connectivity_cross_fitted_barrier_test
