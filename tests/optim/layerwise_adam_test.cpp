// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/optim/layerwise_adam.hpp>
#include <lmc/testing/gradient_error.hpp>

namespace optim_layerwise_adam_test {

// The trajectories are compared in optimizer_test.cpp.

namespace {

constexpr lmc::Index entries = 26;

lmc::ParameterLayout layout() {
  lmc::LayoutBuilder builder({});
  builder.add_parameter("a/weight", {3, 5});
  builder.add_parameter("b/weight", {4, 2});
  builder.add_parameter("a/bias", {3}, lmc::Role::bias);
  return std::move(builder).build();
}
double length(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("LayerwiseAdam: its steps are as long as Adam's, and those of one layer are in proportion to the mean gradient",
          "[optim]") {
  lmc::LayerwiseAdam<double> layerwise({.learning_rate = 0.1}, layout());
  lmc::Adam<double> adam({.learning_rate = 0.1}, entries);
  std::vector<double> theta(entries), other(entries);
  for (std::uint32_t t = 0; t < 5; ++t) {
    const std::vector<double> g = lmc::testing::normal_numbers(entries, 1, t);
    const std::vector<double> before = theta, other_before = other;
    layerwise.step(g, theta, 0.1);
    adam.step(g, other, 0.1);
    CHECK_THAT(length(theta, before), Catch::Matchers::WithinRel(length(other, other_before), 1e-12));
    const auto ratio = [&](std::size_t i) { return (theta[i] - before[i]) / layerwise.mean[i]; };
    for (const std::size_t i : {1U, 14U, 23U, 25U}) CHECK_THAT(ratio(i), Catch::Matchers::WithinRel(ratio(0), 1e-9));  // a
    for (const std::size_t i : {16U, 22U}) CHECK_THAT(ratio(i), Catch::Matchers::WithinRel(ratio(15), 1e-9));          // b
    CHECK(std::abs(ratio(0) / ratio(15) - 1) > 1e-3);
  }
}

TEST_CASE("LayerwiseAdam: what never has a gradient, as a masked weight, does not count in its layer's mean", "[optim]") {
  // Two layers of equal gradients, one of them with eight parameters that have none: both move alike.
  lmc::LayoutBuilder builder({});
  builder.add_parameter("a/weight", {10});
  builder.add_parameter("b/weight", {2});
  lmc::LayerwiseAdam<double> layerwise({}, std::move(builder).build());
  std::vector<double> theta(12), g(12);
  g[3] = g[10] = 0.5, g[7] = g[11] = -2;
  layerwise.step(g, theta, 0.1);
  CHECK(theta[3] == theta[10]);
  CHECK(theta[7] == theta[11]);
  CHECK(theta[3] < 0);
}

TEST_CASE("LayerwiseAdam: stays where there is no gradient, and shows one that is not finite", "[optim]") {
  lmc::LayerwiseAdam<double> layerwise({}, layout());
  std::vector<double> theta(entries, 2.0), g(entries);
  layerwise.step(g, theta, 0.1);
  CHECK(theta == std::vector<double>(entries, 2.0));
  g[3] = std::numeric_limits<double>::infinity();
  layerwise.step(g, theta, 0.1);
  CHECK(std::isnan(theta[3]));
}

TEST_CASE("LayerwiseAdam: refuses options out of range, by name, and lengths that do not fit", "[optim][errors]") {
  using Catch::Matchers::Contains;
  const auto make = [](const lmc::LayerwiseAdamOptions& o) { return lmc::LayerwiseAdam<float>(o, layout()); };
  CHECK_THROWS_WITH(make({.learning_rate = -1}), Contains("LayerwiseAdam: learning_rate = -1"));
  CHECK_THROWS_WITH(make({.beta2 = 1}), Contains("LayerwiseAdam: beta2 = 1"));
  CHECK_THROWS_WITH(make({.epsilon = 0}), Contains("LayerwiseAdam: epsilon = 0"));
  std::vector<float> few(3), all(entries);
  CHECK_THROWS_WITH(make({}).step(few, all, 0.1), Contains("gradient has 3 entries, theta 26; expected 26"));
}

}  // namespace optim_layerwise_adam_test
