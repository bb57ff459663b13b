// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include <lmc/connectivity/paths/arc_length.hpp>
#include <lmc/connectivity/paths/bent_path.hpp>
#include <lmc/connectivity/paths/combination.hpp>
#include <lmc/connectivity/paths/path_curve.hpp>
#include <lmc/core/error.hpp>

namespace connectivity_bent_path_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::BentPath;
using lmc::PathKind;

template <class T>
std::vector<std::vector<T>> random_points(std::size_t count, std::size_t size, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<std::vector<T>> points(count, std::vector<T>(size));
  for (auto& point : points)
    for (T& x : point) x = static_cast<T>(static_cast<double>(engine()) / 0x1p31 - 1);
  return points;
}

// Any t and its mirror image.
lmc::PathWeights at(double t) { return {t, 1 - t}; }

TEST_CASE("bent paths: follow their formulas") {
  const auto p = random_points<double>(3, 5, 1);
  std::vector<double> theta(5);
  for (const double t : {0.1, 0.3, 0.5, 0.875}) {
    BentPath<double>(PathKind::bezier, p).at(at(t), theta);
    for (std::size_t i = 0; i < 5; ++i)
      CHECK_THAT(theta[i], WithinAbs((1 - t) * (1 - t) * p[0][i] + 2 * t * (1 - t) * p[1][i] + t * t * p[2][i], 1e-15));
    BentPath<double>(PathKind::polychain, p).at(at(t), theta);
    for (std::size_t i = 0; i < 5; ++i)
      CHECK_THAT(
          theta[i],
          WithinAbs(t < 0.5 ? (1 - 2 * t) * p[0][i] + 2 * t * p[1][i] : (2 - 2 * t) * p[1][i] + (2 * t - 1) * p[2][i], 1e-15));
  }
}

TEST_CASE("bent paths: several bends weigh as Bernstein's polynomials and as Garipov's polychain do") {
  const BentPath<double> bezier(PathKind::bezier, random_points<double>(5, 2, 2));
  const std::vector<double> w = bezier.weights(at(0.25));
  const std::array<double, 5> of_binomial{81, 108, 54, 12, 1};  // (4 over k) 3^(4 − k), divided by 4⁴: exact
  for (std::size_t k = 0; k < 5; ++k) CHECK(w[k] == of_binomial[k] / 256);
  const BentPath<double> chain(PathKind::polychain, random_points<double>(5, 2, 2));
  CHECK(chain.weights(at(0.3125)) == std::vector<double>{0, 0.75, 0.25, 0, 0});
  CHECK(chain.weights(at(0.6875)) == std::vector<double>{0, 0, 0.25, 0.75, 0});
  CHECK(chain.weights(at(0.75)) == std::vector<double>{0, 0, 0, 1, 0});
}

TEST_CASE("bent paths: ends are exact to the bit, equal points stay, and reversing mirrors") {
  for (const PathKind kind : {PathKind::polychain, PathKind::bezier}) {
    auto p = random_points<float>(4, 700, 3);  // longer than the block of combine
    p[1][3] = p[2][3] = p[3][3] = p[0][3];
    p[0][4] = -0.0F;
    const BentPath<float> path(kind, p);
    const BentPath<float> reversed(kind, {p[3], p[2], p[1], p[0]});
    std::vector<float> theta(700), mirrored(700);
    path.at({0, 1}, theta);
    CHECK(theta == p[0]);
    CHECK(std::signbit(theta[4]));
    path.at({1, 0}, theta);
    CHECK(theta == p[3]);
    for (const double t : {0.01, 0.2, 0.4, 0.7, 0.99}) {
      path.at({t, 1 - t}, theta);
      reversed.at({1 - t, t}, mirrored);
      CHECK(theta == mirrored);
      CHECK(theta[3] == p[0][3]);
    }
  }
}

TEST_CASE("bent paths: the largest numbers do not overflow") {
  const double big = std::numeric_limits<double>::max();
  std::vector<double> theta(2);
  for (const PathKind kind : {PathKind::polychain, PathKind::bezier}) {
    const BentPath<double> path(kind, {{big, big}, {big, -big}, {big, big / 2}});
    for (const double t : {0.1, 0.3, 0.5, 0.9}) {
      path.at(at(t), theta);
      CHECK(theta[0] == big);
      CHECK(std::isfinite(theta[1]));
    }
  }
}

TEST_CASE("bent paths: the tangent is the derivative") {
  for (const PathKind kind : {PathKind::polychain, PathKind::bezier}) {
    const BentPath<double> path(kind, random_points<double>(4, 6, 4));
    std::vector<double> before(6), after(6), tangent(6);
    for (const double t : {0.1, 0.45, 0.8}) {
      const double h = 1e-5;  // rounding is 1e-11 here, the third derivative's part of order 1e-9
      path.at(at(t - h), before);
      path.at(at(t + h), after);
      path.tangent(at(t), tangent);
      for (std::size_t i = 0; i < 6; ++i) CHECK_THAT(tangent[i], WithinAbs((after[i] - before[i]) / (2 * h), 1e-8));
    }
  }
}

TEST_CASE("bent paths: begin on the line") {
  const std::vector<float> a{0, 1, -3}, b{4, 1, 5};
  const auto path = BentPath<float>::line(PathKind::polychain, a, b, 3);
  CHECK(path.bends() == 3);
  CHECK(path.points[0] == a);
  CHECK(path.points[1] == std::vector<float>{1, 1, -1});
  CHECK(path.points[2] == std::vector<float>{2, 1, 1});
  CHECK(path.points[4] == b);
  CHECK_THAT(lmc::ArcLength(path).total(), WithinRel(std::sqrt(80.0), 1e-14));
}

