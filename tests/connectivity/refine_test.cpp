// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/exact/refine.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/random.hpp>

#include "support/curves.hpp"

namespace connectivity_refine_test {

namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Metrics;
using lmc::refine;
using lmc::RefinedCurve;
using Theta = std::span<const double>;

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// An example is wrong for α in [from, to).
struct Stretch {
  double from, to;
};
using Examples = std::vector<Stretch>;

/// The line from a = {0} to b = {1}, whose θ is α, measured at single places that are remembered.
struct Line {
  Metrics operator()(Theta theta) const {
    places.push_back(theta[0]);
    Metrics metrics{.count = static_cast<lmc::Index>(examples.size())};
    for (const Stretch& s : examples) metrics.wrong.push_back(theta[0] >= s.from && theta[0] < s.to);
    const auto wrong = std::count(metrics.wrong.begin(), metrics.wrong.end(), true);
    metrics.error = static_cast<double>(wrong) / static_cast<double>(metrics.count);
    return metrics;
  }
  Examples examples;
  mutable std::vector<double> places = {};
};

/// The same line, measured at several places in one call.
struct WholeLine : Line {
  using Line::operator();
  std::vector<Metrics> evaluate_path(Theta a, Theta b, std::span<const lmc::PathWeights> points) const {
    std::vector<Metrics> measured;
    calls->emplace_back();
    for (const lmc::PathWeights& at : points) {
      const double theta = lmc::chord(a[0], b[0], at);
      calls->back().push_back(theta);
      measured.push_back((*this)({&theta, 1}));
    }
    return measured;
  }
  std::vector<std::vector<double>>* calls = nullptr;
};
static_assert(lmc::PathEvaluator<WholeLine, double>);

const std::vector<double> a = {0}, b = {1};

/// sup over α of err − chord: the error rises at a `from` alone, and falls at a `to`, where the limit from the left counts.
double supremum(const Examples& examples) {
  const Line line{examples};
  const auto n = static_cast<double>(examples.size());
  const double at_a = *line(a).error, at_b = *line(b).error;
  double top = 0;
  for (const Stretch& event : examples)
    for (const double alpha : {event.from, event.to}) {
      if (alpha < 0 || alpha > 1) continue;
      double right = 0, left = 0;
      for (const Stretch& s : examples) {
        right += alpha >= s.from && alpha < s.to ? 1 / n : 0;
        left += alpha > s.from && alpha <= s.to ? 1 / n : 0;
      }
      top = std::max({top, right - ((1 - alpha) * at_a + alpha * at_b), left - ((1 - alpha) * at_a + alpha * at_b)});
    }
  return top;
}

/// Examples that are wrong around a place near `center`, each on a stretch of at least `shortest`, and some from or to an end.
Examples bump(std::size_t count, double center, double shortest, std::uint64_t seed) {
  Examples examples;
  for (std::size_t i = 0; i < count; ++i) {
    const double at = center + 0.3 * (lmc::uniform({.seed = seed}, 2 * i) - 0.5);
    const double length = shortest + 0.3 * lmc::uniform({.seed = seed}, 2 * i + 1);
    Stretch s{at - length / 2, at + length / 2};
    if (i % 7 == 0) s.from = -1;
    if (i % 11 == 0) s.to = 2;
    if (i % 2 == 1) s = {2, 3};  // never wrong
    examples.push_back(s);
  }
  return examples;
}

double value(const lmc::Curve& curve) { return lmc::error_barrier(curve).value; }

}  // namespace

TEST_CASE("refine: the supremum is between the maximum and the bound, which close in on it", "[connectivity][long]") {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    // On 9 α, stretches of 1/8 and more hold one at least: no example flips twice between neighbors.
    const Line line{bump(1000, 0.3 + 0.1 * static_cast<double>(seed), 0.13, seed)};
    const double truth = supremum(line.examples);
    const lmc::Curve coarse = lmc::linear_path(a, b, line, {.alphas = 9});
    double lower = 0, upper = 1;
    for (const int points : {0, 1, 2, 4, 8, 16, 64, 1000}) {
      const RefinedCurve refined = refine(coarse, a, b, line, {.points = points, .tolerance = 0});
      CAPTURE(seed, points, truth);
      CHECK(value(refined.curve) >= lower);
      CHECK(refined.supremum_at_most <= upper);
      lower = value(refined.curve), upper = refined.supremum_at_most;
      CHECK(lower <= truth + 1e-12);
      CHECK(upper >= truth - 1e-12);
      CHECK(std::ssize(refined.curve.points) <= std::ssize(coarse.points) + points);
    }
    CHECK(value(coarse) < truth - 5e-4);  // there is something to find
    CHECK_THAT(lower, WithinAbs(truth, 1e-9));
    CHECK_THAT(upper, WithinAbs(truth, 1e-9));
  }
}

