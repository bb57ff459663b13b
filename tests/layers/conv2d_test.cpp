// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_conv2d_test {

using lmc::Conv2d;
using lmc::Conv2dOptions;
using lmc::Dense;
using lmc::Extent;
using lmc::GroupId;
using lmc::Index;
using lmc::Network;
using lmc::Relu;

namespace {

struct Reference {
  Conv2dOptions options;
  std::vector<double> y, dx, dweight, dbias;
};
const std::vector<Reference> references{
#include "conv2d_reference.inc"
};

template <class F>
std::vector<double> formula(Index n, F f) {
  std::vector<double> values;
  for (Index i = 0; i < n; ++i) values.push_back(f(static_cast<double>(i)));
  return values;
}

template <class T>
double distance(std::span<const T> a, std::span<const T> b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(a[i] - b[i])));
  return worst;
}

Index parameters(const Conv2dOptions& o) { return o.outputs * (o.kernel.size() * (o.inputs[2] / o.groups) + (o.bias ? 1 : 0)); }

// The same linear map without a kernel: the weights of every output over all inputs, from the geometry.
std::vector<double> dense_matrix(const Conv2d<double>& layer, const std::vector<double>& params) {
  const Conv2dOptions& o = layer.options();
  const lmc::Window& w = layer.window();
  const Index inputs = o.inputs.size(), in = o.inputs[2] / o.groups, out = o.outputs / o.groups;
  std::vector<double> matrix(static_cast<std::size_t>(w.out.size() * o.outputs * inputs));
  lmc::for_each_index({w.out.rows, w.out.cols, o.outputs, w.kernel.rows, w.kernel.cols, in}, [&](std::span<const Index> at) {
    const Index row = w.in_row(at[0], at[3]), col = w.in_col(at[1], at[4]);
    if (!w.inside(row, col)) return;
    const Index output = (at[0] * w.out.cols + at[1]) * o.outputs + at[2];
    const Index input = (row * w.in.cols + col) * o.inputs[2] + at[2] / out * in + at[5];
    const Index weight = ((at[2] * w.kernel.rows + at[3]) * w.kernel.cols + at[4]) * in + at[5];
    matrix[static_cast<std::size_t>(output * inputs + input)] += params[static_cast<std::size_t>(weight)];
  });
  return matrix;
}

}  // namespace

TEST_CASE("Conv2d: backward is the derivative of forward", "[layers][gradient]") {
  const auto options =
      GENERATE(Conv2dOptions{.inputs = {1, 1, 1}, .outputs = 1, .kernel = 1}, Conv2dOptions{.inputs = {5, 5, 1}, .outputs = 2},
               Conv2dOptions{.inputs = {6, 5, 3}, .outputs = 4, .stride = 2},  // the last row is under no tap
               Conv2dOptions{.inputs = {4, 4, 2}, .outputs = 3, .padding = 1},
               Conv2dOptions{.inputs = {3, 7, 2}, .outputs = 3, .kernel = {2, 4}, .stride = {1, 3}, .padding = {1, 2}},
               Conv2dOptions{.inputs = {5, 5, 2}, .outputs = 2, .kernel = 2, .stride = 3},  // inputs between the windows
               Conv2dOptions{.inputs = {2, 2, 2}, .outputs = 2, .kernel = 5, .stride = 2, .padding = 4},
               Conv2dOptions{.inputs = {4, 3, 4}, .outputs = 6, .padding = 1, .groups = 2, .bias = false},
               Conv2dOptions{.inputs = {4, 4, 3}, .outputs = 3, .stride = 2, .padding = 1, .groups = 3},
               Conv2dOptions{.inputs = {3, 3, 9}, .outputs = 17, .kernel = 2});
  const Index batch = GENERATE(1, 3);
  const Conv2d<double> layer(options);
  CAPTURE(options.inputs, layer.describe(), batch);
  CHECK(lmc::testing::gradient_error(layer, {.batch = batch, .seed = 7}) < 1e-7);
}

TEST_CASE("Conv2d: gives PyTorch's outputs and gradients", "[layers]") {
  for (const Reference& r : references) {
    const Conv2d<double> layer(r.options);
    CAPTURE(layer.describe());
    const Index weights = parameters(r.options) - r.options.outputs;
    auto params = formula(weights, [](double i) { return std::cos(0.7 * i); });
    for (const double b : formula(r.options.outputs, [](double i) { return std::sin(2.0 + i); })) params.push_back(b);
    const auto x = formula(2 * r.options.inputs.size(), [](double i) { return std::sin(1.0 + i); });
    const auto dy = formula(static_cast<Index>(r.y.size()), [](double i) { return std::cos(0.3 * i); });
    testing::LayerRunner<double> passes(layer, 2);
    passes.params = params;
    std::ranges::fill(passes.dparams, 1.0);
    passes.forward(x, lmc::Mode::training);
    passes.backward(x, dy);
    for (double& g : passes.dparams) g -= 1;  // gradients are added to what is there
    // The reference has 12 digits of numbers below 100.
    CHECK(distance<double>(passes.y, r.y) < 1e-9);
    CHECK(distance<double>(passes.dx, r.dx) < 1e-9);
    const std::span<const double> gradient(passes.dparams);
    CHECK(distance<double>(lmc::slice(gradient, 0, weights), r.dweight) < 1e-9);
    CHECK(distance<double>(lmc::slice(gradient, weights, r.options.outputs), r.dbias) < 1e-9);
  }
}

