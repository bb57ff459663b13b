// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_locally_connected2d_test {

using Catch::Matchers::WithinAbs;
using lmc::Conv2d;
using lmc::Dense;
using lmc::Extent;
using lmc::Index;
using lmc::LocallyConnected2d;
using lmc::LocallyConnected2dOptions;
using lmc::Network;
using lmc::Relu;
using lmc::Shape;

namespace {

struct Reference {
  LocallyConnected2dOptions options;
  std::vector<double> y, dx, dweight, dbias;
};
const std::vector<Reference> references{
#include "locally_connected2d_reference.inc"
};

std::vector<double> sines(double scale, double step, std::size_t n) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(scale * std::sin(1 + step * static_cast<double>(i)));
  return values;
}

std::vector<float> numbers(std::size_t n, std::uint64_t seed) {
  const auto values = lmc::testing::normal_numbers(static_cast<Index>(n), seed, 1);
  return std::vector<float>(values.begin(), values.end());
}

template <class L>
std::size_t parameter_count(const L& layer) {
  lmc::LayoutBuilder builder(*layer.input_shape());
  layer.declare(builder);
  return static_cast<std::size_t>(builder.parameter_count());
}

template <class Scalar>
double distance(const std::vector<Scalar>& a, const std::vector<Scalar>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    worst = d <= worst ? worst : d;  // NaN stays
  }
  return worst;
}

}  // namespace

TEST_CASE("LocallyConnected2d: backward is the derivative of forward", "[layers][gradient][long]") {
  const auto options = GENERATE(values<LocallyConnected2dOptions>({
      {.inputs = {1, 1, 1}, .outputs = 1, .kernel = 1},
      {.inputs = {5, 4, 1}, .outputs = 3},
      {.inputs = {6, 5, 2}, .outputs = 3, .kernel = {3, 2}, .stride = {2, 3}},  // neither stride divides
      {.inputs = {4, 5, 3}, .outputs = 2, .kernel = {2, 3}, .stride = {1, 2}, .padding = {1, 2}},
      {.inputs = {5, 5, 2}, .outputs = 3, .stride = 2, .padding = 1, .bias = false, .sharing = {2, 3}},  // uneven blocks
      {.inputs = {5, 6, 4}, .outputs = 6, .kernel = 2, .padding = 1, .groups = 2, .sharing = {6, 7}},    // one block
      {.inputs = {3, 3, 2}, .outputs = 2, .kernel = 1, .stride = 2},  // pixels that nobody sees
      {.inputs = {2, 2, 9}, .outputs = 17, .kernel = 2},              // more than a vector of channels
      {.inputs = {7, 7, 1},
       .outputs = 1,
       .kernel = 7,
       .padding = 3,
       .sharing = 7},  // a pixel under more taps than one sum takes
  }));
  const Index batch = GENERATE(1, 3);
  CAPTURE(options.inputs, options.outputs, batch);
  CHECK(lmc::testing::gradient_error(LocallyConnected2d<double>(options), {.batch = batch, .seed = 7}) < 1e-7);
}

TEST_CASE("LocallyConnected2d: gives what PyTorch's unfold and einsum give", "[layers][golden]") {
  for (const Reference& reference : references) {
    const LocallyConnected2d<double> layer(reference.options);
    CAPTURE(layer.describe());
    std::vector<double> params = sines(0.5, 1.3, reference.dweight.size()), expected = reference.dweight;
    const std::vector<double> bias = sines(0.3, 0.9, reference.dbias.size());
    params.insert(params.end(), bias.begin(), bias.end());
    expected.insert(expected.end(), reference.dbias.begin(), reference.dbias.end());
    REQUIRE(parameter_count(layer) == params.size());
    const auto got = testing::run_layer(layer, params, sines(1, 0.7, reference.dx.size()), sines(1, 1.1, reference.y.size()));
    // Sums of up to a hundred terms below 1, in another order.
    CHECK(distance(got.y, reference.y) < 1e-13);
    CHECK(distance(got.dx, reference.dx) < 1e-13);
    CHECK(distance(got.dparams, expected) < 1e-13);
  }
}

