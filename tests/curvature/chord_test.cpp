// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/curvature/chord_curvature.hpp>
#include <lmc/curvature/cross_share.hpp>
#include <lmc/curvature/difference_hessian.hpp>
#include <span>
#include <vector>

namespace curvature_chord_test {

using Catch::Matchers::WithinAbs;

namespace {

/// L = Σ_i f(θ_i), from f, f' and f''.
template <class F>
auto gradient_of(F f) {
  return [f](std::span<const double> theta, std::span<double> gradient) {
    double loss = 0;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      loss += f(theta[i], 0);
      gradient[i] = f(theta[i], 1);
    }
    return loss;
  };
}
template <class F>
auto hessian_of(F f) {
  return [f](std::span<const double> theta, std::span<const double> v, std::span<double> product) {
    for (std::size_t i = 0; i < theta.size(); ++i) product[i] = f(theta[i], 2) * v[i];
  };
}
double power(double x, int degree, int derivative) {
  double factor = 1;
  for (int i = 0; i < derivative; ++i) factor *= degree - i;
  return factor * std::pow(x, degree - derivative);
}

const std::vector<double> a{-0.3, 0.4}, b{0.9, -0.2};

}  // namespace

TEST_CASE("chord_curvature: of polynomials up to degree 5 is exact, and predicts their height from the ends", "[curvature]") {
  for (const int degree : {2, 3, 4, 5}) {
    CAPTURE(degree);
    const auto f = [degree](double x, int derivative) { return power(x, degree, derivative); };
    const auto c = lmc::chord_curvature(a, b, gradient_of(f), hessian_of(f), {.intervals = 8});
    double height = 0, slope_a = 0, slope_b = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      height += f((a[i] + b[i]) / 2, 0) - (f(a[i], 0) + f(b[i], 0)) / 2;
      slope_a += f(a[i], 1) * (b[i] - a[i]);
      slope_b += f(b[i], 1) * (b[i] - a[i]);
    }
    CHECK_THAT(c.height, WithinAbs(height, 1e-14));
    CHECK_THAT(c.slope_a, WithinAbs(slope_a, 1e-14));
    CHECK_THAT(c.slope_b, WithinAbs(slope_b, 1e-14));
    CHECK_THAT(c.predicted, WithinAbs(height, 1e-14));
    CHECK_THAT(c.residual, WithinAbs(0, 1e-14));
    CHECK(c.alphas.size() == 9);
    CHECK_THAT(c.curvature[2], WithinAbs(f(0.0, 2) * 1.44 + f(0.25, 2) * 0.36, 1e-14));  // θ(¼) = (0, 0.25)
    CHECK_THAT(c.integral, WithinAbs(slope_b - slope_a, 1e-14));  // Simpson's rule is exact up to degree 3
    CHECK_THAT(c.kinks, WithinAbs(0, 1e-14));
    CHECK(c.integral_error < 1e-14);
  }
}

TEST_CASE("chord_curvature: beyond degree 5 the prediction has a residual, and the integral an error", "[curvature]") {
  const auto f = [](double x, int derivative) { return power(x, 6, derivative); };
  const auto c = lmc::chord_curvature(std::vector{0.0}, std::vector{1.0}, gradient_of(f), hessian_of(f), {.intervals = 4});
  // The error of the quintic is f⁽⁶⁾/6! · x³ (x − 1)³ = −1/64 at ½.
  CHECK_THAT(c.residual, WithinAbs(-1.0 / 64, 1e-14));
  CHECK(std::abs(c.integral - 6) > 0);
  CHECK(std::abs(c.integral - 6) < c.integral_error);
  CHECK_THAT(c.kinks, WithinAbs(6 - c.integral, 1e-14));
}

TEST_CASE("chord_curvature: the jump of a kink is in the slopes, and not in the curvature", "[curvature]") {
  // L = 3 max(θ − 0.4, 0) + θ²/2: at the kink the slope jumps by 3.
  const auto f = [](double x, int derivative) {
    if (derivative == 2) return 1.0;
    return derivative == 1 ? x + (x > 0.4 ? 3 : 0) : x * x / 2 + 3 * std::max(x - 0.4, 0.0);
  };
  const auto c = lmc::chord_curvature(std::vector{0.0}, std::vector{1.0}, gradient_of(f), hessian_of(f));
  CHECK_THAT(c.integral, WithinAbs(1, 1e-14));
  CHECK_THAT(c.kinks, WithinAbs(3, 1e-14));
  CHECK_THAT(c.height, WithinAbs(0.125 + 0.3 - (0 + 0.5 + 1.8) / 2, 1e-14));
  // Swapping the ends mirrors the line, on which the slope still jumps up.
  const auto mirrored = lmc::chord_curvature(std::vector{1.0}, std::vector{0.0}, gradient_of(f), hessian_of(f));
  CHECK_THAT(mirrored.kinks, WithinAbs(3, 1e-14));
  CHECK_THAT(mirrored.predicted, WithinAbs(c.predicted, 1e-14));
}

