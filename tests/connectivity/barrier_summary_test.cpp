// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/barrier_summary.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"
#include "support/simulated_outcomes.hpp"

namespace connectivity_barrier_summary_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using Row = std::vector<bool>;

/// 1000 examples of which so many, from `first` on, are wrong in the middle alone.
lmc::Curve bump(std::size_t wrong, std::size_t first = 0) {
  std::vector<Row> rows(1000, {false, false, false});
  std::fill_n(rows.begin() + static_cast<std::ptrdiff_t>(first), wrong, Row{false, true, false});
  return testing::curve(rows);
}
const std::size_t whole = 0, undecided = 20, broken = 100;  // 0 to 0.003, 0.011 to 0.029, 0.08 to 0.12

lmc::Curve diverged() {
  lmc::Curve curve = bump(0);
  curve.diverged = true;
  return curve;
}

std::string printed(const lmc::BarrierSummary& summary) {
  std::ostringstream text;
  text << summary;
  return text.str();
}

/// Pairs whose ends disagree on 10 % of 600 examples, with barriers of any size up to 0.06.
std::vector<lmc::Curve> some_pairs(std::size_t count) {
  std::vector<lmc::Curve> curves;
  for (std::uint64_t p = 0; p < count; ++p)
    curves.push_back(testing::curve(testing::simulated_outcomes(
        {.examples = 600, .churn = 0.1, .bump = 0.06 * lmc::uniform({.seed = 8}, p), .seed = 70 + p})));
  return curves;
}

bool contains(const lmc::Interval& interval, double x) { return interval.low <= x && x <= interval.high; }

}  // namespace

TEST_CASE("barrier_summary: says in words how little a few whole pairs prove", "[connectivity]") {
  CHECK_THAT(printed(lmc::barrier_summary(std::vector<lmc::Curve>(5, bump(0)))),
             Contains("0 of 5 pairs broken proves only that fewer than 45 % are (one-sided, 95 %)"));
  CHECK_THAT(printed(lmc::barrier_summary(std::vector<lmc::Curve>(59, bump(0)))),
             Contains("0 of 59 pairs broken proves only that fewer than 5 % are (one-sided, 95 %)"));
}

TEST_CASE("barrier_summary: refuses a pair that is given twice, in either direction", "[connectivity]") {
  auto curves = some_pairs(3);
  CHECK_NOTHROW(lmc::barrier_summary(curves));
  curves.push_back(curves[1]);
  CHECK_THROWS_WITH(lmc::barrier_summary(curves), Contains("curves 1 and 3 have equal outcomes") && Contains("leave out one"));
  curves.back() = testing::mirrored(curves[2]);
  CHECK_THROWS_WITH(lmc::barrier_summary(curves), Contains("curves 2 and 3 have equal outcomes"));
  // Chance can do that where little changes.
  CHECK_NOTHROW(lmc::barrier_summary(std::vector<lmc::Curve>(5, bump(9))));
}

TEST_CASE("barrier_summary: counts broken, whole and undecided pairs, and those that diverged as broken", "[connectivity]") {
  const std::vector<lmc::Curve> curves = {bump(whole), bump(broken), diverged(), bump(undecided), bump(whole)};
  const auto summary = lmc::barrier_summary(curves);
  CHECK(summary.initializations == 5);
  CHECK(summary.broken == 2);
  CHECK(summary.diverged == 1);
  CHECK(summary.undecided == 1);
  CHECK(summary.whole == 2);
  CHECK(summary.pairs[1].verdict == lmc::Verdict::broken);
  CHECK(summary.pairs[2].verdict == lmc::Verdict::none);
  CHECK(std::isnan(summary.pairs[2].cross_fitted));
  CHECK(summary.pairs[3].verdict == lmc::Verdict::undecided);
  CHECK(summary.pairs[3].barrier.interval == lmc::error_barrier_interval(curves[3]));
  // The undecided pair is whole below and broken above.
  CHECK(summary.broken_interval.low == lmc::clopper_pearson(2, 5).low);
  CHECK(summary.broken_interval.high == lmc::clopper_pearson(3, 5).high);
  CHECK_THAT(summary.broken_bound, WithinAbs(lmc::clopper_pearson(3, 5, 0.9).high, 1e-12));
  // The mean leaves out the pair that diverged: (0 + 0.1 + 0.02 + 0)/4.
  CHECK_THAT(summary.mean, WithinAbs(0.03, 1e-12));
  CHECK_THAT(printed(summary),
             Contains("at 0.0200: 2 broken (1 diverged), 2 whole, 1 undecided\n2 to 3 of 5 pairs broken proves "
                      "only that 5 % to 95 % are (95 %)"));
  // An error that is NaN somewhere is a diverged pair, too.
  auto not_a_number = curves;
  not_a_number[0].points[1].metrics.error = std::numeric_limits<double>::quiet_NaN();
  CHECK(lmc::barrier_summary(not_a_number).diverged == 2);
}

