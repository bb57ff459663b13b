// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/exact/exact_barrier.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"

namespace connectivity_exact_barrier_test {

using Catch::Contains;
using Catch::Matchers::WithinAbs;
using lmc::ExactErrorBarrier;
using lmc::ExactErrorCurve;
using lmc::Index;

namespace {

/// The curve on `points` even α, as an evaluator would give it.
lmc::Curve on_grid(const ExactErrorCurve& exact, std::size_t points) {
  std::vector<std::vector<bool>> rows;
  const lmc::AlphaGrid grid(points);
  for (Index i = 0; i < exact.examples(); ++i) {
    std::vector<bool> row;
    const auto stretches = lmc::wrong_stretches(exact, i);
    for (const lmc::PathWeights& at : grid.points())
      row.push_back(std::ranges::any_of(stretches, [&](const lmc::PathStretch& s) {
        return (s.from.alpha < at.alpha || at.alpha == 0) && (at.alpha < s.to.alpha || at.alpha == 1) &&
               (at.alpha != 0 || s.from.alpha == 0) && (at.alpha != 1 || s.to.alpha == 1);
      }));
    rows.push_back(row);
  }
  return testing::curve(rows);
}

/// n examples: each flips `flips` times at random places with probability `share`, and begins wrong with probability 0.1.
/// `bump` of them are wrong around the middle alone.
ExactErrorCurve random_curve(std::size_t n, double share, int flips, double bump, std::uint64_t seed) {
  ExactErrorCurve curve{.wrong = std::vector<bool>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    const auto draw = [&](std::uint64_t k) { return lmc::uniform({.seed = seed}, i * 16 + k); };
    std::vector<double> places;
    const double kind = draw(0);
    if (kind < bump) {
      places = {0.3 + 0.1 * draw(1), 0.7 - 0.1 * draw(2)};
    } else {
      curve.wrong[i] = draw(3) < 0.1;
      for (int k = 0; k < flips && kind < bump + share; ++k)
        places.push_back(0.001 + 0.998 * draw(4 + static_cast<unsigned>(k)));
    }
    std::ranges::sort(places);
    bool wrong = curve.wrong[i];
    for (const double place : places) curve.flips.push_back({{place, 1 - place}, static_cast<Index>(i), wrong = !wrong});
  }
  lmc::detail::sort_flips(curve.flips);
  return curve;
}

}  // namespace

TEST_CASE("exact error_barrier: is the supremum, with its place and side", "[connectivity]") {
  // 4 examples, errors ¼ at both ends; ¾ on the piece from 0.3 to 0.4.
  const ExactErrorCurve flat{
      .wrong = {true, false, false, false},
      .flips = {{{0.2, 0.8}, 1, true}, {{0.3, 0.7}, 2, true}, {{0.4, 0.6}, 1, false}, {{0.5, 0.5}, 2, false}}};
  ExactErrorBarrier barrier = lmc::error_barrier(flat);
  CHECK_THAT(barrier.value, WithinAbs(0.5, 1e-15));
  CHECK(barrier.alpha == 0.3);  // the smallest α of the piece
  CHECK(barrier.side == lmc::Side::behind);
  CHECK_THAT(barrier.normalized, WithinAbs(0.5 / 0.75, 1e-15));

  // One of two examples is wrong at a, both at b: the chord rises from ½ to 1, and the error jumps to 1 at 0.6.
  const ExactErrorCurve rising{.wrong = {true, false}, .flips = {{{0.6, 0.4}, 1, true}}};
  barrier = lmc::error_barrier(rising);
  CHECK_THAT(barrier.value, WithinAbs(0.2, 1e-15));
  CHECK(barrier.alpha == 0.6);
  CHECK(barrier.side == lmc::Side::behind);
  // The same from the other end: the error is high until 0.4, and its chord falls, so that the height grows until there.
  barrier = lmc::error_barrier(lmc::mirrored(rising));
  CHECK_THAT(barrier.value, WithinAbs(0.2, 1e-15));
  CHECK(barrier.alpha == 0.4);
  CHECK(barrier.side == lmc::Side::before);
  CHECK_THAT(barrier.normalized, WithinAbs(0.2 / 0.25, 1e-15));
  std::ostringstream text;
  text << barrier;
  CHECK_THAT(text.str(), Contains("0.2000 before α 0.4000, normalized 0.8000, 95 % ["));
}

TEST_CASE("exact error_barrier: is 0 where nothing changes, and never below a grid's", "[connectivity][long]") {
  const ExactErrorBarrier none = lmc::error_barrier({.wrong = {true, false, false}});
  CHECK(none.value == 0);
  CHECK(none.alpha == 0);
  CHECK(none.normalized == 0);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const ExactErrorCurve curve = random_curve(50, 0.5, 3, 0.1, seed);
    const double exact = lmc::error_barrier(curve).value;
    double fine = 0;
    for (const std::size_t points : {3U, 25U, 401U}) {
      fine = lmc::error_barrier(on_grid(curve, points)).value;
      CHECK(fine <= exact + 1e-15);
    }
    // A grid misses pieces between its points, of one example of the 50 here.
    CHECK_THAT(fine, WithinAbs(exact, 0.0211));
  }
}

