// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/slerp.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/random.hpp>

namespace connectivity_slerp_test {

using lmc::GreatCircle;
using lmc::PathWeights;

namespace {

template <class T>
std::vector<T> normals(std::uint64_t seed, std::size_t count = 257) {
  std::vector<T> v(count);
  for (std::size_t i = 0; i < count; ++i) v[i] = static_cast<T>(lmc::normal({.seed = seed}, i));
  return v;
}

template <class T>
std::vector<T> at(const std::vector<T>& a, const std::vector<T>& b, const PathWeights& weights) {
  std::vector<T> out(a.size());
  GreatCircle<T>(a, b).at(weights, out);
  return out;
}

long double dot(const std::vector<long double>& a, const std::vector<long double>& b) {
  long double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
template <class T>
std::vector<long double> in_long_double(const std::vector<T>& v) {
  return {v.begin(), v.end()};
}
template <class T>
double length(const std::vector<T>& v) {
  const auto x = in_long_double(v);
  return static_cast<double>(std::sqrt(dot(x, x)));
}

// The formula as it stands, in long double. ω by the parallelogram of the unit vectors, as the scalar product has lost its digits at 0
// and π in long double, too.
std::vector<long double> reference(std::vector<long double> a, std::vector<long double> b, const PathWeights& weights) {
  const long double la = std::sqrt(dot(a, a)), lb = std::sqrt(dot(b, b));
  long double apart = 0, together = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += (a[i] / la - b[i] / lb) * (a[i] / la - b[i] / lb);
    together += (a[i] / la + b[i] / lb) * (a[i] / la + b[i] / lb);
  }
  const long double omega = 2 * std::atan2(std::sqrt(apart), std::sqrt(together));
  const auto weight = [&](long double alpha) { return omega == 0 ? alpha : std::sin(alpha * omega) / std::sin(omega); };
  const long double p = weight(weights.alpha_bar), q = weight(weights.alpha);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = p * a[i] + q * b[i];
  return a;
}

// b at the angle `angle` from a, and of the length `scale` times that of a, up to rounding.
std::vector<double> turned(const std::vector<double>& a, double angle, double scale) {
  std::vector<double> side = normals<double>(99, a.size());
  const double along = static_cast<double>(dot(in_long_double(a), in_long_double(side))) / (length(a) * length(a));
  for (std::size_t i = 0; i < a.size(); ++i) side[i] -= along * a[i];
  const double ratio = length(a) / length(side);
  std::vector<double> b(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) b[i] = scale * (std::cos(angle) * a[i] + std::sin(angle) * ratio * side[i]);
  return b;
}

const auto count_entries = [](std::span<const double> theta) {
  double sum = 0;
  for (const double t : theta) sum = 0.9 * sum + t * t;
  return lmc::Metrics{.loss = sum, .error = 0, .count = 1};
};

}  // namespace

TEMPLATE_TEST_CASE("slerp: equal ends, both ends and swapping are exact", "[connectivity]", float, double) {
  const auto a = normals<TestType>(1), b = normals<TestType>(2);
  for (const int count : {2, 3, 11, 24, 25}) {
    const lmc::AlphaGrid grid(count);
    for (const PathWeights& w : grid.points()) {
      CAPTURE(count, w.alpha);
      CHECK(at(a, a, w) == a);
      CHECK(at(a, b, w) == at(b, a, {w.alpha_bar, w.alpha}));
    }
    CHECK(at(a, b, grid.points().front()) == a);
    CHECK(at(a, b, grid.points().back()) == b);
  }
}

TEST_CASE("slerp: between orthogonal vectors goes round the quarter of a circle, and at constant speed", "[connectivity]") {
  const std::vector<double> a{3, 0, 0}, b{0, 0, 3};
  CHECK(GreatCircle<double>(a, b).angle() == std::numbers::pi / 2);
  for (const PathWeights& w : lmc::AlphaGrid(13).points()) {
    const auto theta = at(a, b, w);
    // Hand case: 3 (cos φ, 0, sin φ) with φ = α π/2. 4e-15: a few roundings of entries up to 3.
    CHECK_THAT(theta[0], Catch::Matchers::WithinAbs(3 * std::cos(w.alpha * std::numbers::pi / 2), 4e-15));
    CHECK(theta[1] == 0);
    CHECK_THAT(theta[2], Catch::Matchers::WithinAbs(3 * std::sin(w.alpha * std::numbers::pi / 2), 4e-15));
  }
}

TEST_CASE("slerp: the angle is exact to rounding from 0 to its largest", "[connectivity]") {
  const auto a = normals<double>(3);
  for (const double angle : {1e-12, 1e-8, 1e-5, 0.1, 1.0, 2.0, 3.0, std::numbers::pi - 2e-3})
    for (const double scale : {0.01, 1.0, 7.0}) {
      CAPTURE(angle, scale);
      const auto b = turned(a, angle, scale);
      // The entries of b are rounded, which turns it by up to 1e-16 however small the angle; four such roundings.
      CHECK_THAT(GreatCircle<double>(a, b).angle(), Catch::Matchers::WithinAbs(angle, 5e-16 * std::max(1.0, angle)));
    }
}

TEMPLATE_TEST_CASE("slerp: keeps to the stated error from angle 0 to its largest, against long double", "[connectivity]", float,
                   double) {
  const auto start = normals<double>(3);
  double worst = 0;
  for (const double angle : {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 2.0, 3.0, 3.13, std::numbers::pi - 1.1e-3})
    for (const double scale : {0.5, 1.0, 3.0})
      for (const PathWeights& w : lmc::AlphaGrid(9).points()) {
        const auto turned_end = turned(start, angle, scale);
        const std::vector<TestType> a(start.begin(), start.end()), b(turned_end.begin(), turned_end.end());
        const auto exact = reference(in_long_double(a), in_long_double(b), w);
        const auto theta = at(a, b, w);
        std::vector<long double> error = exact;
        for (std::size_t i = 0; i < error.size(); ++i) error[i] -= static_cast<long double>(theta[i]);
        const double eps = std::numeric_limits<TestType>::epsilon() / 2;
        // One vector that is nearly opposite and as long as the other is the hardest; 1/cos(ω/2) is what the formula divides by.
        const double bound = 2 * eps + 2e-16 / std::cos(GreatCircle<TestType>(a, b).angle() / 2);
        const double relative = length(error) / length(exact);
        worst = std::max(worst, relative / bound);
        CAPTURE(angle, scale, w.alpha, relative, bound);
        CHECK(relative <= bound);
      }
  CHECK(worst > 0.1);  // a bound that is never near says nothing
}

TEST_CASE("slerp: nearly equal vectors fall to the straight line without a jump", "[connectivity]") {
  const auto a = normals<double>(5);
  for (const double angle : {1e-9, 1e-8, 1e-4, 1e-2}) {
    const auto b = turned(a, angle, 1.5);
    std::vector<double> line(a.size());
    for (const PathWeights& w : lmc::AlphaGrid(7).points()) {
      lmc::interpolate<double>(a, b, w, line);
      const auto arc = at(a, b, w);
      double apart = 0;
      for (std::size_t i = 0; i < a.size(); ++i) apart += (arc[i] - line[i]) * (arc[i] - line[i]);
      // The arc is above its chord by ω²/8 of its radius in the middle; 1e-15 for rounding.
      CHECK(std::sqrt(apart) <= 1.5 * length(a) * (angle * angle / 8 + 1e-15));
    }
  }
  // The same direction at another length: the line to the bit, halves and all.
  std::vector<double> twice = a, line(a.size());
  for (double& x : twice) x *= 2;
  lmc::interpolate<double>(a, twice, {0.25, 0.75}, line);
  CHECK(at(a, twice, {0.25, 0.75}) == line);
}

TEST_CASE("slerp: the largest and the smallest numbers have an angle, too", "[connectivity]") {
  for (const double scale : {1e300, 1e-300}) {
    const std::vector<double> a{scale, 0}, b{0, scale};
    CHECK(GreatCircle<double>(a, b).angle() == std::numbers::pi / 2);
    CHECK_THAT(at(a, b, {0.5, 0.5})[0] / scale, Catch::Matchers::WithinAbs(std::numbers::sqrt2 / 2, 1e-15));
  }
}

TEST_CASE("slerp: is finite wherever the arc is, and refuses where it is not", "[connectivity]") {
  const std::vector<double> a{1.5e308, 0}, b{-1e308, 1e308};  // their difference is out of range
  for (const PathWeights& w : lmc::AlphaGrid(9).points()) {
    CAPTURE(w.alpha);
    const auto theta = at(a, b, w);
    const auto exact = reference(in_long_double(a), in_long_double(b), w);
    // Lengths are 1.5e308: a few roundings of that.
    for (std::size_t i = 0; i < 2; ++i)
      CHECK_THAT(theta[i] / 1e308, Catch::Matchers::WithinAbs(static_cast<double>(exact[i] / 1e308L), 4e-15));
  }
  // Hand case: (a + b) / (2 cos 1.5) is about 5e308 at ½.
  const std::vector<double> far{1e308 * std::cos(3.0), 1e308 * std::sin(3.0)};
  for (const PathWeights w : {PathWeights{0.5, 0.5}, PathWeights{0.4375, 0.5625}})
    CHECK_THROWS_WITH(at({1.7e308, 0}, far, w), Catch::Contains("position 0 is beyond the largest number of its type"));
  const std::vector<float> single{3e38F, 0}, other{2e38F * std::cos(3.0F), 2e38F * std::sin(3.0F)};
  CHECK_THROWS_WITH(at(single, other, {0.5, 0.5}), Catch::Contains("slerp: at α = 0.5 position 0 is beyond"));
}

TEST_CASE("slerp: refuses places that are not between the ends", "[connectivity][errors]") {
  const std::vector<double> a{1, 0}, b{0, 1};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(at(a, b, {1.5, -0.5}), "slerp: α = 1.5 and 1 − α = -0.5; expected a place between the ends, α in [0, 1]");
  for (const PathWeights w : {PathWeights{-0.5, 1.5}, PathWeights{nan, 1}, PathWeights{0, nan}})
    CHECK_THROWS_WITH(at(a, b, w), Catch::Contains("expected a place between the ends"));
}

TEST_CASE("slerp: refuses nearly opposite vectors, which have no arc of their own, and zero", "[connectivity][errors]") {
  const auto a = normals<double>(7);
  std::vector<double> opposite = a, zero(a.size());
  for (double& x : opposite) x *= -2;
  CHECK_THROWS_WITH(GreatCircle<double>(a, opposite),
                    Catch::Contains("slerp: a and b are nearly opposite, 0 from an angle of π; "
                                    "expected at least 0.001"));
  CHECK_THROWS_WITH(lmc::slerp_path(a, turned(a, std::numbers::pi - 5e-4, 1), count_entries),
                    Catch::Contains("nearly opposite"));
  CHECK_NOTHROW(lmc::slerp_path(a, turned(a, std::numbers::pi - 2e-3, 1), count_entries));
  CHECK_THROWS_WITH(GreatCircle<double>(a, zero), "slerp: all entries of b are 0; expected a vector that has a direction");
  CHECK_THROWS_WITH(GreatCircle<double>(zero, a), Catch::StartsWith("slerp: all entries of a are 0"));
  CHECK_THROWS_WITH(GreatCircle<double>(a, std::vector<double>(3, 1)),
                    "slerp: a has 257 parameters and b 3; expected two θ of one network");
  CHECK_THROWS_WITH(lmc::slerp_path(std::vector<double>{}, std::vector<double>{}, count_entries),
                    Catch::StartsWith("slerp: a and b are empty"));
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::vector<double> b = a;
    b[4] = bad;
    CHECK_THROWS_WITH(GreatCircle<double>(a, b), Catch::StartsWith("slerp: position 4 of b is "));
  }
}

