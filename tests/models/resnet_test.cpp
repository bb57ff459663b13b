// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <sstream>
#include <string>
#include <utility>

namespace models_resnet_test {

using lmc::Normalization;
using lmc::resnet;

TEST_CASE("resnet: is ResNet-20 of 272474 parameters by default", "[layers]") {
  const auto net = resnet<float>({.inputs = {32, 32, 3}, .outputs = 10});
  const auto& layout = net.layout();
  // The paper's 0.27 M, for shortcuts without parameters 269722, plus two projections and their norms.
  CHECK(layout.parameter_count() == 269722 + 16 * 32 + 32 * 64 + 2 * 32 + 2 * 64);
  int convolutions = 0;
  for (const lmc::Segment& s : layout.parameters) {
    CHECK((s.shape.rank() != 4 || s.name.ends_with("/weight")));
    if (s.shape.rank() == 4 && s.shape[1] == 3) ++convolutions;
  }
  CHECK(convolutions == 19);
  CHECK(layout.at("residual4/body/conv1/weight").shape == lmc::Shape{32, 3, 3, 16});
  CHECK(layout.at("residual4/shortcut/conv1/weight").shape == lmc::Shape{32, 1, 1, 16});
  CHECK(layout.buffer_count() == 2 * (7 * 16 + 7 * 32 + 7 * 64));
  CHECK(net.parts()[net.parts().size() - 3].output == lmc::Shape{8, 8, 64});
}

TEST_CASE("resnet: only a network without a norm has biases in its convolutions", "[layers]") {
  const auto biases = [](Normalization norm) {
    const auto net = resnet<float>({.inputs = {8, 8, 1}, .outputs = 3, .blocks = 1, .width = 2, .norm = norm});
    int count = 0;
    for (const lmc::Segment& s : net.layout().parameters)
      if (s.name.find("conv") != std::string::npos && s.role == lmc::Role::bias) ++count;
    return count;
  };
  CHECK(biases(Normalization::none) == 9);
  CHECK(biases(Normalization::batch) == 0);
  CHECK(biases(Normalization::layer) == 0);
}

TEST_CASE("resnet: each stage's channels are permuted together, each block's hidden ones by themselves", "[layers]") {
  const auto norm = GENERATE(Normalization::none, Normalization::batch, Normalization::layer);
  const auto net = resnet<double>({.inputs = {7, 6, 2}, .outputs = 3, .blocks = 2, .width = 3, .norm = norm});
  CHECK(net.layout().groups.size() == 3 + 6);
  const auto effect = lmc::testing::permutation_effect(net);
  // Normal weights in 15 layers: activations grow by some 10⁴ where no norm stops them.
  CHECK(effect.outputs < 1e-10);
  CHECK(effect.parameters > 0.1);
}

TEST_CASE("resnet: prints what is inside its blocks", "[layers]") {
  std::ostringstream text;
  text << resnet<float>({.inputs = {8, 8, 1}, .outputs = 3, .blocks = 1, .width = 2});
  const std::string printed = std::move(text).str();
  CHECK_THAT(printed, Catch::StartsWith("input [8, 8, 1]\n  conv1                 1 -> 2, 3x3, padding 1x1, no bias  "));
  const auto has_line = [&](const std::string& line) { return printed.find('\n' + line + '\n') != std::string::npos; };
  CHECK(has_line(
      "  residual1             block + identity                               output [8, 8, 2]             80 parameters"));
  CHECK(has_line(
      "      conv1             2 -> 2, 3x3, padding 1x1, no bias              output [8, 8, 2]             36 parameters"));
  CHECK(has_line(
      "    shortcut            identity                                       output [8, 8, 2]              0 parameters"));
  CHECK(has_line(
      "    shortcut            block, 2 layers                                output [4, 4, 4]             16 parameters"));
  CHECK(has_line(
      "      conv1             2 -> 4, 1x1, stride 2x2, no bias               output [4, 4, 4]              8 parameters"));
  CHECK_THAT(printed, Catch::EndsWith("\ntotal 1321 parameters, 84 buffer values\n"));
}

TEST_CASE("resnet: refuses sizes that make no network", "[layers][errors]") {
  CHECK_THROWS_WITH(resnet<float>({.inputs = {8, 8, 1}, .outputs = 3, .blocks = 0}),
                    "resnet: blocks = 0, width = 16; both must be positive");
  CHECK_THROWS_WITH(resnet<float>({.inputs = {8, 8, 1}, .outputs = 3, .width = -1}),
                    "resnet: blocks = 3, width = -1; both must be positive");
  CHECK_THROWS_WITH(resnet<float>({.inputs = 784, .outputs = 3}), Catch::Contains("Conv2d: inputs = [784]; expected an image"));
}

TEST_CASE("parse_normalization: knows the names, and the nearest one of another", "[layers][errors]") {
  CHECK(lmc::parse_normalization("none") == Normalization::none);
  CHECK(lmc::parse_normalization("batch") == Normalization::batch);
  CHECK(lmc::parse_normalization("layer") == Normalization::layer);
  CHECK_THROWS_WITH(lmc::parse_normalization("bach"),
                    "unknown normalization 'bach'; did you mean 'batch'? Known: none, batch, layer");
}

}  // namespace models_resnet_test
