// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/interval.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"

namespace connectivity_interval_test {

namespace {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using Row = std::vector<bool>;

/// A share of all the examples that there are, with its outcomes along the path.
struct Kind {
  double share;
  Row wrong;
};

/// 11 α; 2 % of the examples are always wrong, and 3 % are wrong on a stretch of 1 to 5 α that begins anywhere, and goes on at
/// the other end of the path: strongly correlated outcomes, and an error of the same size everywhere. `bump` of the examples
/// are wrong in the middle alone.
std::vector<Kind> population(double bump) {
  std::vector<Kind> kinds = {{0.02, Row(11, true)}};
  for (std::size_t length = 1; length <= 5; ++length)
    for (std::size_t first = 0; first < 11; ++first) {
      Row row(11);
      for (std::size_t k = 0; k < length; ++k) row[(first + k) % 11] = true;
      kinds.push_back({0.03 / 55, row});
    }
  for (const std::size_t reach : {1u, 2u, 3u}) {
    Row row(11);
    for (std::size_t k = 5 - reach; k <= 5 + reach; ++k) row[k] = true;
    kinds.push_back({bump / 3, row});
  }
  kinds.push_back({0.95 - bump, Row(11, false)});
  return kinds;
}

double true_barrier(const std::vector<Kind>& kinds) {
  std::vector<double> errors(11);
  for (const Kind& kind : kinds)
    for (std::size_t k = 0; k < 11; ++k) errors[k] += kind.wrong[k] ? kind.share : 0;
  return lmc::error_barrier(testing::curve(errors)).value;
}

std::vector<Row> sample(const std::vector<Kind>& kinds, std::size_t examples, std::uint64_t seed) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < examples; ++i) {
    double left = lmc::uniform({.seed = seed}, i);
    std::size_t kind = 0;
    while (kind + 1 < kinds.size() && left >= kinds[kind].share) left -= kinds[kind++].share;
    rows.push_back(kinds[kind].wrong);
  }
  return rows;
}

/// What error_barrier_interval is not: the 2.5 % and 97.5 % quantiles of the barriers of resampled examples.
lmc::Interval percentile_interval(const std::vector<Row>& rows, std::uint64_t seed) {
  std::vector<double> barriers;
  for (std::uint32_t resample = 0; resample < 100; ++resample) {
    std::vector<double> errors(11);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row& row = rows[lmc::uniform_below({.seed = seed, .epoch = resample}, i, rows.size())];
      for (std::size_t k = 0; k < 11; ++k) errors[k] += row[k] ? 1.0 / static_cast<double>(rows.size()) : 0;
    }
    barriers.push_back(lmc::error_barrier(testing::curve(errors)).value);
  }
  std::sort(barriers.begin(), barriers.end());
  return {barriers[2], barriers[97]};
}

/// The share of simulated data sets whose interval contains the true barrier.
template <class MakeInterval>
double coverage(double bump, std::size_t simulations, MakeInterval make_interval) {
  const auto kinds = population(bump);
  const double truth = true_barrier(kinds);
  double covered = 0;
  for (std::uint64_t seed = 0; seed < simulations; ++seed) {
    const lmc::Interval interval = make_interval(sample(kinds, 1000, seed), seed);
    // The truth without a bump is 0 up to the rounding of shares.
    covered += interval.low <= truth + 1e-12 && truth <= interval.high ? 1 : 0;
  }
  return covered / static_cast<double>(simulations);
}

lmc::Interval interval_of(const std::vector<Row>& rows) { return lmc::error_barrier_interval(testing::curve(rows)).value(); }

}  // namespace

TEST_CASE("error_barrier_interval: contains the true barrier as often as it says", "[connectivity][long]") {
  // The standard error of a coverage of 0.95 over 400 simulations is 0.011.
  const auto band = [](const std::vector<Row>& rows, std::uint64_t) { return interval_of(rows); };
  const double bump = GENERATE(0.0, 0.03);
  CAPTURE(bump);
  CHECK(coverage(bump, 400, band) >= 0.93);
}

TEST_CASE("error_barrier_interval: few examples rarely show less than there is", "[connectivity][long]") {
  // Wrong with probability 0.01 at each end, and 0.031 in the middle, independently: a barrier of 0.021. The bootstrap alone calls
  // 14 % of such pairs of 50 examples connected, since a kind of example that they do not show does not exist for it.
  const std::vector<double> errors{0.01, 0.031, 0.01};
  const std::size_t examples = GENERATE(20u, 50u, 200u);
  int below = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    std::vector<Row> rows(examples, Row(3));
    for (std::size_t i = 0; i < 3 * examples; ++i) rows[i / 3][i % 3] = lmc::uniform({.seed = seed}, i) < errors[i % 3];
    below += interval_of(rows).high < 0.021 ? 1 : 0;
  }
  CAPTURE(examples);
  CHECK(below <= 400 * 0.08);
}