TEST_CASE("barrier_summary: at a threshold of one's own", "[connectivity]") {
  const std::vector<lmc::Curve> curves = {bump(whole), bump(broken)};
  CHECK(lmc::barrier_summary(curves, {.threshold = 0.2}).broken == 0);
  CHECK(lmc::barrier_summary(curves, {.threshold = 0.1}).undecided == 1);
  CHECK_THAT(printed(lmc::barrier_summary(curves, {.threshold = 0.1})), Contains("at 0.1000: "));
}

TEST_CASE("barrier_summary: a pair is undecided where its cross-fitted height is on the other side than its interval",
          "[connectivity]") {
  const lmc::ErrorBarrier barrier{.interval = lmc::Interval{0.021, 0.05}, .verdict = lmc::Verdict::broken};
  CHECK(lmc::detail::joint_verdict(barrier, 0.02, 0.02) == lmc::Verdict::broken);
  CHECK(lmc::detail::joint_verdict(barrier, 0.019, 0.02) == lmc::Verdict::undecided);
}

TEST_CASE("barrier_summary: means are those of the single pairs", "[connectivity]") {
  const auto curves = some_pairs(6);
  const auto summary = lmc::barrier_summary(curves, {.cross_fit = {.folds = 4, .seed = 9}});
  double cross_fitted = 0, maximum = 0, floor = 0;
  for (std::size_t p = 0; p < curves.size(); ++p) {
    const double value = lmc::cross_fitted_barrier(curves[p], {.folds = 4, .seed = 9}).value().value;
    CHECK(summary.pairs[p].cross_fitted == value);
    cross_fitted += value / 6;
    maximum += lmc::error_barrier(curves[p]).value / 6;
    floor += lmc::noise_floor(curves[p]).value().mean / 6;
  }
  CHECK_THAT(summary.mean, WithinAbs(cross_fitted, 1e-12));
  CHECK_THAT(summary.mean_maximum, WithinAbs(maximum, 1e-12));
  CHECK_THAT(summary.mean_floor, WithinAbs(floor, 1e-12));
  CHECK(contains(summary.interval.value(), summary.mean));
}

