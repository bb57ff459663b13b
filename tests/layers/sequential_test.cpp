// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/max_pool2d.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/residual.hpp>
#include <lmc/layers/sequential.hpp>
#include <sstream>
#include <string>

namespace layers_sequential_test {

using lmc::sequential;
using lmc::Shape;

namespace {

std::string summary(const lmc::Network<float>& network) {
  std::ostringstream out;
  out << network;
  return out.str();
}

}  // namespace

TEST_CASE("sequential: is the network whose shapes were counted by hand", "[layers]") {
  const auto inferred =
      sequential<float>({9, 8, 2}, {lmc::conv2d(3, {.kernel = 2, .stride = 2}), lmc::relu(), lmc::max_pool2d(),
                                    lmc::dense(5, {.scheme = lmc::Initialization::zero}), lmc::dense(4)});
  const lmc::Network<float> counted(
      {lmc::Conv2d<float>({.inputs = {9, 8, 2}, .outputs = 3, .kernel = 2, .stride = 2}), lmc::Relu<float>(),
       lmc::MaxPool2d<float>({.inputs = {4, 4, 3}}),
       lmc::Dense<float>({.inputs = {2, 2, 3}, .outputs = 5, .initialization = {.scheme = lmc::Initialization::zero}}),
       lmc::Dense<float>({.inputs = 5, .outputs = 4})});
  CHECK(summary(inferred) == summary(counted));
  CHECK(inferred.layout() == counted.layout());
  CHECK(inferred.initialize({.seed = 3}) == counted.initialize({.seed = 3}));
}

TEST_CASE("sequential: takes functions of a shape, and finished layers", "[layers]") {
  Shape given;
  const auto own = [&](const Shape& in) {
    given = in;
    return lmc::Dense<float>({.inputs = in, .outputs = 3});
  };
  const auto network = sequential<float>(7, {own, lmc::Dense<float>({.inputs = 3, .outputs = 2})});
  CHECK(given == Shape(7));
  CHECK(network.output_shape() == Shape(2));
}

TEST_CASE("sequential: keeps the shape of an example, and each recipe its options", "[layers]") {
  const auto network =
      sequential<float>({12, 12, 2}, {lmc::identity(), lmc::max_pool2d(3), lmc::average_pool2d({1, 2}), lmc::dropout(0.25),
                                      lmc::tanh(), lmc::leaky_relu(0), lmc::leaky_relu(0.5), lmc::gelu(),
                                      lmc::locally_connected2d(3, {.kernel = 1}), lmc::flatten()});
  CHECK(*network.input_shape() == Shape{12, 12, 2});
  CHECK(*sequential<float>({4, 4, 1}, {lmc::flatten(), lmc::dense(2)}).input_shape() == Shape{4, 4, 1});
  std::string described;
  for (const auto& part : network.parts())
    described += lmc::concat(part.layer.kind(), " (", part.layer.describe(), ") ", part.output, '\n');
  CHECK(described ==
        "identity () [12, 12, 2]\nmax_pool (3x3) [4, 4, 2]\naverage_pool (1x2) [4, 2, 2]\ndropout (rate 0.25) [4, 2, 2]\n"
        "tanh () [4, 2, 2]\nrelu () [4, 2, 2]\nleaky_relu (slope 0.5) [4, 2, 2]\ngelu () [4, 2, 2]\n"
        "local (2 -> 3, 1x1) [4, 2, 3]\nflatten () [24]\n");
}

TEST_CASE("residual: infers the shapes of its body and its shortcut", "[layers]") {
  const auto plain = sequential<float>(4, {lmc::residual<float>({lmc::dense(4), lmc::relu()})});
  const lmc::Network<float> counted({lmc::Residual<float>(
      {.body = lmc::Network<float>({lmc::Dense<float>({.inputs = 4, .outputs = 4}), lmc::Relu<float>()})})});
  CHECK(plain.layout() == counted.layout());
  const auto projected = sequential<float>(4, {lmc::residual<float>({lmc::dense(3)}, {lmc::dense(3)})});
  CHECK(projected.layout().parameter_count() == 2 * (4 * 3 + 3));
}

TEST_CASE("sequential: says which shape does not fit", "[layers][errors]") {
  CHECK_THROWS_WITH(sequential<float>({4, 4, 1}, {lmc::conv2d(2), lmc::conv2d(2)}),
                    Catch::Contains("the kernel, 3x3, is larger than the input") && Catch::Contains("2x2"));
  CHECK_THROWS_WITH(sequential<float>(4, {lmc::dense(3), lmc::Dense<float>({.inputs = 5, .outputs = 2})}),
                    Catch::Contains("dense1 (4 -> 3) gives examples of shape [3], but dense2 (5 -> 2) takes [5]"));
  CHECK_THROWS_WITH(sequential<float>(4, {}), Catch::Contains("no layers; expected at least one"));
  CHECK_THROWS_WITH(sequential<float>(4, {lmc::normalization(lmc::Normalization::none)}),
                    "layer 1: normalization: none is no layer; expected batch or layer");
}

}  // namespace layers_sequential_test