TEST_CASE("refine: an example that flips twice between neighbors can be missed", "[connectivity]") {
  // The stretch ends before the first place that is measured between the ends.
  const Line line{{{0.1, 0.2}, {2, 3}, {2, 3}, {2, 3}}};
  const RefinedCurve refined = refine(lmc::linear_path(a, b, line, {.alphas = 3}), a, b, line);
  CHECK(refined.supremum_at_most == 0);
  CHECK(supremum(line.examples) == 0.25);
}

TEST_CASE("refine: halves the interval with the largest bound first, and those with half of its excess", "[connectivity]") {
  // Four examples, right at the ends. On {0, ½, 1}, two are wrong at ½, from 0.3 and to 0.9: both bounds are 2/4.
  const Line line{{{0.3, 0.6}, {0.45, 0.9}, {2, 3}, {2, 3}}};
  const lmc::Curve coarse = lmc::linear_path(a, b, line, {.alphas = 3});
  const RefinedCurve same = refine(coarse, a, b, line);
  CHECK(same.supremum_at_most == value(coarse));  // the maximum is attained: nothing is added
  CHECK(same.curve == coarse);

  // On {0, 0.4, 1}, one is wrong at 0.4. The bounds are 1/4 and 1/4, as is the maximum: the two are wrong together from 0.45 to
  // 0.6, where the second flips twice between neighbors.
  const lmc::Curve uneven = lmc::linear_path(a, b, line, {.alphas = {0, 0.4, 1}});
  const RefinedCurve with_midpoint = refine(uneven, a, b, line);
  // ½ was measured beside the points.
  REQUIRE(with_midpoint.curve.points.size() == 4);
  CHECK(with_midpoint.curve.points[2].alpha == 0.5);
  CHECK(!with_midpoint.curve.midpoint);
  CHECK(with_midpoint.supremum_at_most == 0.5);

  // A large excess near 0 and a small one near 1: with one point at a time, only the first is halved.
  Examples skewed(100, {2, 3});
  for (std::size_t i = 0; i < 20; ++i) skewed[i] = {-1, 0.1}, skewed[20 + i] = {0.2, 0.6};
  skewed[50] = {0.8, 2};
  const Line steps{skewed};
  const lmc::Curve thirds = lmc::linear_path(a, b, steps, {.alphas = {0, 0.25, 0.75, 1}});
  steps.places.clear();
  refine(thirds, a, b, steps, {.points = 1});
  CHECK(steps.places == std::vector<double>{0.125});
  // The midpoint has the maximum, 0.095; the excesses over it are 0.1525 and, right of it, 0.0475: two calls. With three more
  // examples there, it is 0.0775: one.
  std::vector<std::vector<double>> calls;
  refine(thirds, a, b, WholeLine{steps, &calls}, {.points = 2});
  CHECK(calls == std::vector<std::vector<double>>{{0.125}, {0.625}});
  Line more{skewed};
  for (std::size_t i = 60; i < 63; ++i) more.examples[i] = {0.6, 0.79};
  const lmc::Curve raised = lmc::linear_path(a, b, more, {.alphas = {0, 0.25, 0.75, 1}});
  calls.clear();
  refine(raised, a, b, WholeLine{more, &calls}, {.points = 2});
  CHECK(calls == std::vector<std::vector<double>>{{0.125, 0.625}});
}