TEST_CASE("chord_curvature: refuses equal ends, what is not finite, and sizes that do not fit", "[curvature][errors]") {
  const auto f = [](double x, int derivative) { return power(x, 2, derivative); };
  const auto measure = [&](const std::vector<double>& from, const std::vector<double>& to, lmc::Index intervals = 4) {
    return lmc::chord_curvature(from, to, gradient_of(f), hessian_of(f), {.intervals = intervals});
  };
  CHECK_THROWS_WITH(measure(a, a), Catch::Contains("a and b are equal"));
  CHECK_THROWS_WITH(measure(a, {1.0}), Catch::Contains("a has 2 parameters and b 1"));
  CHECK_THROWS_WITH(measure({}, {}), Catch::Contains("a has 0 parameters"));
  CHECK_THROWS_WITH(measure(a, b, 6), Catch::Contains("intervals = 6; expected a multiple of 4"));
  CHECK_THROWS_WITH(measure(a, {0.0, std::numeric_limits<double>::infinity()}), Catch::Contains("at α = "));
}

TEST_CASE("difference_hessian: has the error that it says", "[curvature]") {
  const auto f = [](double x, int derivative) {
    return derivative == 0 ? std::sin(x) : derivative == 1 ? std::cos(x) : -std::sin(x);
  };
  const std::vector<double> theta{0.3, -1.2, 4}, v{2, -1, 0.5};
  std::vector<double> product(3), exact(3);
  hessian_of(f)(theta, v, exact);
  auto differences = lmc::difference_hessian<double>(gradient_of(f));
  const double error = differences(theta, v, product);
  double squares = 0;
  for (std::size_t i = 0; i < 3; ++i) squares += (product[i] - exact[i]) * (product[i] - exact[i]);
  CHECK(std::sqrt(squares) <= error);
  CHECK(error < 1e-8);
  CHECK(differences(theta, std::vector<double>(3), product) == 0);
  CHECK(product == std::vector<double>(3));
  CHECK_THROWS_WITH(differences(theta, std::vector<double>(2), product), Catch::Contains("v 2 and the product 3"));
}

TEST_CASE("cross_share: is that of the pairs of blocks, within its standard error", "[curvature]") {
  // H = I + u uᵀ, blocks {0, 1}, {2}, {3}, and a parameter in none.
  const std::vector<double> u{1, -0.5, 2, 0.3, 7}, delta{0.4, 0.1, 0.7, -0.6, 9};
  const auto h = [&](std::span<const double> v, std::span<double> product) {
    double along = 0;
    for (std::size_t i = 0; i < v.size(); ++i) along += u[i] * v[i];
    for (std::size_t i = 0; i < v.size(); ++i) product[i] = v[i] + along * u[i];
  };
  const lmc::BlockOfParameter blocks{0, 0, 1, 2, std::nullopt};
  const double squares = 0.16 + 0.01 + 0.49 + 0.36, parts[] = {0.4 - 0.05, 1.4, -0.18};
  const double along = parts[0] + parts[1] + parts[2];
  const double total = squares + along * along;
  const double within = squares + parts[0] * parts[0] + parts[1] * parts[1] + parts[2] * parts[2];
  const auto found = lmc::cross_share(h, delta, blocks, {.probes = 400});
  CHECK_THAT(found.total, WithinAbs(total, 1e-12));
  CHECK(found.products == 401);
  REQUIRE(found.share);
  CHECK(std::abs(found.within.value - within) < 4 * found.within.standard_error);
  CHECK(std::abs(found.share->value - (1 - within / total)) < 4 * found.share->standard_error);
  CHECK(found.share->standard_error < 0.05);

  const auto negative = [&](std::span<const double> v, std::span<double> product) {
    h(v, product);
    for (double& x : product) x = -x;
  };
  CHECK_FALSE(lmc::cross_share(negative, delta, blocks).share);
}

TEST_CASE("cross_share: refuses what has no blocks or no direction", "[curvature][errors]") {
  const auto h = [](std::span<const double> v, std::span<double> product) { std::copy(v.begin(), v.end(), product.begin()); };
  const std::vector<double> delta{1, 2}, zero{0, 0};
  CHECK_THROWS_WITH(lmc::cross_share(h, delta, {0}), Catch::Contains("δ has 2 entries, but 1"));
  CHECK_THROWS_WITH(lmc::cross_share(h, delta, {0, 0}), Catch::Contains("expected at least 2 blocks"));
  CHECK_THROWS_WITH(lmc::cross_share(h, zero, {0, 1}), Catch::Contains("δ is 0 in all blocks"));
  CHECK_THROWS_WITH(lmc::cross_share(h, delta, {0, 1}, {.probes = 1}), Catch::Contains("probes = 1"));
}

}  // namespace curvature_chord_test
