// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/layer_norm.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>

namespace layers_layer_norm_test {

using lmc::Dense;
using lmc::Index;
using lmc::LayerNorm;
using lmc::Network;
using lmc::Shape;

TEST_CASE("LayerNorm: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, in] =
      GENERATE(table<Index, Shape>({{1, Shape{2}}, {3, Shape{7}}, {2, Shape{3, 17}}, {1, Shape{2, 3, 5}}}));
  CAPTURE(batch, in);
  CHECK(lmc::testing::gradient_error(LayerNorm<double>({.inputs = in, .epsilon = 0.01}), {.batch = batch, .seed = 4}) < 1e-7);
  // A single entry is its own mean: y = bias, whatever x.
  CHECK(lmc::testing::gradient_error(LayerNorm<double>({.inputs = {3, 1}}), {.batch = 2, .seed = 4}) < 1e-7);
}

TEST_CASE("LayerNorm: starts as the plain normalization", "[layers]") {
  CHECK(Network<double>({LayerNorm<double>({.inputs = {4, 2}})}).initialize({.seed = 1}).parameters ==
        std::vector<double>{1, 1, 0, 0});
}

TEST_CASE("LayerNorm: scale and bias are permuted with the units, at all positions and after a Flatten", "[layers]") {
  const Network<double> tokens({Dense<double>({.inputs = 5, .outputs = {3, 6}}), LayerNorm<double>({.inputs = {3, 6}}),
                                Dense<double>({.inputs = {3, 6}, .outputs = 2})});
  CHECK(tokens.layout().groups.size() == 1);  // the three that the first layer alone would have
  CHECK(tokens.layout().at("layer_norm1/scale").shape == Shape{6});
  const auto effect = lmc::testing::permutation_effect(tokens);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
  const Network<double> flat({Dense<double>({.inputs = 5, .outputs = {3, 6}}), lmc::Flatten<double>(),
                              LayerNorm<double>({.inputs = 18}), Dense<double>({.inputs = 18, .outputs = 2})});
  CHECK(flat.layout().groups.size() == 3);
  CHECK(flat.layout().at("layer_norm1/scale").shape == Shape{3, 6});
  CHECK(lmc::testing::permutation_effect(flat).outputs < 1e-12);
}

TEST_CASE("LayerNorm: refuses sizes and epsilons that are not positive", "[layers][errors]") {
  CHECK_THROWS_WITH(LayerNorm<float>({.inputs = {3, 0}}), "LayerNorm: inputs = [3, 0]; all sizes must be positive");
  CHECK_THROWS_WITH(LayerNorm<float>({}), "LayerNorm: inputs = []; all sizes must be positive");
  CHECK_THROWS_WITH(LayerNorm<float>({.inputs = 3, .epsilon = 0}), "LayerNorm: epsilon = 0; expected a positive number");
}

}  // namespace layers_layer_norm_test