TEST_CASE("exact error_barrier: swapped ends have the same value, interval and verdict, to the bit", "[connectivity]") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const ExactErrorCurve curve = random_curve(400, 0.2, 3, 0.02, seed);
    const ExactErrorBarrier there = lmc::error_barrier(curve), back = lmc::error_barrier(lmc::mirrored(curve));
    CHECK(there.value == back.value);
    CHECK(there.normalized == back.normalized);
    CHECK(there.interval == back.interval);
    CHECK(there.verdict == back.verdict);
  }
}

TEST_CASE("exact error_barrier_interval: swapping the ends changes nothing where the places of flips mirror themselves",
          "[connectivity]") {
  const ExactErrorCurve curve{
      .wrong = {false, false, false, true, false, false},
      .flips = {{{0.125, 0.875}, 0, true}, {{0.25, 0.75}, 1, true}, {{0.75, 0.25}, 2, true}, {{0.875, 0.125}, 3, false}}};
  CHECK(lmc::error_barrier_interval(curve) == lmc::error_barrier_interval(lmc::mirrored(curve)));
}

TEST_CASE("exact error_barrier_interval: is that of a fine grid", "[connectivity][long]") {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const ExactErrorCurve curve = random_curve(500, 0.1, 2, 0.04, seed);
    const lmc::Interval exact = lmc::error_barrier_interval(curve);
    const lmc::Interval grid = lmc::error_barrier_interval(on_grid(curve, 201)).value();
    // Two bootstraps with numbers of their own: the quantile of 2000 resamples has a standard error of 1 to 2 %.
    CHECK_THAT(exact.low, WithinAbs(grid.low, 0.04 * (grid.high - grid.low)));
    CHECK_THAT(exact.high, WithinAbs(grid.high, 0.04 * (grid.high - grid.low)));
    CHECK(exact.low < exact.high);
  }
}