TEST_CASE("refine: the evaluator is called for new α alone, and the result is a curve of its own", "[connectivity]") {
  const Line line{bump(300, 0.6, 0.2, 9)};
  const lmc::Curve coarse = lmc::linear_path(a, b, line, {.alphas = 6});
  line.places.clear();
  const RefinedCurve refined = refine(coarse, a, b, line, {.points = 12, .tolerance = 0});
  CHECK(std::ssize(line.places) <= 12);
  CHECK(std::ssize(line.places) > 0);
  for (const double place : line.places)
    CHECK(std::ranges::none_of(coarse.points, [&](const lmc::CurvePoint& p) { return p.alpha == place; }));
  std::ranges::sort(line.places);
  CHECK(std::ranges::adjacent_find(line.places) == line.places.end());
  CHECK(refined.curve.points.size() == coarse.points.size() + 1 + line.places.size());  // and the midpoint
  for (const lmc::CurvePoint& p : refined.curve.points) {
    CHECK(p.metrics == line(std::array{p.alpha}));
    CHECK_THAT(p.alpha + p.alpha_bar, WithinAbs(1, 1e-15));
  }
  CHECK_NOTHROW(lmc::error_barrier(refined.curve));
  CHECK_NOTHROW(lmc::midpoint_barrier(refined.curve));
  CHECK(lmc::error_barrier_interval(refined.curve));

  // A curve that was refined can be refined on, and one point of it is taken at a time as well as several.
  const RefinedCurve further = refine(refined.curve, a, b, line, {.points = 1000, .tolerance = 0});
  CHECK(value(further.curve) == value(refine(coarse, a, b, line, {.points = 1000, .tolerance = 0}).curve));
}

TEST_CASE("refine: goes on until the bound is within the tolerance", "[connectivity]") {
  const Line line{bump(1000, 0.45, 0.13, 3)};
  const lmc::Curve coarse = lmc::linear_path(a, b, line, {.alphas = 9});
  std::size_t before = coarse.points.size();
  for (const double tolerance : {0.05, 0.02, 0.005}) {
    const RefinedCurve refined = refine(coarse, a, b, line, {.points = 1000, .tolerance = tolerance});
    CAPTURE(tolerance);
    CHECK(refined.supremum_at_most <= value(refined.curve) + tolerance);
    CHECK(refined.curve.points.size() > before);  // and no further than it has to
    before = refined.curve.points.size();
  }
  CHECK(before < 60);
  const RefinedCurve none = refine(coarse, a, b, line, {.tolerance = 1});
  CHECK(none.curve == coarse);
  CHECK(none.supremum_at_most > value(coarse));
}

TEST_CASE("refine: equal ends have a supremum of 0, without a measurement", "[connectivity]") {
  const auto constant = [](Theta) { return Metrics{.error = 0.5, .count = 2, .wrong = {true, false}}; };
  const lmc::Curve flat = lmc::linear_path(a, a, constant);
  const auto unused = [](Theta) -> Metrics { throw std::logic_error("measured"); };
  const RefinedCurve refined = refine(flat, a, a, unused, {.tolerance = 0});
  CHECK(refined.supremum_at_most == 0);
  CHECK(refined.curve == flat);
}

TEST_CASE("refine: the chord is that of the lower end of an interval", "[connectivity]") {
  // Two of four are wrong at 0 and none at 1: the chord falls from ½ to 0. Both are wrong to 0.7, where the height is 0.35, the
  // supremum; the bound between ½ and 1 takes the chord at 1.
  const Line line{{{-1, 0.7}, {-1, 0.7}, {2, 3}, {2, 3}}};
  const lmc::Curve coarse = lmc::linear_path(a, b, line, {.alphas = 3});
  CHECK(refine(coarse, a, b, line, {.points = 0}).supremum_at_most == 0.5);
  CHECK(refine(coarse, a, b, line, {.points = 1}).supremum_at_most == 0.375);  // ¾ is right; between ½ and ¾ the chord is ⅛
  CHECK_THAT(refine(coarse, a, b, line, {.points = 60, .tolerance = 0}).supremum_at_most, WithinAbs(0.35, 1e-6));
}