TEST_CASE("Conv2d: is the dense layer of its matrix", "[layers]") {
  const auto options =
      GENERATE(Conv2dOptions{.inputs = {7, 6, 3}, .outputs = 5, .kernel = {3, 2}, .stride = 2, .padding = 1, .bias = false},
               Conv2dOptions{.inputs = {5, 9, 4}, .outputs = 4, .padding = {2, 0}, .groups = 2, .bias = false},
               Conv2dOptions{.inputs = {9, 9, 16}, .outputs = 37, .stride = 2, .bias = false});
  const Conv2d<double> conv(options);
  const Index inputs = options.inputs.size(), outputs = conv.output_shape(options.inputs).size(), batch = 3;
  const auto params = lmc::testing::normal_numbers(parameters(options), 1, 1),
             x = lmc::testing::normal_numbers(batch * inputs, 1, 2), dy = lmc::testing::normal_numbers(batch * outputs, 1, 3);
  auto matrix = dense_matrix(conv, params);
  matrix.resize(matrix.size() + static_cast<std::size_t>(outputs));  // biases of 0
  const auto passes = testing::run_layer(conv, params, x, dy),
             expected = testing::run_layer(Dense<double>({.inputs = inputs, .outputs = outputs}), matrix, x, dy);
  // Sums of at most 37 · 9 products of normal numbers.
  CHECK(distance<double>(passes.y, expected.y) < 1e-12);
  CHECK(distance<double>(passes.dx, expected.dx) < 1e-12);
}

TEST_CASE("Conv2d: the bits of an example do not depend on the batch around it", "[layers]") {
  const auto options = GENERATE(Conv2dOptions{.inputs = {13, 13, 32}, .outputs = 64, .stride = 2},
                                Conv2dOptions{.inputs = {9, 8, 1}, .outputs = 20, .padding = 1},
                                Conv2dOptions{.inputs = {6, 6, 4}, .outputs = 12, .groups = 2});
  const Conv2d<float> layer(options);
  const Index inputs = options.inputs.size(), outputs = layer.output_shape(options.inputs).size(), batch = 13;
  const auto numbers = [](Index n, std::uint32_t part) {
    const auto exact = lmc::testing::normal_numbers(n, 1, part);
    return std::vector<float>(exact.begin(), exact.end());
  };
  const auto params = numbers(parameters(options), 1), x = numbers(batch * inputs, 2), dy = numbers(batch * outputs, 3);
  const auto row = [](const std::vector<float>& v, Index i, Index width) {
    return std::vector<float>(v.begin() + i * width, v.begin() + (i + 1) * width);
  };
  const auto whole = testing::run_layer(layer, params, x, dy);
  for (Index i = 0; i < batch; ++i) {
    const auto alone = testing::run_layer(layer, params, row(x, i, inputs), row(dy, i, outputs));
    CHECK(alone.y == row(whole.y, i, outputs));
    CHECK(alone.dx == row(whole.dx, i, inputs));
  }
}

TEST_CASE("Conv2d: its gradient does not depend on whether dx is asked for, and it allocates nothing", "[layers]") {
  const Conv2d<float> layer({.inputs = {6, 6, 2}, .outputs = 3, .padding = 1});
  const std::vector<float> params(3 * 19, 0.5f), x(2 * 72, 1.0f), dy(2 * 108, 1.0f);
  const auto with = testing::run_layer(layer, params, x, dy);
  testing::LayerRunner<float> without(layer, 2);
  without.params = params;
  without.forward(x, lmc::Mode::training);
  without.backward_without_dx(x, dy);
  CHECK(without.dparams == with.dparams);
  CHECK(without.allocations == 0);
}