TEST_CASE("exact error_barrier_interval: covers the barrier of the population", "[connectivity][long]") {
  // Examples of 40 kinds, so that the curve of all examples there are is known: a curve of one example of each kind.
  for (const double bump : {0.0, 0.1}) {
    const ExactErrorCurve kinds = random_curve(40, 0.3, 2, bump, 11);
    const double truth = lmc::error_barrier(kinds).value;
    int covered = 0;
    constexpr int samples = 60;
    for (std::uint64_t sample = 0; sample < samples; ++sample) {
      constexpr std::size_t n = 200;
      ExactErrorCurve curve{.wrong = std::vector<bool>(n)};
      for (std::size_t i = 0; i < n; ++i) {
        const auto kind = static_cast<Index>(lmc::uniform_below({.seed = sample}, i, 40));
        curve.wrong[i] = kinds.wrong[static_cast<std::size_t>(kind)];
        for (const lmc::ErrorFlip& flip : kinds.flips)
          if (flip.example == kind) curve.flips.push_back({flip.at, static_cast<Index>(i), flip.wrong});
      }
      lmc::detail::sort_flips(curve.flips);
      const lmc::Interval interval = lmc::error_barrier_interval(curve);
      covered += interval.low <= truth && truth <= interval.high;
    }
    CAPTURE(bump, truth);
    // 95 % and more are meant; 52 of 60 or fewer have a probability of 1 % at 95.
    CHECK(covered > 52);
  }
}

TEST_CASE("exact error_barrier_interval: without a changing example the upper end is what the examples can rule out",
          "[connectivity]") {
  const lmc::Interval interval = lmc::error_barrier_interval({.wrong = std::vector<bool>(1000)});
  CHECK(interval.low == 0);
  CHECK_THAT(interval.high, WithinAbs(1 - std::pow(0.05, 1e-3), 1e-12));
}

TEST_CASE("PieceVariance: its closed forms are the extremes of a fine grid", "[connectivity]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto draw = [&](std::uint64_t k) { return lmc::uniform({.seed = seed}, k); };
    // (p + r t)² + h, a variance.
    const double p = 2 * draw(0) - 1, r = 4 * draw(1) - 2, h = draw(2) * draw(2);
    const auto q = [&](double t) { return (p + r * t) * (p + r * t) + h; };
    const lmc::detail::PieceVariance variance(q(0), q(0.5), q(1));
    const double u = 2 * draw(3) - 1, v = 2 * draw(4) - 1, c = 0.2 + 3 * draw(5);
    double ratio = 0, below = -10, error = 0;
    for (int k = 0; k <= 2'000; ++k) {
      const double t = k / 2'000.0, value = u + t * (v - u);
      error = std::max(error, std::abs(variance.deviation(t) - std::sqrt(q(t))));
      ratio = std::max(ratio, std::abs(value) / std::sqrt(q(t)));
      below = std::max(below, value - c * std::sqrt(q(t)));
    }
    CHECK(error < 1e-7);
    CHECK(variance.highest_ratio(u, v) >= ratio * (1 - 1e-9));
    CHECK_THAT(variance.highest_ratio(u, v), WithinAbs(ratio, 1e-3 * ratio));
    CHECK_THAT(variance.highest_below(u, v, c), WithinAbs(below, 1e-4));
  }
}

TEST_CASE("exact error_barrier: its verdict follows from the interval", "[connectivity]") {
  const ExactErrorCurve curve = random_curve(2000, 0.02, 2, 0.1, 3);
  CHECK(lmc::error_barrier(curve).verdict == lmc::Verdict::broken);
  CHECK(lmc::error_barrier(curve, {.threshold = 0.5}).verdict == lmc::Verdict::connected);
  const ExactErrorBarrier barrier = lmc::error_barrier(curve);
  CHECK(lmc::error_barrier(curve, {.threshold = barrier.value}).verdict == lmc::Verdict::undecided);
  ExactErrorCurve diverged = curve;
  diverged.diverged = true;
  CHECK(lmc::error_barrier(diverged).verdict == lmc::Verdict::none);
  std::ostringstream text;
  text << lmc::error_barrier(diverged);
  CHECK_THAT(text.str(), Contains("no verdict: a network diverged"));
  CHECK_THROWS_WITH(lmc::error_barrier(curve, {.threshold = -1}), Contains("threshold = -1; expected a share"));
  CHECK_THROWS_WITH(lmc::error_barrier(ExactErrorCurve{}), Contains("there is no example"));
}

}  // namespace connectivity_exact_barrier_test