TEST_CASE("refine: swapping the ends mirrors the result to the bit", "[connectivity]") {
  const auto theta_a = testing::random_values(20, 1), theta_b = testing::random_values(20, 2);
  const auto measure = [](Theta theta) {
    Metrics metrics{.error = 0, .count = 200};
    for (std::size_t i = 0; i < 200; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < theta.size(); ++j) sum += std::cos(static_cast<double>(i * (j + 1)) * theta[j]);
      metrics.wrong.push_back(sum > 0);
    }
    metrics.error = static_cast<double>(std::count(metrics.wrong.begin(), metrics.wrong.end(), true)) / 200;
    return metrics;
  };
  for (const int alphas : {4, 9})
    for (const int points : {1, 2, 7, 30}) {
      const RefinedCurve there = refine(lmc::linear_path(theta_a, theta_b, measure, {.alphas = alphas}), theta_a, theta_b,
                                        measure, {.points = points});
      const RefinedCurve back = refine(lmc::linear_path(theta_b, theta_a, measure, {.alphas = alphas}), theta_b, theta_a,
                                       measure, {.points = points});
      CAPTURE(alphas, points);
      CHECK(back.curve == testing::mirrored(there.curve));
      CHECK(back.supremum_at_most == there.supremum_at_most);
    }

  // Equal bounds on both sides, and one point to add: it is the same place, not the first in both directions. The mirrored curve
  // is the curve with other examples.
  Examples symmetric(10, {2, 3});
  symmetric[0] = {-1, 0.1}, symmetric[1] = {-1, 0.6}, symmetric[2] = {0.4, 2}, symmetric[3] = {0.9, 2};
  const Line line{symmetric};
  const auto mirrored_line = [&](Theta theta) { return line(std::array{-theta[0]}); };
  const auto negative = [](double x) { return std::vector<double>{-x}; };
  const lmc::Curve curve = lmc::linear_path(a, b, line, {.alphas = 3});
  line.places.clear();
  refine(curve, a, b, line, {.points = 1});
  refine(testing::mirrored(curve), b, a, line, {.points = 1});
  refine(curve, negative(0), negative(1), mirrored_line, {.points = 1});
  REQUIRE(line.places.size() == 3);
  CHECK(line.places[0] == line.places[1]);
  CHECK(line.places[0] == 1 - line.places[2]);  // −1 is the smaller end there: the choice follows the ends, not α
}

TEST_CASE("refine: keeps what a curve says of a run that diverged", "[connectivity]") {
  const Line line{bump(100, 0.5, 0.3, 1)};
  lmc::Curve curve = lmc::linear_path(a, b, line, {.alphas = 5});
  curve.diverged = true;
  CHECK(refine(curve, a, b, line).curve.diverged);
}

TEST_CASE("refine: refuses what has no outcomes or does not fit, by name", "[connectivity][errors]") {
  const Line line{bump(100, 0.5, 0.3, 1)};
  const lmc::Curve curve = lmc::linear_path(a, b, line, {.alphas = 5});
  CHECK_THROWS_WITH(
      refine(testing::curve({0.1, 0.2, 0.1}), a, b, line),
      "refine: the curve has no outcomes of single examples, which the bound is computed from; set Metrics::wrong");
  CHECK_THROWS_WITH(refine(testing::loss_curve({0.1, 0.2, 0.1}), a, b, line), Contains("refine: the curve has no error"));
  CHECK_THROWS_WITH(refine({}, a, b, line), Contains("refine: the curve has 0 points"));
  CHECK_THROWS_WITH(refine(curve, a, b, line, {.points = -1}), Contains("refine: points = -1"));
  for (const double tolerance : {-0.1, not_a_number})
    CHECK_THROWS_WITH(refine(curve, a, b, line, {.tolerance = tolerance}), Contains("refine: tolerance = "));
  CHECK_THROWS_WITH(refine(curve, a, {1, 2}, line), Contains("refine: a has 1 parameters and b 2"));
  CHECK_THROWS_WITH(refine<double>(curve, {}, {}, line), Contains("refine: a and b are empty"));
  CHECK_THROWS_WITH(refine(curve, a, {not_a_number}, line), Contains("refine: position 0 of b is nan; expected finite"));

  lmc::Curve without_number = curve;
  without_number.points[1].metrics.error = not_a_number;
  CHECK_THROWS_WITH(refine(without_number, a, b, line), Contains("refine: at α = 0.25 the error is NaN"));

  const lmc::RefineOptions exhaustive{.tolerance = 0};
  const auto fewer = [](Theta) { return Metrics{.error = 0, .count = 2, .wrong = {false, false}}; };
  CHECK_THROWS_WITH(refine(curve, a, b, fewer, exhaustive), Contains("the evaluator gave count = 2, but 100 at α = 0"));
  const auto nan = [&](Theta theta) {
    Metrics metrics = line(theta);
    metrics.error = not_a_number;
    return metrics;
  };
  CHECK_THROWS_WITH(refine(curve, a, b, nan, exhaustive), Contains("the error is NaN"));
  const auto failing = [](Theta) -> Metrics { throw std::runtime_error("out of memory"); };
  CHECK_THROWS_WITH(refine(curve, a, b, failing, exhaustive), "out of memory");
  std::vector<double> model = b;
  const auto loading = [&](Theta theta) {
    model[0] = theta[0];
    return line(theta);
  };
  CHECK_THROWS_WITH(refine(curve, a, model, loading, exhaustive), Contains("refine: the evaluator changes a or b"));
}

}  // namespace connectivity_refine_test