TEST_CASE("Conv2d: a permutation of its channels leaves the network's function alone", "[layers]") {
  const auto effect = [](std::vector<lmc::AnyLayer<double>> layers) {
    const Network<double> net(std::move(layers));
    return std::pair(net.layout().groups.size(), lmc::testing::permutation_effect(net));
  };
  const Conv2d<double> first({.inputs = {7, 7, 2}, .outputs = 6}),
      second({.inputs = {5, 5, 6}, .outputs = 8, .stride = 2, .padding = 1});
  const auto [plain_groups, plain] =
      effect({first, Relu<double>(), second, Relu<double>(), Dense<double>({.inputs = {3, 3, 8}, .outputs = 4})});
  CHECK(plain_groups == 2);
  CHECK(plain.outputs < 1e-12);
  CHECK(plain.parameters > 0.1);

  // With groups, the channels on both sides stay where they are; those behind the next convolution do not have to.
  const Conv2d<double> grouped({.inputs = {5, 5, 6}, .outputs = 6, .padding = 1, .groups = 2});
  const auto [few_groups, few] = effect({first, Relu<double>(), grouped, Relu<double>(), second, Relu<double>(),
                                         Dense<double>({.inputs = {3, 3, 8}, .outputs = 4})});
  CHECK(few_groups == 1);
  CHECK(few.outputs < 1e-12);

  const Conv2d<double> depthwise({.inputs = {5, 5, 6}, .outputs = 6, .padding = 1, .groups = 6});
  const auto [shared_groups, shared] = effect({first, Relu<double>(), depthwise, Relu<double>(), second, Relu<double>(),
                                               Dense<double>({.inputs = {3, 3, 8}, .outputs = 4})});
  CHECK(shared_groups == 2);
  CHECK(shared.outputs < 1e-12);
  CHECK(shared.parameters > 0.1);
}

TEST_CASE("Conv2d: joins channels that could be permuted at each position", "[layers]") {
  lmc::LayoutBuilder builder({2, 2, 3});
  std::vector<GroupId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(builder.add_group(3));
  builder.add_parameter("local", {2, 2, 3}, lmc::Role::weight, {{}, {}, {{0, 1}, ids}});
  builder.activation.groups[2] = {{0, 1}, ids};
  Conv2d<float>({.inputs = {2, 2, 3}, .outputs = 5, .kernel = 2}).declare(builder);
  const auto layout = std::move(builder).build();
  REQUIRE(layout.parameters.size() == 3);
  CHECK(layout.parameters[0].groups[2] == lmc::AxisGroups({0, 1}, {0, 0, 0, 0}));
  CHECK(layout.parameters[1].shape == lmc::Shape{5, 2, 2, 3});
  CHECK(layout.parameters[1].groups == std::vector<lmc::AxisGroups>{{}, {}, {}, GroupId(0)});  // its outputs are the network's
  CHECK(layout.groups.size() == 1);
}

TEST_CASE("Conv2d: starts as PyTorch's, and describes itself", "[layers]") {
  const Conv2d<float> layer({.inputs = {8, 8, 4}, .outputs = 10, .kernel = {3, 2}, .groups = 2});
  std::vector<float> params(10 * 12 + 10);
  layer.initialize({.params = params, .buffers = {}, .stream = {.seed = 1}});
  const float bound = 1 / std::sqrt(12.0f);  // 1/√(inputs of one output)
  const auto [least, most] = std::ranges::minmax(params);
  CHECK((least < -0.9f * bound && least >= -bound));
  CHECK((most > 0.9f * bound && most <= bound));
  CHECK(layer.describe() == "4 -> 10, 3x2, groups 2");
  CHECK(Conv2d<float>({.inputs = {8, 8, 4}, .outputs = 2, .stride = 2, .padding = {0, 1}, .bias = false}).describe() ==
        "4 -> 2, 3x3, stride 2x2, padding 0x1, no bias");
  CHECK(layer.output_shape({8, 8, 4}) == lmc::Shape{6, 7, 10});
}

TEST_CASE("Conv2d: refuses what does not fit, with the numbers", "[layers][errors]") {
  CHECK_THROWS_WITH(Conv2d<float>({.inputs = {4, 4}, .outputs = 3}),
                    "Conv2d: inputs = [4, 4]; expected an image [rows, cols, channels] with positive lengths");
  for (const lmc::Shape& flat : {lmc::Shape{0, 4, 1}, lmc::Shape{4, 0, 1}, lmc::Shape{4, 4, 0}})
    CHECK_THROWS_WITH(lmc::Conv2d<double>({.inputs = flat, .outputs = 1, .kernel = 1}),
                      Catch::Matchers::Contains("with positive lengths"));
  CHECK_THROWS_WITH(Conv2d<float>({.inputs = {4, 4, 1}, .outputs = 0}),
                    "Conv2d: outputs = 0; expected a positive number of channels");
  CHECK_THROWS_WITH(Conv2d<float>({.inputs = {4, 4, 6}, .outputs = 8, .groups = 4}),
                    "Conv2d: groups = 4 with 6 input and 8 output channels; groups must divide both");
  CHECK_THROWS_WITH(Conv2d<float>({.inputs = {4, 4, 6}, .outputs = 9, .groups = 0}),
                    "Conv2d: groups = 0 with 6 input and 9 output channels; groups must divide both");
  CHECK_THROWS_WITH(Conv2d<float>({.inputs = {4, 2, 1}, .outputs = 1}),
                    Catch::StartsWith("Conv2d: the kernel, 3x3, is larger than the input"));
}

}  // namespace layers_conv2d_test
