// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/optim/sgd.hpp>

namespace optim_sgd_test {

// The trajectories are compared in optimizer_test.cpp.

TEST_CASE("Sgd: has no velocity without momentum", "[optim]") {
  CHECK(lmc::Sgd<float>({}, 1000).velocity.capacity() == 0);
  CHECK(lmc::Sgd<float>({.momentum = 0.5}, 1000).velocity.size() == 1000);
}

TEST_CASE("Sgd: the first gradient enters the velocity undampened", "[optim]") {
  lmc::Sgd<double> sgd({.momentum = 0.5, .dampening = 0.75}, 2);
  const std::vector<double> g{1, -2};
  std::vector<double> theta{0, 0};
  sgd.step(g, theta, 1);
  CHECK(sgd.velocity == g);
  CHECK(theta == std::vector<double>{-1, 2});
  sgd.step(g, theta, 1);
  CHECK(sgd.velocity == std::vector<double>{0.75, -1.5});
  CHECK(sgd.steps == 2);
}

TEST_CASE("Sgd: refuses options out of range, by name", "[optim]") {
  using Catch::Matchers::Contains;
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const auto make = [](const lmc::SgdOptions& o) { return lmc::Sgd<float>(o, 3); };
  for (const double bad : {-0.1, nan, infinity}) {
    CHECK_THROWS_WITH(make({.learning_rate = bad}), Contains("learning_rate = "));
    CHECK_THROWS_WITH(make({.momentum = bad}), Contains("momentum = "));
    CHECK_THROWS_WITH(make({.weight_decay = bad}), Contains("weight_decay = "));
  }
  for (const double bad : {-0.1, 1.1, nan})
    CHECK_THROWS_WITH(make({.momentum = 0.5, .dampening = bad}), Contains("dampening = "));
  CHECK_THROWS_AS(make({.nesterov = true}), lmc::Error);
  CHECK_THROWS_WITH(make({.momentum = 0.9, .dampening = 0.1, .nesterov = true}),
                    Contains("nesterov with momentum = 0.9, dampening = 0.1"));
  CHECK_NOTHROW(make({.learning_rate = 0, .momentum = 0.9, .nesterov = true}));
}

TEST_CASE("Sgd: refuses lengths that do not fit, and counts no step then", "[optim]") {
  std::vector<float> three(3), four(4);
  lmc::Sgd<float> plain({}, 3), heavy({.momentum = 0.9}, 3);
  CHECK_THROWS_AS(plain.step(four, three, 0.1), lmc::Error);
  CHECK_THROWS_AS(heavy.step(four, four, 0.1), lmc::Error);
  CHECK(plain.steps + heavy.steps == 0);
  CHECK_NOTHROW(heavy.step(three, three, 0.1));
}

}  // namespace optim_sgd_test
