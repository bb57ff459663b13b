// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/testing/gradient_error.hpp>

namespace layers_relu_test {

TEST_CASE("Relu: backward is the derivative of forward", "[layers][gradient]") {
  CHECK(lmc::testing::gradient_error(lmc::Relu<double>(), {.batch = 3, .seed = 2, .inputs = {4, 5}}) < 1e-7);
}

TEST_CASE("LeakyRelu: backward is the derivative of forward", "[layers][gradient]") {
  const double slope = GENERATE(0.0, 0.01, 0.5, 1.0);
  CAPTURE(slope);
  CHECK(lmc::testing::gradient_error(lmc::LeakyRelu<double>({.slope = slope}), {.batch = 3, .seed = 2, .inputs = {7}}) < 1e-7);
}

TEST_CASE("LeakyRelu: refuses a slope outside [0, 1]", "[layers][errors]") {
  const double slope = GENERATE(-0.1, 1.5);
  CHECK_THROWS_WITH(lmc::LeakyRelu<float>({.slope = slope}), Catch::Contains("expected 0 (ReLU) to 1 (identity)"));
  CHECK_THROWS(lmc::LeakyRelu<float>({.slope = std::nan("")}));
}

}  // namespace layers_relu_test