TEST_CASE("LocallyConnected2d: with one block, is a convolution", "[layers]") {
  // More examples than are copied at once, more than two vectors of channels, and neither a multiple of anything.
  const auto [in, out, batch, groups] =
      GENERATE(table<Index, Index, Index, Index>({{3, 5, 2, 1}, {19, 40, 150, 1}, {6, 9, 3, 3}}));
  CAPTURE(in, out, batch, groups);
  const Conv2d<float> convolution(
      {.inputs = {7, 6, in}, .outputs = out, .kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}, .groups = groups});
  const LocallyConnected2d<float> tied({.inputs = {7, 6, in},
                                        .outputs = out,
                                        .kernel = {3, 2},
                                        .stride = {2, 1},
                                        .padding = {1, 0},
                                        .groups = groups,
                                        .sharing = convolution.window().out});
  CHECK(tied.blocks() == Extent(1));
  REQUIRE(parameter_count(tied) == parameter_count(convolution));
  CHECK(tied.output_shape({}) == convolution.output_shape({}));
  const auto params = numbers(parameter_count(tied), 1), x = numbers(static_cast<std::size_t>(batch * 42 * in), 2),
             dy = numbers(static_cast<std::size_t>(batch * tied.output_shape({}).size()), 3);
  const auto a = testing::run_layer(tied, params, x, dy), b = testing::run_layer(convolution, params, x, dy);
  // In float: sums of up to 114 products of normal numbers, and of up to 3000 in the gradient.
  CHECK(distance(a.y, b.y) < 1e-4);
  CHECK(distance(a.dx, b.dx) < 1e-4);
  CHECK(distance(a.dparams, b.dparams) < 2e-3);
}

TEST_CASE("LocallyConnected2d: with equal filters everywhere, is a convolution", "[layers]") {
  const Extent sharing = GENERATE(Extent(1), Extent(2, 3), Extent(1, 4));
  const Conv2d<double> convolution({.inputs = {6, 7, 3}, .outputs = 4, .kernel = {2, 3}, .stride = {1, 2}, .padding = 1});
  const LocallyConnected2d<double> local(
      {.inputs = {6, 7, 3}, .outputs = 4, .kernel = {2, 3}, .stride = {1, 2}, .padding = 1, .sharing = sharing});
  const auto x = sines(1, 0.7, 2 * 126), dy = sines(1, 1.1, static_cast<std::size_t>(2 * local.output_shape({}).size()));
  const auto shared = sines(0.5, 1.3, parameter_count(convolution));
  const std::size_t blocks = static_cast<std::size_t>(local.blocks().size()), weights = shared.size() - 4;
  std::vector<double> params;
  for (std::size_t b = 0; b < blocks; ++b) params.insert(params.end(), shared.begin(), shared.end() - 4);
  for (std::size_t b = 0; b < blocks; ++b) params.insert(params.end(), shared.end() - 4, shared.end());
  const auto a = testing::run_layer(local, params, x, dy), b = testing::run_layer(convolution, shared, x, dy);
  CHECK(distance(a.y, b.y) < 1e-13);
  CHECK(distance(a.dx, b.dx) < 1e-13);
  std::vector<double> sums(shared.size());  // sums of the blocks' gradients
  for (std::size_t i = 0; i < params.size(); ++i)
    sums[i < blocks * weights ? i % weights : weights + (i - blocks * weights) % 4] += a.dparams[i];
  CHECK(distance(sums, b.dparams) < 1e-12);
}

TEST_CASE("LocallyConnected2d: blocks cover the output grid, the last ones smaller", "[layers]") {
  const LocallyConnected2d<float> layer({.inputs = {7, 9, 1}, .outputs = 2, .sharing = {2, 3}});  // 5x7 positions
  CHECK(layer.blocks() == Extent(3, 3));
  CHECK(layer.block_of(0, 0) == 0);
  CHECK(layer.block_of(1, 2) == 0);
  CHECK(layer.block_of(1, 3) == 1);
  CHECK(layer.block_of(2, 0) == 3);
  CHECK(layer.block_of(4, 6) == 8);
  CHECK(layer.describe() == "1 -> 2, 3x3, sharing 2x3");
  CHECK(LocallyConnected2d<float>({.inputs = {7, 9, 2}, .outputs = 4, .stride = 2, .padding = 1, .groups = 2, .bias = false})
            .describe() == "2 -> 4, 3x3, stride 2x2, padding 1x1, groups 2, no bias");
  CHECK(parameter_count(layer) == 9 * 2 * 9 + 9 * 2);
}

