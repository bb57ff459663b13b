// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/optim/sign.hpp>

namespace optim_sign_test {

// The trajectories are compared in optimizer_test.cpp.

TEST_CASE("SignDescent: moves by the learning rate, and not at all where the gradient is 0", "[optim]") {
  lmc::SignDescent<float> sign({.learning_rate = 0.5}, 5);
  std::vector<float> theta{1, 1, 1, 1, 1};
  sign.step(std::vector<float>{1e-30F, -1e30F, 0, -0.0F, 1e-44F}, theta, 0.5);
  CHECK(theta == std::vector<float>{0.5F, 1.5F, 1, 1, 0.5F});
  CHECK(sign.steps == 1);
}

TEST_CASE("SignDescent: a gradient that is not finite makes the parameter NaN, and no other", "[optim]") {
  const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity());
  for (const double momentum : {0.0, 0.9}) {
    lmc::SignDescent<float> sign({.momentum = momentum}, 3);
    std::vector<float> theta{1, 1, 1};
    sign.step(std::vector<float>{1, bad, 1}, theta, 0.5);
    CHECK(theta[0] == 0.5F);
    CHECK(std::isnan(theta[1]));
    CHECK(theta[2] == 0.5F);
  }
}

TEST_CASE("SignDescent: stands still some time after the last gradient", "[optim]") {
  lmc::SignDescent<float> sign({.momentum = 0.9}, 1);
  std::vector<float> theta{1}, gradient{-1}, none{0};
  sign.step(gradient, theta, 0.5);
  for (int t = 0; t < 1000; ++t) sign.step(none, theta, 0.5);
  const float before = theta[0];
  sign.step(none, theta, 0.5);
  CHECK(theta[0] == before);
}

TEST_CASE("SignDescent: refuses options out of range, by name, and lengths that do not fit", "[optim][errors]") {
  using Catch::Matchers::Contains;
  const auto make = [](const lmc::SignOptions& o) { return lmc::SignDescent<double>(o, 3); };
  for (const double bad : {-0.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_WITH(make({.learning_rate = bad}), Contains("learning_rate = "));
    CHECK_THROWS_WITH(make({.momentum = bad}), Contains("momentum = "));
    CHECK_THROWS_WITH(make({.weight_decay = bad}), Contains("weight_decay = "));
  }
  CHECK_THROWS_WITH(make({.momentum = 1}), Contains("momentum = 1; expected a number in [0, 1)"));
  std::vector<double> three(3), four(4);
  CHECK_THROWS_AS(make({}).step(four, three, 0.1), lmc::Error);
  CHECK_THROWS_AS(make({.momentum = 0.5}).step(four, four, 0.1), lmc::Error);
}

}  // namespace optim_sign_test