TEST_CASE("error_barrier_interval: the simulation notices an interval that is wrong", "[connectivity][long]") {
  CHECK(true_barrier(population(0.03)) > 0.02);
  CHECK(coverage(0, 100, percentile_interval) < 0.8);
}

TEST_CASE("error_barrier_interval: is no wider than it needs to be", "[connectivity]") {
  // A bump of one α: the band is the usual two-sided interval of a proportion, 1.96 standard errors, up to the lattice of
  // counts (one example more is 0.1 standard errors) and the noise of 2000 resamples.
  std::vector<Row> rows(1000, {false, false, false});
  std::fill(rows.begin(), rows.begin() + 100, Row{false, true, false});
  const double error = std::sqrt(0.1 * 0.9 / 1000);
  const lmc::Interval interval = interval_of(rows);
  CHECK_THAT(interval.low, WithinAbs(0.1 - 1.96 * error, 0.15 * error));
  CHECK_THAT(interval.high, WithinAbs(0.1 + 1.96 * error, 0.15 * error));
}

TEST_CASE("error_barrier_interval: does not depend on the order of examples or of the ends", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    CAPTURE(seed);
    auto rows = sample(population(0.01), 500, seed);
    const lmc::Interval interval = interval_of(rows);
    CHECK(interval.high > interval.low);
    CHECK(interval_of(rows) == interval);
    CHECK(lmc::error_barrier_interval(testing::mirrored(testing::curve(rows))) == interval);
    lmc::shuffle({.seed = 1}, std::span<Row>(rows));
    CHECK(interval_of(rows) == interval);
  }
}

TEST_CASE("error_barrier_interval: an example that is always right or always wrong counts as an example only",
          "[connectivity]") {
  auto rows = sample(population(0.01), 500, 7);
  auto flipped = rows;
  for (Row& row : flipped)
    if (row == Row(11, false)) row = Row(11, true);
  CHECK(flipped != rows);
  CHECK(interval_of(flipped) == interval_of(rows));
  rows.insert(rows.end(), 500, Row(11, false));
  CHECK(interval_of(rows).high < interval_of(flipped).high);
}

TEST_CASE("error_barrier_interval: without a changing example, n examples exclude a share of about 3/n", "[connectivity]") {
  const lmc::Interval interval = interval_of(std::vector<Row>(1000, Row(5, false)));
  CHECK(interval.low == 0);
  CHECK_THAT(interval.high, WithinRel(1 - std::pow(0.05, 1.0 / 1000), 1e-9));
  CHECK(interval_of({{false, false, false}}).high < 1);
  // An example that is wrong at an end alone takes nothing of that away.
  std::vector<Row> one_end(1000, {false, false, false});
  one_end[0][0] = true;
  CHECK(interval_of(one_end).high > 0.0024);
  // All alike, and all changing: in the middle the error is 1, and the chord 0.
  const lmc::Interval alike = interval_of(std::vector<Row>(1000, {false, true, false}));
  CHECK_THAT(alike.low, WithinAbs(1 - 0.006, 1e-4));
  CHECK(alike.high == 1);
  // The same at α = 1/3, where all that the examples differ in is rounding.
  for (std::size_t n = 1; n < 20; ++n) {
    const double q = 1 - std::pow(0.05, 1.0 / static_cast<double>(n));
    CAPTURE(n);
    CHECK_THAT(interval_of(std::vector<Row>(n, {false, true, false, true})).high, WithinAbs(2.0 / 3 + q / 3, 1e-12));
  }
  // Different outcomes with the same deviation from the chord, 1 - 1/2.
  std::vector<Row> half(1000, {false, true, true});
  std::fill(half.begin(), half.begin() + 300, Row{true, true, false});
  CHECK_THAT(interval_of(half).low, WithinAbs(0.5 - 1.5 * 0.003, 1e-4));
  CHECK_THAT(interval_of(half).high, WithinAbs(0.5 + 0.5 * 0.003, 1e-4));
}

TEST_CASE("error_barrier_interval: is exact where few resamples are possible", "[connectivity]") {
  // One of two examples changes: it is in a resample 0, 1 or 2 times, so that c s is 1/2.
  const lmc::Interval interval = interval_of({{false, true, false}, {false, false, false}});
  CHECK_THAT(interval.low, WithinAbs(0, 1e-15));
  CHECK_THAT(interval.high, WithinAbs(1, 1e-15));
}

