// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <sstream>

namespace models_vit_test {

using lmc::Index;
using lmc::TokenPooling;

TEST_CASE("vit, attention: backward is the derivative of forward", "[layers][gradient][long]") {
  const auto pooling = GENERATE(TokenPooling::mean, TokenPooling::class_token);
  CHECK(lmc::testing::gradient_error(lmc::vit<double>({.inputs = {4, 2, 2},
                                                       .outputs = 3,
                                                       .patch = 2,
                                                       .width = 4,
                                                       .heads = 2,
                                                       .blocks = 2,
                                                       .mlp_ratio = 2,
                                                       .pooling = pooling}),
                                     {.batch = 2, .seed = 4}) < 1e-7);
  CHECK(lmc::testing::gradient_error(
            lmc::attention<double>(
                {.inputs = {4, 6, 1}, .outputs = 2, .patch = {2, 3}, .width = 6, .heads = 3, .pooling = pooling}),
            {.batch = 3, .seed = 4}) < 1e-7);
}

TEST_CASE("vit: heads, units in heads, hidden units and the residual stream can be permuted", "[layers]") {
  const auto pooling = GENERATE(TokenPooling::mean, TokenPooling::class_token);
  const auto net = lmc::vit<double>({.inputs = {6, 4, 2},
                                     .outputs = 3,
                                     .patch = {3, 2},
                                     .width = 12,
                                     .heads = 3,
                                     .blocks = 2,
                                     .mlp_ratio = 2,
                                     .pooling = pooling});
  // One stream through both blocks; in each, the heads, two groups per head, and the hidden units.
  CHECK(net.layout().groups.size() == 1 + 2 * (1 + 2 * 3 + 1));
  const auto effect = lmc::testing::permutation_effect(net);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
}

TEST_CASE("attention: heads, units in heads and the residual stream can be permuted", "[layers]") {
  const auto pooling = GENERATE(TokenPooling::mean, TokenPooling::class_token);
  const auto net =
      lmc::attention<double>({.inputs = {6, 4, 2}, .outputs = 3, .patch = {3, 2}, .width = 12, .heads = 3, .pooling = pooling});
  CHECK(net.layout().groups.size() == 1 + 1 + 2 * 3);
  const auto effect = lmc::testing::permutation_effect(net);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
}

TEST_CASE("vit: has the parameters of its description", "[layers]") {
  const auto net = lmc::vit<float>({.inputs = {28, 28, 1}, .outputs = 10});
  const Index embedding = 64 * 49 + 64 + 16 * 64, attention = 4 * 64 * 64 + 4 * 64, mlp = 2 * 4 * 64 * 64 + 5 * 64,
              norm = 2 * 64;
  CHECK(net.layout().parameter_count() == embedding + 2 * norm + attention + mlp + norm + 64 * 10 + 10);
  CHECK(net.layout().at("block1/residual1/body/attention1/query/weight").shape == lmc::Shape{4, 16, 64});
  CHECK(net.output_shape() == lmc::Shape{10});
  const auto with_class_token = lmc::vit<float>({.inputs = {28, 28, 1}, .outputs = 10, .pooling = TokenPooling::class_token});
  CHECK(with_class_token.layout().parameter_count() == net.layout().parameter_count() + 2 * 64);  // it, and its position
  const auto minimal = lmc::attention<float>({.inputs = {28, 28, 1}, .outputs = 10});
  CHECK(minimal.layout().parameter_count() == net.layout().parameter_count() - mlp - norm);  // the MLP's norm
  std::ostringstream summary;
  summary << net << minimal;
  CHECK_THAT(summary.str(), Catch::Matchers::Contains("4x4 of 7x7") && Catch::Matchers::Contains("[16, 64]"));
}

TEST_CASE("vit: refuses what does not fit, and says which layer minds", "[layers][errors]") {
  CHECK_THROWS_WITH(lmc::vit<float>({.inputs = {28, 28, 1}, .outputs = 10, .blocks = 0}),
                    "vit: blocks = 0; expected at least 1");
  CHECK_THROWS_WITH(
      lmc::vit<float>({.inputs = {28, 28, 1}, .outputs = 10, .heads = 3}),
      "layer 3: layer 1: layer 2: SelfAttention: heads = 3 with in = [16, 64]: every head takes width / heads units; expected a number that "
      "divides the width, 64");
  CHECK_THROWS_WITH(
      lmc::attention<float>({.inputs = {28, 28, 1}, .outputs = 10, .patch = 5}),
      "layer 1: PatchEmbedding: patch = 5x5 does not divide the image, 28x28: it leaves 3 rows and 3 columns; choose a patch "
      "that divides both");
}

}  // namespace models_vit_test
