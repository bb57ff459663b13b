// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/connectivity/causes/attribution.hpp>
#include <numeric>
#include <span>
#include <vector>

#include "support/curves.hpp"

namespace connectivity_attribution_test {

using Catch::Matchers::WithinAbs;
using Theta = std::span<const double>;

namespace {

// L = Σ w_i θ_i³ + θ₀ θ₁, a polynomial along every line: ∂L is of degree 2 there.
double cubic(Theta theta, std::span<double> gradient) {
  double loss = theta[0] * theta[1];
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const double w = 1.0 / static_cast<double>(i + 1);
    loss += w * std::pow(theta[i], 3);
    gradient[i] = 3 * w * theta[i] * theta[i];
  }
  gradient[0] += theta[1];
  gradient[1] += theta[0];
  return loss;
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

const std::vector<double> a = testing::random_values(6, 1), b = testing::random_values(6, 2);

}  // namespace

TEST_CASE("barrier_contributions: add up to the height above the chord", "[connectivity]") {
  for (const double alpha : {0.0, 0.1, 0.5, 0.77, 1.0}) {
    const auto result = lmc::barrier_contributions(a, b, cubic, {.alpha = alpha, .panels = 3, .nodes = 2});
    std::vector<double> theta(6), ignored(6);
    lmc::interpolate<double>(a, b, {alpha, 1 - alpha}, theta);
    const double height = cubic(theta, ignored) - (1 - alpha) * cubic(a, ignored) - alpha * cubic(b, ignored);
    CHECK(result.alpha == alpha);
    CHECK_THAT(result.height, WithinAbs(height, 1e-14));
    CHECK_THAT(result.sum, WithinAbs(height, 1e-14));
    CHECK(result.sum == sum(result.contributions));
  }
}

TEST_CASE("barrier_contributions: are the integrals of each parameter", "[connectivity]") {
  // For i > 1 the loss is separable: c_i is the height of w_i θ_i³ above its own chord.
  const auto result = lmc::barrier_contributions(a, b, cubic, {.alpha = 0.3, .panels = 1, .nodes = 2});
  for (std::size_t i = 2; i < 6; ++i) {
    const double w = 1.0 / static_cast<double>(i + 1), theta = 0.7 * a[i] + 0.3 * b[i];
    CHECK_THAT(result.contributions[i],
               WithinAbs(w * (std::pow(theta, 3) - 0.7 * std::pow(a[i], 3) - 0.3 * std::pow(b[i], 3)), 1e-15));
  }
  // θ₀ θ₁ is bilinear: both have the same part of −α (1 − α) δ₀ δ₁.
  const auto product = [](Theta t, std::span<double> gradient) {
    gradient[0] = t[1];
    gradient[1] = t[0];
    return t[0] * t[1];
  };
  const auto halves =
      lmc::barrier_contributions(std::vector<double>{1, 2}, std::vector<double>{4, -3}, product, {.alpha = 0.3});
  CHECK_THAT(halves.contributions[0], WithinAbs(0.5 * 0.3 * 0.7 * 15, 1e-14));
  CHECK_THAT(halves.contributions[1], WithinAbs(0.5 * 0.3 * 0.7 * 15, 1e-14));
}

TEST_CASE("barrier_contributions: swapping the ends changes nothing, and what does not move has no part", "[connectivity]") {
  auto still = b;
  still[3] = a[3];
  const auto there = lmc::barrier_contributions(a, still, cubic, {.alpha = 0.25, .panels = 4, .nodes = 1});
  const auto back = lmc::barrier_contributions(still, a, cubic, {.alpha = 0.75, .panels = 4, .nodes = 1});
  for (std::size_t i = 0; i < 6; ++i) CHECK_THAT(back.contributions[i], WithinAbs(there.contributions[i], 1e-15));
  CHECK(there.contributions[3] == 0);
  CHECK(there.contributions[2] != 0);
  for (const double c : lmc::barrier_contributions(a, a, cubic).contributions) CHECK(c == 0);
  for (const double c : lmc::barrier_contributions(a, b, cubic, {.alpha = 1}).contributions) CHECK(c == 0);
}

TEST_CASE("barrier_contributions: the error falls as documented, where the loss is smooth and where it has kinks",
          "[connectivity]") {
  const auto smooth = [](Theta t, std::span<double> gradient) {
    gradient[0] = std::cos(3 * t[0]) * 3;
    return std::sin(3 * t[0]);
  };
  const std::vector<double> zero{0}, one{1};
  const auto error = [&](const auto& loss, lmc::Index panels, lmc::Index nodes) {
    const auto r = lmc::barrier_contributions(zero, one, loss, {.alpha = 0.4, .panels = panels, .nodes = nodes});
    return std::abs(r.sum - r.height);
  };
  CHECK(error(smooth, 20, 2) < error(smooth, 10, 2) / 14);  // h⁴: 16
  CHECK(error(smooth, 20, 3) < error(smooth, 10, 3) / 50);  // h⁶: 64
  // |θ − t|: the gradient jumps by 2.
  for (const double t : {0.123, 0.345, 0.678}) {
    const auto kink = [t](Theta x, std::span<double> gradient) {
      gradient[0] = x[0] < t ? -1 : 1;
      return std::abs(x[0] - t);
    };
    for (const lmc::Index panels : {5, 10, 20, 40}) CHECK(error(kink, panels, 2) < 1.0 / static_cast<double>(panels));
  }
}

TEST_CASE("barrier_contributions: computes as many gradients as it says, and the losses of both ends and of the place",
          "[connectivity]") {
  const auto [alpha, panels, nodes, expected] = GENERATE(table<double, lmc::Index, lmc::Index, int>(
      {{0.5, 16, 2, 35}, {0.01, 4, 3, 15}, {0.99, 4, 3, 15}, {0.5, 1, 1, 5}, {0.0, 16, 2, 3}}));
  int calls = 0;
  const auto counted = [&](Theta theta, std::span<double> gradient) {
    ++calls;
    return cubic(theta, gradient);
  };
  lmc::barrier_contributions(a, b, counted, {.alpha = alpha, .panels = panels, .nodes = nodes});
  CHECK(calls == expected);
}

TEST_CASE("barrier_contributions: takes float, and gives back a diverged network as data", "[connectivity]") {
  const auto squares = [](std::span<const float> theta, std::span<float> gradient) {
    gradient[0] = 2 * theta[0];
    return double{theta[0]} * double{theta[0]};
  };
  const auto result = lmc::barrier_contributions(std::vector<float>{1}, std::vector<float>{3}, squares);
  CHECK(result.height == -1);
  CHECK_THAT(result.contributions[0], WithinAbs(-1, 1e-6));
  const auto diverged = [](Theta, std::span<double> gradient) {
    return gradient[0] = std::numeric_limits<double>::quiet_NaN();
  };
  const auto nan = lmc::barrier_contributions(std::vector<double>{1}, std::vector<double>{3}, diverged);
  CHECK(std::isnan(nan.height));
  CHECK(std::isnan(nan.contributions[0]));
}

TEST_CASE("barrier_contributions: refuses what is out of range", "[connectivity][errors]") {
  using lmc::barrier_contributions;
  CHECK_THROWS_WITH(barrier_contributions(a, {1, 2}, cubic), Catch::Contains("a has 6 parameters and b 2"));
  CHECK_THROWS_WITH(barrier_contributions<double>({}, {}, cubic), Catch::Contains("a has 0 parameters"));
  CHECK_THROWS_WITH(barrier_contributions(a, b, cubic, {.alpha = 1.5}), Catch::Contains("alpha = 1.5"));
  CHECK_THROWS_WITH(barrier_contributions(a, b, cubic, {.alpha = std::nan("")}), Catch::Contains("alpha = nan"));
  CHECK_THROWS_WITH(barrier_contributions(a, b, cubic, {.panels = 0}), Catch::Contains("panels = 0"));
  CHECK_THROWS_WITH(barrier_contributions(a, b, cubic, {.nodes = 0}), Catch::Contains("nodes = 0"));
}

TEST_CASE("sum_by_segment, sum_by_layer: name the parts of theta", "[connectivity]") {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  const auto add = [&](const char* name, lmc::Index size) { builder.add_parameter(name, size, lmc::Role::weight, {{}}); };
  add("q/weight", 2), add("k/weight", 1), add("q/bias", 1);
  const auto layout = std::move(builder).build();
  const std::vector<double> c{1, 2, 4, 8};
  CHECK(lmc::sum_by_segment(layout, c) == std::vector<lmc::NamedValue>{{"q/weight", 3}, {"k/weight", 4}, {"q/bias", 8}});
  CHECK(lmc::sum_by_layer(layout, c) == std::vector<lmc::NamedValue>{{"q", 11}, {"k", 4}});
  CHECK_THROWS_AS(lmc::sum_by_segment(layout, std::vector<double>(3)), lmc::Error);
}

}  // namespace connectivity_attribution_test
