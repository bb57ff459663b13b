// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <sstream>
#include <vector>

namespace models_cnn_test {

using lmc::Index;
using lmc::Normalization;

namespace {

const lmc::Shape image{9, 8, 2};

}  // namespace

TEST_CASE("cnn: layer → ReLU, then a readout; normalization, pooling and slope where they are asked for", "[layers]") {
  const auto names = [](const lmc::Network<float>& net) {
    std::string all;
    for (const auto& part : net.parts()) all += part.name + " ";
    return all;
  };
  CHECK(names(lmc::cnn<float>({.inputs = image, .channels = {4, 3}, .outputs = 3})) == "conv1 relu1 conv2 relu2 dense1 ");
  CHECK(names(lmc::lcn<float>({.inputs = image, .channels = {4}, .outputs = 3})) == "local1 relu1 dense1 ");
  CHECK(names(lmc::sparse_mlp<float>({.inputs = image, .hidden = {4}, .outputs = 3})) == "masked1 relu1 dense1 ");
  const auto net =
      lmc::cnn<float>({.inputs = image, .channels = {4}, .outputs = 3, .norm = Normalization::batch, .pool = 2, .slope = 0.1});
  CHECK(names(net) == "conv1 batch_norm1 leaky_relu1 max_pool1 dense1 ");
  CHECK(net.layout().at("dense1/weight").shape == lmc::Shape{3, 3, 3, 4});
}

TEST_CASE("cnn, lcn: each layer has the channels, kernel, stride and padding of its own entry", "[layers]") {
  const auto shapes = [](const lmc::Network<float>& net) {
    std::vector<lmc::Shape> all;
    for (const auto& part : net.parts()) all.push_back(part.output);
    return all;
  };
  const std::vector<lmc::Shape> expected{{7, 3, 4}, {7, 3, 4}, {4, 4, 3}, {4, 4, 3}, {2}};
  const auto with = [](auto options) {
    options.inputs = {9, 8, 1}, options.channels = {4, 3}, options.outputs = 2;
    options.kernel = {3, 2}, options.stride = {{1, 2}, {2, 1}}, options.padding = {0, 1};
    return options;
  };
  CHECK(shapes(lmc::cnn<float>(with(lmc::CnnOptions()))) == expected);
  CHECK(shapes(lmc::lcn<float>(with(lmc::LcnOptions()))) == expected);
}

TEST_CASE("cnn, lcn, sparse_mlp: gradients are those of the function, through all layers", "[layers][gradient]") {
  CHECK(lmc::testing::gradient_error(
            lmc::cnn<double>({.inputs = {7, 6, 2}, .channels = {3, 2}, .outputs = 3, .stride = {2, 1}, .padding = {1}}),
            {.batch = 2}) < 1e-7);
  CHECK(
      lmc::testing::gradient_error(
          lmc::lcn<double>({.inputs = {6, 5, 1}, .channels = {3, 2}, .outputs = 3, .kernel = {2}, .sharing = {{2, 3}, {3, 1}}}),
          {.batch = 2}) < 1e-7);
  CHECK(lmc::testing::gradient_error(lmc::sparse_mlp<double>({.inputs = 6, .hidden = {7, 5}, .outputs = 3, .sparsity = 0.5}),
                                     {.batch = 3}) < 1e-7);
}

TEST_CASE("cnn, lcn: a permutation of channels, at each position where there is one, leaves the function unchanged",
          "[layers]") {
  const auto check = [](const lmc::Network<double>& net, std::size_t groups) {
    CHECK(net.layout().groups.size() == groups);
    const auto effect = lmc::testing::permutation_effect(net);
    CHECK(effect.outputs < 1e-12);
    CHECK(effect.parameters > 0.1);
  };
  check(lmc::cnn<double>({.inputs = image, .channels = {4, 5}, .outputs = 3}), 2);
  check(lmc::cnn<double>(
            {.inputs = image, .channels = {4, 5}, .outputs = 3, .padding = {1}, .norm = Normalization::batch, .pool = 2}),
        2);
  // The last layer's channels can be permuted at each of its 7·6 positions; those of the first as well, where the second
  // layer's windows do not overlap.
  check(lmc::lcn<double>({.inputs = image, .channels = {3}, .outputs = 3}), 7 * 6);
  check(lmc::lcn<double>({.inputs = image, .channels = {3, 2}, .outputs = 3, .kernel = {2}, .stride = {2}}), 4 * 4 + 2 * 2);
  check(lmc::lcn<double>({.inputs = image, .channels = {3, 2}, .outputs = 3, .sharing = {{7, 6}, {2, 4}}}), 1 + 3);
  check(lmc::lcn<double>({.inputs = image, .channels = {3, 4}, .outputs = 3, .norm = Normalization::layer}),
        2);  // its scale is that of all positions
  CHECK(
      lmc::testing::permutation_effect(lmc::sparse_mlp<double>({.inputs = 6, .hidden = {7, 5}, .outputs = 3, .sparsity = 0.5}))
          .outputs < 1e-12);
}

TEST_CASE("sparse_mlp: has the given share of zeros in every hidden layer, and another mask in each", "[layers]") {
  const auto net = lmc::sparse_mlp<float>({.inputs = 20, .hidden = {20, 20}, .outputs = 3, .sparsity = 0.75});
  const auto state = net.initialize({.seed = 1});
  const auto zeros = [&](const char* name) {
    const auto& s = net.layout().at(name);
    std::vector<Index> found;
    for (Index i = 0; i < s.size(); ++i)
      if (state.parameters[static_cast<std::size_t>(s.offset + i)] == 0) found.push_back(i);
    return found;
  };
  CHECK(zeros("masked1/weight").size() == 300);
  CHECK(zeros("masked2/weight").size() == 300);
  CHECK(zeros("masked1/weight") != zeros("masked2/weight"));
  CHECK(zeros("dense1/weight").empty());
}

TEST_CASE("cnn, lcn: refuse lists that do not fit the layers, and geometry that does not fit the image", "[layers][errors]") {
  CHECK_THROWS_WITH(lmc::cnn<float>({.inputs = image, .channels = {4, 3, 2}, .outputs = 3, .kernel = {3, 2}}),
                    "cnn: kernel has 2 entries; expected one for all layers, or one for each of the 3 entries of channels");
  CHECK_THROWS_WITH(lmc::lcn<float>({.inputs = image, .channels = {4, 3}, .outputs = 3, .sharing = {1, 1, 1}}),
                    "lcn: sharing has 3 entries; expected one for all layers, or one for each of the 2 entries of channels");
  CHECK_THROWS_WITH(lmc::cnn<float>({.inputs = image, .channels = {}, .outputs = 3}),
                    "cnn: channels is empty; expected one entry per layer");
  CHECK_THROWS_WITH(lmc::cnn<float>({.inputs = image, .channels = {4, 4}, .outputs = 3, .kernel = {8, 3}}),
                    Catch::Contains("Conv2d") && Catch::Contains("3x3") && Catch::Contains("larger than the input"));
}

}  // namespace models_cnn_test