TEST_CASE("error_barrier_interval: resamples by random numbers that are always the same and nothing else has",
          "[connectivity]") {
  // Which example is drawn is the first word of a resample's stream, times the number of changing examples.
  const lmc::detail::Binomial always(1, 1.0);
  for (std::uint32_t resample = 0; resample < 20; ++resample) {
    const auto words = lmc::random_bits({.seed = 0, .purpose = lmc::Purpose::bootstrap, .epoch = resample}, 1);
    std::vector<std::size_t> drawn;
    lmc::detail::draw_changing(always, 1000, resample, [&](std::size_t example) { drawn.push_back(example); });
    CHECK(drawn == std::vector{static_cast<std::size_t>(std::uint64_t{words[0]} * 1000 >> 32)});
  }
}

TEST_CASE("error_barrier_interval: there is none where nothing was measured between the ends, or an error is NaN",
          "[connectivity]") {
  const lmc::Curve ends = testing::curve(std::vector<Row>{{false, true}, {true, false}, {true, true}});
  CHECK(!lmc::error_barrier_interval(ends));
  CHECK(lmc::error_barrier(ends).verdict == lmc::Verdict::undecided);
  lmc::Curve diverged = testing::curve(std::vector<Row>(5, {false, true, false}));
  diverged.points[1].metrics.error = std::numeric_limits<double>::quiet_NaN();
  CHECK(!lmc::error_barrier_interval(diverged));
}

TEST_CASE("error_barrier_interval: takes one example, and more α than a word has bits", "[connectivity]") {
  const lmc::Interval one = interval_of({{false, true, false}});
  CHECK(one.low == 0);
  CHECK(one.high == 1);
  std::vector<Row> rows(400, Row(200, false));
  for (std::size_t i = 0; i < 40; ++i) rows[i][100 + i % 2] = true;  // half of them at each of two α past the 64th
  const lmc::Interval interval = interval_of(rows);
  CHECK(interval.low > 0.01);
  CHECK(interval.low < 0.05);
  CHECK(interval.high > 0.05);
  CHECK(interval.high < 0.1);
}

TEST_CASE("error_barrier_interval: needs the outcomes of the same examples at every α", "[connectivity]") {
  CHECK(!lmc::error_barrier_interval(testing::curve({0, 0.5, 0})));
  lmc::Curve curve = testing::curve(std::vector<Row>(5, {false, true, false}));
  curve.points[1].metrics.wrong.pop_back();
  CHECK_THROWS_WITH(lmc::error_barrier_interval(curve),
                    Catch::Matchers::Contains("at α = 0.5 the curve has 4 outcomes in `wrong` for count = 5"));
}

TEST_CASE("error_band: is the error, give or take, and its heights above the chord are the interval", "[connectivity]") {
  const bool swapped = GENERATE(false, true);
  const lmc::Curve drawn = testing::curve(sample(population(0.1), 500, 3));
  const lmc::Curve curve = swapped ? testing::mirrored(drawn) : drawn;
  const std::vector<lmc::Interval> band = lmc::error_band(curve);
  REQUIRE(band.size() == curve.points.size());
  const double a = *curve.points.front().metrics.error, b = *curve.points.back().metrics.error;
  lmc::Interval interval;
  for (std::size_t k = 0; k < band.size(); ++k) {
    CHECK_THAT((band[k].low + band[k].high) / 2, WithinAbs(*curve.points[k].metrics.error, 1e-12));
    const double line = lmc::chord(a, b, curve.points[k].weights());
    interval = {std::max(interval.low, band[k].low - line), std::max(interval.high, band[k].high - line)};
  }
  CHECK_THAT(band.front().high - band.front().low, WithinAbs(0, 1e-12));
  const lmc::Interval expected = lmc::error_barrier_interval(curve).value();
  CHECK_THAT(interval.low, WithinAbs(expected.low, 1e-12));
  CHECK_THAT(interval.high, WithinAbs(expected.high, 1e-12));
  CHECK(lmc::error_band(testing::curve(std::vector<double>{0.1, 0.2, 0.1})).empty());
}

TEST_CASE("error_barrier_interval: swapping the ends changes nothing where outcomes mirror themselves and the α do not",
          "[connectivity]") {
  std::vector<Row> rows(4, {false, false, true});
  rows.insert(rows.end(), 4, {true, false, false});
  rows.insert(rows.end(), 4, {false, true, false});
  lmc::Curve curve = testing::curve(rows);
  curve.points[1].alpha = 0.1;
  curve.points[1].alpha_bar = 0.9;
  const lmc::Curve other = testing::mirrored(curve);
  CHECK(lmc::error_barrier_interval(curve) == lmc::error_barrier_interval(other));
}

}  // namespace connectivity_interval_test