TEST_CASE("slerp_path: is a curve that every barrier takes, with the ends as on the line", "[connectivity]") {
  const auto a = normals<double>(8), b = normals<double>(9);
  const auto line = lmc::linear_path(a, b, count_entries, {.alphas = 11}),
             arc = lmc::slerp_path(a, b, count_entries, {.alphas = 11});
  REQUIRE(arc.points.size() == 11);
  CHECK(arc.points.front() == line.points.front());
  CHECK(arc.points.back() == line.points.back());
  for (std::size_t k = 0; k < 11; ++k)
    CHECK(arc.points[k].metrics.loss == count_entries(at(a, b, arc.points[k].weights())).loss);
  // The loss is a square: convex, so that the line has no bump; the arc stays about as long as its ends.
  CHECK(lmc::loss_barrier(line).value == 0);
  CHECK(arc.points[5].metrics.loss > line.points[5].metrics.loss);
  CHECK(lmc::error_barrier(arc).value == 0);
  REQUIRE(lmc::slerp_path(a, b, count_entries, {.alphas = 4}).midpoint);  // ½ is not on that grid
  CHECK(lmc::slerp_path(a, b, count_entries, {.alphas = 4}).midpoint->metrics == arc.points[5].metrics);
}

}  // namespace connectivity_slerp_test