TEST_CASE("LocallyConnected2d: weights over the padding have no effect and gradient 0", "[layers]") {
  const LocallyConnected2d<double> layer(
      {.inputs = {2, 2, 1}, .outputs = 1, .padding = 1});  // four of the 3x3 taps lie over the image
  auto params = sines(1, 1.3, parameter_count(layer));
  const auto x = sines(1, 0.7, 8), dy = sines(1, 1.1, 8);
  const auto before = testing::run_layer(layer, params, x, dy);
  int without_effect = 0;
  for (std::size_t block = 0; block < 4; ++block)
    for (std::size_t tap = 0; tap < 9; ++tap) {
      const lmc::Window& w = layer.window();
      const auto r = static_cast<Index>(block / 2), c = static_cast<Index>(block % 2), i = static_cast<Index>(tap / 3),
                 j = static_cast<Index>(tap % 3);
      if (w.inside(w.in_row(r, i), w.in_col(c, j))) continue;
      CHECK(before.dparams[block * 9 + tap] == 0);
      params[block * 9 + tap] = 100;
      ++without_effect;
    }
  CHECK(without_effect == 20);
  CHECK(testing::run_layer(layer, params, x, dy).y == before.y);
}

TEST_CASE("LocallyConnected2d: the bits of an example do not depend on its batch, and nothing is allocated", "[layers]") {
  const LocallyConnected2d<float> layer(
      {.inputs = {5, 5, 3}, .outputs = 33, .kernel = 2, .stride = 2, .padding = 1, .sharing = {1, 2}});
  const std::size_t in = 75, out = 9 * 33, batch = 131;
  const auto params = numbers(parameter_count(layer), 1), x = numbers(batch * in, 2), dy = numbers(batch * out, 3);
  const auto all = testing::run_layer(layer, params, x, dy);
  for (const std::size_t row : {0u, 11u, 47u, 48u, 100u, 130u}) {
    const auto part = [row](const std::vector<float>& v, std::size_t n) {
      return std::vector<float>(v.begin() + static_cast<Index>(row * n), v.begin() + static_cast<Index>((row + 1) * n));
    };
    const auto one = testing::run_layer(layer, params, part(x, in), part(dy, out));
    CHECK(one.y == part(all.y, out));
    CHECK(one.dx == part(all.dx, in));
  }
  CHECK(testing::run_layer(layer, params, x, dy).allocations == 0);
}

TEST_CASE("LocallyConnected2d: starts as a convolution of the same size does", "[layers]") {
  const auto scheme = GENERATE(lmc::Initialization::torch, lmc::Initialization::xavier, lmc::Initialization::he_normal);
  const Network<float> tied({LocallyConnected2d<float>(
      {.inputs = {6, 6, 4}, .outputs = 6, .groups = 2, .sharing = 4, .initialization = {.scheme = scheme}})});
  const Network<float> convolution(
      {Conv2d<float>({.inputs = {6, 6, 4}, .outputs = 6, .groups = 2, .initialization = {.scheme = scheme}})});
  CHECK(tied.initialize({.seed = 3}) == convolution.initialize({.seed = 3}));
  const Network<float> local({LocallyConnected2d<float>({.inputs = {6, 6, 4}, .outputs = 6})});
  const auto start = local.initialize({.seed = 3}).parameters;
  CHECK_THAT(*std::max_element(start.begin(), start.end()), WithinAbs(1.0 / 6, 1e-3));  // U(±1/√36), 3552 draws
}