TEST_CASE("barrier_summary: pairs of one initialization count once", "[connectivity][long]") {
  const auto curves = some_pairs(4);
  const auto alone = lmc::barrier_summary(curves);
  // Six pairs of each initialization, here all alike, know no more than one.
  std::vector<lmc::Curve> six;
  std::vector<lmc::Index> starts;
  for (std::size_t copy = 0; copy < 6; ++copy)
    for (std::size_t p = 0; p < 4; ++p) {
      six.push_back(curves[p]);
      starts.push_back(static_cast<lmc::Index>(100 + p));
    }
  const auto dependent = lmc::barrier_summary(six, {.initializations = starts});
  CHECK(dependent.initializations == 4);
  CHECK_THAT(dependent.mean, WithinAbs(alone.mean, 1e-12));
  CHECK_THAT(dependent.interval.value().low, WithinAbs(alone.interval.value().low, 1e-12));
  CHECK_THAT(dependent.interval.value().high, WithinAbs(alone.interval.value().high, 1e-12));
  CHECK_THAT(dependent.mean_maximum, WithinAbs(alone.mean_maximum, 1e-12));
  CHECK_THAT(dependent.mean_floor, WithinAbs(alone.mean_floor, 1e-12));
  CHECK(dependent.broken_interval == alone.broken_interval);
  CHECK_THROWS_WITH(lmc::barrier_summary(six), Contains("curves 0 and 4 have equal outcomes"));
  // Initializations have equal weights, however many pairs they have.
  const auto uneven =
      lmc::barrier_summary(std::vector{bump(broken), bump(0), bump(0), bump(0)}, {.initializations = {1, 2, 2, 2}});
  CHECK_THAT(uneven.mean, WithinAbs(0.05, 1e-12));
  const auto one_left = lmc::barrier_summary(std::vector{diverged(), bump(broken), bump(0)}, {.initializations = {1, 1, 2}});
  CHECK_THAT(one_left.mean, WithinAbs(0.05, 1e-12));
  CHECK_THAT(one_left.mean_maximum, WithinAbs(0.05, 1e-12));
}

TEST_CASE("barrier_summary: P(broken) counts the first pair of each initialization alone", "[connectivity]") {
  const std::vector<lmc::Curve> curves = {bump(0), bump(broken),    bump(broken, 100),
                                          bump(0), bump(undecided), bump(broken, 200)};
  const auto summary = lmc::barrier_summary(curves, {.initializations = {7, 7, 7, -1, -1, 7}});
  CHECK(summary.broken == 3);
  CHECK(summary.first_broken == 0);
  CHECK(summary.first_undecided == 0);
  CHECK(summary.broken_interval == lmc::clopper_pearson(0, 2));
  CHECK_THAT(printed(summary),
             Contains("6 pairs from 2 initializations") &&
                 Contains("0 of 2 first pairs broken proves only that fewer than 78 % are (one-sided, 95 %)"));
  const auto last_first = lmc::barrier_summary(curves, {.initializations = {0, 1, 2, 3, 4, 4}});
  CHECK(last_first.first_broken == 2);
  CHECK(last_first.first_undecided == 1);
}

TEST_CASE("barrier_summary: the interval covers the mean barrier of simulated pairs", "[connectivity][long]") {
  // True barriers spread evenly from 0 to 0.08; their mean is what many initializations and examples would give.
  double covered = 0;
  const std::uint64_t repetitions = 200;
  for (std::uint64_t r = 0; r < repetitions; ++r) {
    lmc::detail::CrossedMean mean;
    for (std::uint64_t p = 0; p < 5; ++p) {
      const double height = 0.08 * lmc::uniform({.seed = 4}, 5 * r + p);
      const lmc::Curve curve = testing::curve(
          testing::simulated_outcomes({.examples = 400, .alphas = 5, .churn = 0.05, .bump = height, .seed = 5 * r + p}));
      mean.add(lmc::detail::cross_fitted_deviations(curve, lmc::detail::cross_fit(curve, 5, 0)));
    }
    covered += contains(mean.interval().value(), 0.04) ? 1.0 / repetitions : 0;
  }
  CHECK_THAT(covered, WithinAbs(0.95, 0.046));  // 3 standard errors
}

TEST_CASE("barrier_summary: swapping the ends changes nothing but α", "[connectivity]") {
  auto curves = some_pairs(3);
  const auto there = lmc::barrier_summary(curves);
  for (lmc::Curve& curve : curves) curve = testing::mirrored(curve);
  const auto back = lmc::barrier_summary(curves);
  CHECK(there.mean == back.mean);
  CHECK(there.interval == back.interval);
  CHECK(there.mean_maximum == back.mean_maximum);
  CHECK(there.mean_floor == back.mean_floor);
  CHECK(there.broken_interval == back.broken_interval);
  CHECK(printed(there) == printed(back));
}

