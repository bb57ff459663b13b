// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/patch_embedding.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>

namespace layers_patch_embedding_test {

using lmc::Dense;
using lmc::Extent;
using lmc::Index;
using lmc::Network;
using lmc::PatchEmbedding;
using lmc::Shape;

TEST_CASE("PatchEmbedding: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, in, patch, width] = GENERATE(table<Index, Shape, Extent, Index>({{1, Shape{1, 1, 1}, 1, 1},
                                                                                      {2, Shape{4, 6, 1}, {2, 3}, 5},
                                                                                      {3, Shape{3, 3, 2}, 3, 2},
                                                                                      {2, Shape{2, 34, 1}, {1, 17}, 3}}));
  CAPTURE(batch, in, patch, width);
  CHECK(lmc::testing::gradient_error(PatchEmbedding<double>({.inputs = in, .patch = patch, .width = width}),
                                     {.batch = batch, .seed = 7}) < 1e-7);
}

TEST_CASE("PatchEmbedding: backward is the derivative of forward beyond one block of examples", "[layers][gradient][long]") {
  // 512 tokens are a block.
  CHECK(lmc::testing::gradient_error(PatchEmbedding<double>({.inputs = {15, 15, 1}, .patch = 1, .width = 1}),
                                     {.batch = 3, .seed = 7}) < 1e-7);
  CHECK(lmc::testing::gradient_error(PatchEmbedding<double>({.inputs = {1, 530, 1}, .patch = 1, .width = 1}),
                                     {.batch = 2, .seed = 7}) < 1e-7);
}

TEST_CASE("PatchEmbedding: channels at all positions are permuted together", "[layers]") {
  const Network<double> net({Dense<double>({.inputs = 4, .outputs = {4, 2, 3}}),
                             PatchEmbedding<double>({.inputs = {4, 2, 3}, .patch = 2, .width = 5}),
                             Dense<double>({.inputs = {2, 5}, .outputs = 2})});
  CHECK(net.layout().groups.size() == 2);
  CHECK(net.layout().at("patches1/weight").shape == Shape{5, 2, 2, 3});
  const auto effect = lmc::testing::permutation_effect(net);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
}

TEST_CASE("PatchEmbedding: refuses a patch that does not divide the image, with the numbers", "[layers][errors]") {
  CHECK_THROWS_WITH(
      PatchEmbedding<float>({.inputs = {28, 30, 1}, .patch = {5, 7}, .width = 4}),
      "PatchEmbedding: patch = 5x7 does not divide the image, 28x30: it leaves 3 rows and 2 columns; choose a patch "
      "that divides both");
  CHECK_THROWS_WITH(PatchEmbedding<float>({.inputs = {28, 28, 1}, .patch = 7}),
                    "PatchEmbedding: width = 0; expected a positive number");
  CHECK_THROWS_WITH(PatchEmbedding<float>({.inputs = {28, 28, 1}, .patch = 0, .width = 4}),
                    "PatchEmbedding: kernel = 0x0; expected positive numbers");
  CHECK_THROWS_WITH(PatchEmbedding<float>({.inputs = 784, .patch = 7, .width = 4}),
                    "PatchEmbedding: inputs = [784]; expected an image [rows, cols, channels] with positive lengths");
}

}  // namespace layers_patch_embedding_test
