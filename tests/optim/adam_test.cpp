// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/optim/adam.hpp>

namespace optim_adam_test {

// The trajectories are compared in optimizer_test.cpp.

TEST_CASE("Adam: the first step is the learning rate, whatever the gradient's size", "[optim]") {
  // m̂ = g and v̂ = g² at t = 1: the step is lr · g / (|g| + ε).
  lmc::Adam<double> adam({.learning_rate = 0.5}, 3);
  std::vector<double> theta{0, 0, 0};
  adam.step(std::vector<double>{1e-3, -1e3, 0}, theta, 0.5);
  CHECK_THAT(theta[0], Catch::Matchers::WithinRel(-0.5 / (1 + 1e-5), 1e-12));
  CHECK_THAT(theta[1], Catch::Matchers::WithinRel(0.5, 1e-10));
  CHECK(theta[2] == 0);
  CHECK(adam.steps == 1);
}

TEST_CASE("AdamW: decay acts beside the gradient, Adam's through it", "[optim]") {
  const std::vector<double> nothing{0, 0};
  std::vector<double> theta{2, -4};
  lmc::AdamW<double>({.learning_rate = 0.5, .weight_decay = 0.25}, 2).step(nothing, theta, 0.5);
  CHECK(theta == std::vector<double>{1.75, -3.5});  // (1 − lr λ) θ
  theta = {2, -4};
  lmc::Adam<double>({.learning_rate = 0.5, .weight_decay = 0.25}, 2).step(nothing, theta, 0.5);
  CHECK_THAT(theta[0], Catch::Matchers::WithinAbs(1.5, 1e-7));  // sign(λ θ) · lr
  CHECK_THAT(theta[1], Catch::Matchers::WithinAbs(-3.5, 1e-7));
}

TEST_CASE("Adam: refuses options out of range, by name", "[optim]") {
  using Catch::Matchers::Contains;
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const auto make = [](const lmc::AdamOptions& o) { return lmc::Adam<float>(o, 3); };
  for (const double bad : {-0.1, nan, infinity}) {
    CHECK_THROWS_WITH(make({.learning_rate = bad}), Contains("learning_rate = "));
    CHECK_THROWS_WITH(make({.beta1 = bad}), Contains("beta1 = "));
    CHECK_THROWS_WITH(make({.beta2 = bad}), Contains("beta2 = "));
    CHECK_THROWS_WITH(make({.epsilon = bad}), Contains("epsilon = "));
    CHECK_THROWS_WITH(make({.weight_decay = bad}), Contains("weight_decay = "));
  }
  CHECK_THROWS_AS(make({.beta1 = 1}), lmc::Error);
  CHECK_THROWS_AS(make({.beta2 = 1}), lmc::Error);
  CHECK_THROWS_AS(make({.epsilon = 0}), lmc::Error);
  CHECK_THROWS_AS(make({.epsilon = 1e-300}), lmc::Error);  // 0 in float
  CHECK_NOTHROW(make({.learning_rate = 0, .beta1 = 0, .beta2 = 0}));
  CHECK_NOTHROW(lmc::Adam<double>({.epsilon = 1e-300}, 3));
}

TEST_CASE("Adam: refuses lengths that do not fit, and counts no step then", "[optim]") {
  std::vector<float> three(3), four(4);
  lmc::Adam<float> adam({}, 3);
  CHECK_THROWS_AS(adam.step(four, three, 0.1), lmc::Error);
  CHECK_THROWS_AS(adam.step(four, four, 0.1), lmc::Error);
  CHECK(adam.steps == 0);
}

}  // namespace optim_adam_test