TEST_CASE("barrier_summary: of one initialization, of nothing that varies, and of diverged pairs there is no interval",
          "[connectivity]") {
  const auto one = lmc::barrier_summary(some_pairs(3), {.initializations = {4, 4, 4}});
  CHECK(!one.interval);
  CHECK(one.initializations == 1);
  CHECK_THAT(printed(one),
             Contains("3 pairs from 1 initialization: mean barrier 0.0") && Contains("no interval: one initialization,"));
  const auto flat = lmc::barrier_summary(std::vector<lmc::Curve>(3, bump(0)));
  CHECK(flat.mean == 0);
  CHECK(!flat.interval);
  CHECK_THAT(printed(flat), Contains("no interval: nothing varies,"));
  const auto none = lmc::barrier_summary(std::vector{diverged(), diverged()});
  CHECK(std::isnan(none.mean));
  CHECK(!none.interval);
  CHECK(none.broken == 2);
  CHECK_THAT(printed(none), Contains("2 pairs from 2 initializations: all diverged\n") && Contains("2 of 2 pairs broken"));
  CHECK_THAT(printed(lmc::barrier_summary(std::vector{bump(undecided), bump(undecided, 100)})),
             Contains("0 to 2 of 2 pairs broken says nothing of how many are"));
}

TEST_CASE("barrier_summary: prints three lines", "[connectivity]") {
  const lmc::BarrierSummary summary{.pairs = std::vector<lmc::PairSummary>(6),
                                    .threshold = 0.02,
                                    .initializations = 5,
                                    .mean = 0.00042,
                                    .interval = lmc::Interval{-0.001, 0.00184},
                                    .mean_maximum = 0.0021,
                                    .mean_floor = 0.0019,
                                    .whole = 5,
                                    .undecided = 1,
                                    .broken_bound = 0.4507};
  CHECK(
      printed(summary) ==
      "6 pairs from 5 initializations: mean barrier 0.0004 (cross-fitted), 95 % [-0.0010, 0.0018], mean of maxima 0.0021, noise "
      "floor 0.0019\nat 0.0200: 0 broken, 5 whole, 1 undecided\n0 of 5 first pairs broken proves only that fewer than 45 % are "
      "(one-sided, 95 %)");
}

TEST_CASE("barrier_summary: says what is wrong with its curves and options", "[connectivity]") {
  const auto check = [](const std::vector<lmc::Curve>& curves, const lmc::BarrierSummaryOptions& options,
                        const std::string& text) {
    CHECK_THROWS_WITH(lmc::barrier_summary(curves, options), Contains("barrier_summary: " + text));
  };
  const std::vector<lmc::Curve> two(2, bump(3));
  check({}, {}, "0 curves; expected at least two pairs");
  check({bump(3)}, {}, "1 curves; expected at least two pairs");
  check({bump(3), testing::curve({0, 0.1, 0})}, {}, "curve 1 has no outcomes of single examples; set Metrics::wrong");
  check({bump(3), testing::loss_curve({0, 0.1, 0})}, {}, "curve 1: the curve has no error");
  check({bump(3), testing::curve(std::vector<Row>(10, {false, true, false}))}, {},
        "curve 1 is measured on 10 examples, and curve 0 on 1000; measure all pairs on the same examples");
  check({testing::curve(std::vector<Row>(10, {false, true})), bump(3)}, {}, "curve 0 has no α between its ends");
  check({bump(3), {}}, {}, "curve 1: the curve has 0 points");
  check(two, {.initializations = {1}}, "1 initializations for 2 curves");
  for (const double threshold : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    check(two, {.threshold = threshold}, "threshold = ");
  for (const lmc::Index folds : {1, 1001})
    check(two, {.cross_fit = {.folds = folds}}, "folds = " + std::to_string(folds) + " for 1000 examples");
}

}  // namespace connectivity_barrier_summary_test
