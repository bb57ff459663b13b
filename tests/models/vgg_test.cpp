// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <string>
#include <vector>

namespace models_vgg_test {

using lmc::Normalization;
using lmc::vgg;

namespace {

std::string kinds(const lmc::Network<float>& net) {
  std::string text;
  for (const auto& part : net.parts()) (text += text.empty() ? "" : " ") += part.name;
  return text;
}

}  // namespace

TEST_CASE("vgg: is VGG-11 without its last stage by default, for 28×28 and 32×32", "[layers]") {
  const auto net = vgg<float>({.inputs = {28, 28, 1}, .outputs = 10});
  CHECK(kinds(net) ==
        "conv1 batch_norm1 relu1 max_pool1 conv2 batch_norm2 relu2 max_pool2 conv3 batch_norm3 relu3 conv4 batch_norm4 relu4 "
        "max_pool3 conv5 batch_norm5 relu5 conv6 batch_norm6 relu6 max_pool4 dense1");
  CHECK(net.layout().at("conv6/weight").shape == lmc::Shape{512, 3, 3, 512});
  CHECK(net.layout().at("dense1/weight").shape == lmc::Shape{10, 1, 1, 512});
  CHECK(vgg<float>({.inputs = {32, 32, 3}, .outputs = 10}).layout().at("dense1/weight").shape == lmc::Shape{10, 2, 2, 512});
}

TEST_CASE("vgg: takes stages, convolutions and hidden layers as they are asked for", "[layers]") {
  CHECK(kinds(vgg<float>({.inputs = {8, 8, 1},
                          .outputs = 3,
                          .channels = {2, 3},
                          .convolutions = {1, 3},
                          .hidden = {5, 4},
                          .norm = Normalization::none})) ==
        "conv1 relu1 max_pool1 conv2 relu2 conv3 relu3 conv4 relu4 max_pool2 dense1 relu5 dense2 relu6 dense3");
  CHECK(kinds(vgg<float>(
            {.inputs = {8, 8, 1}, .outputs = 3, .channels = {2, 3}, .convolutions = {1}, .norm = Normalization::layer})) ==
        "conv1 layer_norm1 relu1 max_pool1 conv2 layer_norm2 relu2 max_pool2 dense1");
}

TEST_CASE("vgg: the channels of each convolution and the hidden units can be permuted", "[layers]") {
  const auto norm = GENERATE(Normalization::none, Normalization::batch, Normalization::layer);
  const auto net =
      vgg<double>({.inputs = {9, 8, 2}, .outputs = 3, .channels = {4, 5}, .convolutions = {2}, .hidden = {6}, .norm = norm});
  CHECK(net.layout().groups.size() == 5);
  const auto effect = lmc::testing::permutation_effect(net);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
}

TEST_CASE("vgg: refuses what makes no network", "[layers][errors]") {
  CHECK_THROWS_WITH(vgg<float>({.inputs = {8, 8, 1}, .outputs = 3, .channels = {}}),
                    "vgg: channels is empty; expected one entry per stage");
  CHECK_THROWS_WITH(
      vgg<float>({.inputs = {8, 8, 1}, .outputs = 3, .channels = {4, 4, 4}, .convolutions = {1, 2}}),
      "vgg: convolutions has 2 entries; expected one for all stages, or one for each of the 3 entries of channels");
  CHECK_THROWS_WITH(vgg<float>({.inputs = {8, 8, 1}, .outputs = 3, .channels = {4, 4}, .convolutions = {1, 0}}),
                    "vgg: convolutions = 0 in stage 2; expected a positive number");
  CHECK_THROWS_WITH(vgg<float>({.inputs = {8, 8, 1}, .outputs = 3}),
                    Catch::Contains("MaxPool2d: the kernel, 2x2, is larger than the input with its padding, 1x1"));
}

}  // namespace models_vgg_test