TEST_CASE("LocallyConnected2d: channels can be permuted at each block on their own", "[layers][permutation]") {
  using Local = LocallyConnected2d<double>;
  const auto effect = [](const Network<double>& net, std::size_t groups) {
    CHECK(net.layout().groups.size() == groups);
    const auto moved = lmc::testing::permutation_effect(net);
    CHECK(moved.outputs < 1e-12);
    CHECK(moved.parameters > 0.1);
  };
  const Dense<double> readout({.inputs = {2, 2, 3}, .outputs = 2});
  const auto second = [](Extent sharing) { return Local({.inputs = {4, 4, 5}, .outputs = 3, .sharing = sharing}); };
  const auto first = [](Extent sharing) { return Local({.inputs = {6, 6, 2}, .outputs = 5, .sharing = sharing}); };
  effect(Network<double>({first(1), Relu<double>(), second(1), Relu<double>(), readout}), 16 + 4);
  effect(Network<double>({first({2, 3}), Relu<double>(), second(1), Relu<double>(), readout}), 4 + 4);
  // A filter that moves over positions wants them permuted alike: a tap of a block of 1x2 couples a row's neighbors.
  effect(Network<double>({first(1), Relu<double>(), second({1, 2}), Relu<double>(), readout}), 4 + 2);
  effect(Network<double>({first(1), Relu<double>(), second(2), Relu<double>(), readout}), 1 + 1);
  effect(Network<double>(
             {Conv2d<double>({.inputs = {6, 6, 2}, .outputs = 5}), Relu<double>(), second(1), Relu<double>(), readout}),
         1 + 4);
  effect(
      Network<double>({Dense<double>({.inputs = 3, .outputs = {4, 4, 5}}), Relu<double>(), second(1), Relu<double>(), readout}),
      16 + 4);
  effect(Network<double>(
             {first(1), Relu<double>(), Local({.inputs = {4, 4, 5}, .outputs = 3, .stride = 3, .padding = 1}), readout}),
         16 + 4);
  // Grouped: neither its inputs nor its outputs.
  effect(Network<double>({first(1), Relu<double>(), Local({.inputs = {4, 4, 5}, .outputs = 5, .kernel = 1, .groups = 5}),
                          Relu<double>(), Local({.inputs = {4, 4, 5}, .outputs = 3}), readout}),
         4);
}

TEST_CASE("LocallyConnected2d: names the axes of its weights", "[layers]") {
  lmc::LayoutBuilder builder({2, 2, 3});
  const lmc::GroupId channels = builder.add_group(3);
  builder.activation.groups = {{}, {}, channels};
  const LocallyConnected2d<float> local({.inputs = {2, 2, 3}, .outputs = 4, .kernel = {2, 1}, .padding = {1, 0}});
  builder.inside("local", [&] { local.declare(builder); });  // 3x2 positions
  const lmc::ActivationLayout out = builder.activation;
  CHECK(out.shape == Shape{3, 2, 4});
  CHECK(out.groups[2] == lmc::AxisGroups({0, 1}, {1, 2, 3, 4, 5, 6}));
  Dense<float>({.inputs = {3, 2, 4}, .outputs = 2}).declare(builder);
  const auto layout = std::move(builder).build();
  const lmc::Segment& weight = layout.at("local/weight");
  CHECK(weight.shape == Shape{3, 2, 4, 2, 1, 3});
  CHECK(weight.groups[2] == lmc::AxisGroups({0, 1}, {1, 2, 3, 4, 5, 6}));
  const lmc::GroupId none;  // the first row's upper taps and the last row's lower ones lie over padding alone
  CHECK(weight.groups[5] == lmc::AxisGroups({0, 1, 3, 4}, {none, 0, none, 0, 0, 0, 0, 0, 0, none, 0, none}));
  CHECK(layout.at("local/bias").shape == Shape{3, 2, 4});
}

TEST_CASE("LocallyConnected2d: refuses a geometry that does not fit, with the numbers", "[layers][errors]") {
  const auto make = [](LocallyConnected2dOptions options) { return LocallyConnected2d<float>(std::move(options)); };
  CHECK_THROWS_WITH(make({.inputs = 784, .outputs = 3}),
                    "LocallyConnected2d: inputs = [784]; expected an image [rows, cols, channels] with positive lengths");
  CHECK_THROWS_WITH(
      make({.inputs = {2, 5, 1}, .outputs = 3}),
      "LocallyConnected2d: the kernel, 3x3, is larger than the input with its padding, 2x5 + 2 * 0x0 = 2x5; there would "
      "be no output: use a smaller kernel or more padding");
  CHECK_THROWS_WITH(make({.inputs = {5, 5, 1}}), "LocallyConnected2d: outputs = 0; expected a positive number of channels");
  CHECK_THROWS_WITH(make({.inputs = {5, 5, 4}, .outputs = 6, .groups = 4}),
                    "LocallyConnected2d: groups = 4 with 4 input and 6 output channels; expected a positive divisor of both");
  CHECK_THROWS_WITH(make({.inputs = {5, 5, 4}, .outputs = 6, .sharing = {1, 0}}),
                    "LocallyConnected2d: sharing = 1x0; expected positive numbers");
  CHECK_THROWS_WITH(
      make({.inputs = {5, 5, 4}, .outputs = 6, .sharing = {3, 4}}),
      "LocallyConnected2d: sharing = 3x4 is larger than the output grid, 3x3; a block may be as large as the grid, "
      "which is a convolution");
}

}  // namespace layers_locally_connected2d_test