TEST_CASE("arc length: a polychain's is that of its segments") {
  const BentPath<double> chain(PathKind::polychain, {{0, 0}, {3, 4}, {3, 6}});
  const lmc::ArcLength length(chain);
  CHECK(length.total() == 7);
  CHECK(length.until(at(0.25)) == 2.5);
  CHECK(length.until(at(0.75)) == 6);
}

TEST_CASE("arc length: a Bezier curve's is that of the parabola") {
  // x = t, y = t²: ∫₀^x √(1 + 4 s²) ds = x √(1 + 4 x²)/2 + asinh(2 x)/4
  const BentPath<double> parabola(PathKind::bezier, {{0, 0}, {0.5, 0}, {1, 1}});
  const lmc::ArcLength length(parabola);
  for (const double x : {0.3, 1.0})
    CHECK_THAT(length.until(at(x)), WithinAbs(x * std::sqrt(1 + 4 * x * x) / 2 + std::asinh(2 * x) / 4, 1e-10));
  // There and back: 1.5 t (1 − t) rises to 3/8 and falls again, with a kink of the speed at ½.
  const BentPath<double> turning(PathKind::bezier, {{0, 0}, {0.75, 0}, {0, 1e-300}});
  CHECK_THAT(lmc::ArcLength(turning).total(), WithinAbs(0.75, 1e-10));
}

TEST_CASE("arc length: ends where halves differ by rounding alone, as where many bends go back and forth") {
  // In one dimension, the length is the total variation: |θ(t + h) − θ(t)| over a fine grid, exact but for h² at each turn.
  const BentPath<double> jagged(PathKind::bezier, random_points<double>(80, 1, 5));
  std::vector<double> before(1), after(1);
  double variation = 0;
  jagged.at(at(0), before);
  for (int i = 1; i <= 4000; ++i, before = after) {
    jagged.at(at(i / 4000.0), after);
    variation += std::abs(after[0] - before[0]);
  }
  CHECK_THAT(lmc::ArcLength(jagged).total(), WithinRel(variation, 1e-4));
  CHECK(lmc::ArcLength(jagged).total() >= variation);
}

// A landscape f(x, y) = x² + y² in the metrics' loss.
lmc::Metrics bowl(std::span<const double> theta) {
  return {.loss = theta[0] * theta[0] + theta[1] * theta[1], .error = {}, .count = 1};
}

TEST_CASE("path_curve: measures along t and along the length") {
  const BentPath<double> chain(PathKind::polychain, {{0, 0}, {3, 0}, {3, 1}});
  const lmc::Curve curve = lmc::path_curve(chain, bowl, {.alphas = 5});
  REQUIRE(curve.points.size() == 5);
  CHECK(curve.points[1].metrics.loss == 2.25);
  CHECK(curve.points[2].metrics.loss == 9);
  CHECK(curve.points[3].metrics.loss == 9.25);
  CHECK(curve.points[4].metrics.loss == 10);
  const lmc::LossBarrier barrier = lmc::loss_barrier(curve);  // above the chord 10 t: 9 − 5 at ½
  CHECK(barrier.value == 4);
  CHECK(barrier.alpha == 0.5);
  const lmc::PathLevel level = lmc::path_level(curve, lmc::Metric::loss);
  CHECK(level.mean == (2.25 + 9 + 9.25 + 5) / 4);
  CHECK(level.maximum == 10);
  CHECK(level.alpha == 1);

  // Lengths 3 and 1: the bend is at 3/4, where the chord has 7.5.
  const lmc::Curve by_length = lmc::along_length(curve, chain);
  CHECK(by_length.points[2].alpha == 0.75);
  CHECK(by_length.points[4].alpha_bar == 0);
  CHECK(lmc::loss_barrier(by_length).value == 1.5);
  CHECK(lmc::path_level(by_length, lmc::Metric::loss).mean ==
        (0.375 * 2.25 + 0.375 * (2.25 + 9) + 0.125 * (9 + 9.25) + 0.125 * (9.25 + 10)) / 2);
}

TEST_CASE("bent paths: what is wrong is named") {
  const std::vector<double> a{0, 1}, b{1, 0}, c{1, 2, 3};
  CHECK_THROWS_WITH(BentPath<double>(PathKind::bezier, {a, b}), Contains("2 points; expected both ends and at least one bend"));
  CHECK_THROWS_WITH(BentPath<double>(PathKind::bezier, {a, c, b}), Contains("point 1 has 3 parameters, and the first end 2"));
  CHECK_THROWS_WITH(BentPath<double>(PathKind::bezier, {a, b, a}), Contains("both ends are equal"));
  CHECK_THROWS_WITH(BentPath<double>(PathKind::bezier, {a, {NAN, 0}, b}), Contains("position 0 of point 1 is nan"));
  CHECK_THROWS_WITH(BentPath<double>::line(PathKind::bezier, a, b, 0), Contains("bends = 0; expected at least 1"));
  CHECK_THROWS_WITH(BentPath<double>::line(PathKind::bezier, a, c, 1), Contains("a has 2 parameters and b 3"));
  CHECK_THROWS_WITH(BentPath<double>(PathKind::bezier, {a, a, b}).weights({1.5, -0.5}), Contains("t = 1.5"));
  CHECK_THROWS_WITH(lmc::parse_path_kind("bezzier"), Contains("bezier"));
  const BentPath<double> resting(PathKind::polychain, {a, a, b});
  const lmc::Curve curve = lmc::path_curve(resting, bowl, {.alphas = 5});
  CHECK_THROWS_WITH(lmc::along_length(curve, resting), Contains("t = 0 and 0.25 lie at one place"));
}

}  // namespace connectivity_bent_path_test
