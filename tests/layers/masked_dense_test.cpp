// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_masked_dense_test {

using lmc::Dense;
using lmc::Index;
using lmc::LocallyConnected2d;
using lmc::Mask;
using lmc::MaskedDense;
using lmc::Network;
using lmc::random_mask;
using lmc::Relu;
using lmc::Shape;

namespace {

template <class Scalar>
MaskedDense<Scalar> random_layer(Index in, Index out, double sparsity) {
  return MaskedDense<Scalar>(
      {.inputs = in, .outputs = out, .mask = random_mask({.outputs = out, .inputs = in, .sparsity = sparsity, .seed = 3})});
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

}  // namespace

TEST_CASE("MaskedDense: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, in, out, sparsity] = GENERATE(
      table<Index, Index, Index, double>({{1, 1, 1, 0}, {1, 1, 1, 1}, {3, 5, 2, 0.5}, {4, 8, 17, 0.9}, {13, 40, 33, 0.3}}));
  CAPTURE(batch, in, out, sparsity);
  CHECK(lmc::testing::gradient_error(random_layer<double>(in, out, sparsity), {.batch = batch, .seed = 7}) < 1e-7);
}

TEST_CASE("MaskedDense: is a Dense whose masked weights are 0, whatever θ says", "[layers]") {
  const auto layer = random_layer<double>(9, 7, 0.6);
  auto params = lmc::testing::normal_numbers(70, 1, 1);
  const auto x = lmc::testing::normal_numbers(27, 2, 1), dy = lmc::testing::normal_numbers(21, 3, 1);
  std::vector<double> masked = params;
  for (std::size_t i = 0; i < 63; ++i)
    if (!layer.options().mask.bits[i]) {
      masked[i] = 0;
      params[i] = i % 2 == 0 ? 100 : std::nan("");
    }
  const auto got = testing::run_layer(layer, params, x, dy),
             dense = testing::run_layer(Dense<double>({.inputs = 9, .outputs = 7}), masked, x, dy);
  CHECK(got.y == dense.y);
  CHECK(got.dx == dense.dx);
  for (std::size_t i = 0; i < 70; ++i)
    CHECK(got.dparams[i] == (i < 63 && !layer.options().mask.bits[i] ? 0 : dense.dparams[i]));
}

TEST_CASE("MaskedDense: with a convolution's mask, is a locally connected layer", "[layers]") {
  const LocallyConnected2d<double> local(
      {.inputs = {5, 4, 4}, .outputs = 6, .kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}, .groups = 2});
  const Shape out = local.output_shape({});
  const MaskedDense<double> masked(
      {.inputs = {5, 4, 4}, .outputs = out, .mask = lmc::convolution_mask(local.window(), 4, 6, 2)});
  const Index in = 80, outputs = out.size(), filter = 3 * 2 * 2;
  const auto local_params = lmc::testing::normal_numbers(outputs * filter + outputs, 1, 1);
  // The weight of the dense layer that each of the local one's is; none over the padding.
  std::vector<Index> to;
  lmc::for_each_index({out[0], out[1], 6, 3, 2, 2}, [&](std::span<const Index> at) {
    const Index row = local.window().in_row(at[0], at[3]), col = local.window().in_col(at[1], at[4]);
    const Index unit = (at[0] * out[1] + at[1]) * 6 + at[2], channel = at[2] / 3 * 2 + at[5];
    to.push_back(local.window().inside(row, col) ? unit * in + (row * 4 + col) * 4 + channel : -1);
  });
  for (Index i = 0; i < outputs; ++i) to.push_back(outputs * in + i);
  std::vector<double> params(static_cast<std::size_t>(outputs * in + outputs));
  for (std::size_t i = 0; i < to.size(); ++i)
    if (to[i] >= 0) params[static_cast<std::size_t>(to[i])] = local_params[i];
  const auto x = lmc::testing::normal_numbers(2 * in, 2, 1), dy = lmc::testing::normal_numbers(2 * outputs, 3, 1);
  const auto a = testing::run_layer(masked, params, x, dy), b = testing::run_layer(local, local_params, x, dy);
  CHECK(distance(a.y, b.y) < 1e-13);
  CHECK(distance(a.dx, b.dx) < 1e-13);
  std::vector<double> moved(params.size());
  for (std::size_t i = 0; i < to.size(); ++i)
    if (to[i] >= 0) moved[static_cast<std::size_t>(to[i])] = b.dparams[i];
  CHECK(distance(a.dparams, moved) < 1e-13);
}

TEST_CASE("MaskedDense: masked weights are exactly 0 at first and stay so under every optimizer", "[layers][optim]") {
  const auto options = GENERATE(values<lmc::OptimizerOptions>({
      lmc::SgdOptions{.learning_rate = 0.1},
      lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.1},
      lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.1},
      lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.1, .nesterov = true},
      lmc::AdamOptions{},
      lmc::AdamOptions{.epsilon = 1e-45, .weight_decay = 0.1},  // the smallest that there is in float
      lmc::AdamWOptions{.weight_decay = 0.1},
      lmc::AdamWOptions{.epsilon = 1e-45},
      lmc::SignOptions{.momentum = 0.9, .weight_decay = 0.1},
      lmc::MuonOptions{.weight_decay = 0.1},
      lmc::LayerwiseAdamOptions{.weight_decay = 0.1},
  }));
  const auto scheme = GENERATE(lmc::Initialization::torch, lmc::Initialization::he_normal);
  const Mask mask = random_mask({.outputs = 9, .inputs = 7, .sparsity = 0.7, .seed = 1});
  const Network<float> net(
      {MaskedDense<float>({.inputs = 7, .outputs = 9, .mask = mask, .initialization = {.scheme = scheme}})});
  auto state = net.initialize({.seed = 5});
  const auto start = state.parameters;
  lmc::Optimizer<float> optimizer(options, net.layout());
  std::vector<float> workspace(static_cast<std::size_t>(net.workspace_size(3)));
  const auto numbers = [](Index n, std::uint64_t seed) {
    const auto values = lmc::testing::normal_numbers(n, seed, 1);
    return std::vector<float>(values.begin(), values.end());
  };
  for (std::uint64_t step = 0; step < 5; ++step) {
    const auto x = numbers(21, step);
    auto dy = numbers(27, 100 + step);
    if (step == 3) dy[4] = std::numeric_limits<float>::infinity();  // even when the others are lost
    std::vector<float> gradient(start.size());
    const auto view = [](const std::vector<float>& v, Index cols) { return lmc::matrix_view(std::span(v), 3, cols); };
    net.backward({.params = state.parameters,
                  .buffers = {},
                  .x = view(x, 7),
                  .y = view(dy, 9),
                  .dy = view(dy, 9),
                  .dx = {},
                  .dparams = gradient,
                  .cache = {},
                  .workspace = workspace});
    for (std::size_t i = 0; i < 63; ++i)
      if (!mask.bits[i]) CHECK((state.parameters[i] == 0 && gradient[i] == 0));
    optimizer.step(gradient, state.parameters, 1.0);
    for (std::size_t i = 0; i < 63; ++i)
      if (!mask.bits[i]) CHECK(state.parameters[i] == 0);
  }
  CHECK(state.parameters != start);
}

TEST_CASE("MaskedDense: a unit starts by the number of inputs that it sees", "[layers]") {
  // 400 inputs; the units see all, 100, 4, none of them.
  Mask mask{4, 400, std::vector<bool>(1600)};
  const Index seen[] = {400, 100, 4, 0};
  for (Index unit = 0; unit < 4; ++unit) std::fill_n(mask.bits.begin() + 400 * unit, seen[unit], true);
  std::vector<float> params(1604, 7);
  MaskedDense<float>({.inputs = 400, .outputs = 4, .mask = mask})
      .initialize({.params = params, .buffers = {}, .stream = {.seed = 1}});
  std::vector<float> dense(1604);
  Dense<float>({.inputs = 400, .outputs = 4}).initialize({.params = dense, .buffers = {}, .stream = {.seed = 1}});
  for (std::size_t i = 0; i < 1604; ++i) {
    CAPTURE(i);
    const bool bias = i >= 1600;
    const double inputs = static_cast<double>(std::max<Index>(1, seen[bias ? i - 1600 : i / 400]));
    // The dense layer's draws at the same addresses, with another bound.
    const double want = bias || mask.bits[i] ? static_cast<double>(dense[i]) * std::sqrt(400 / inputs) : 0;
    CHECK_THAT(static_cast<double>(params[i]), Catch::Matchers::WithinAbs(want, 1e-6));
  }
}

TEST_CASE("MaskedDense: with a convolution's mask, starts with the convolution's fan-in", "[layers]") {
  const lmc::Window window("test", {6, 6, 3}, 3, 1, 0);
  std::vector<double> params(16 * 5 * 108 + 80);
  MaskedDense<double>({.inputs = {6, 6, 3}, .outputs = {4, 4, 5}, .mask = lmc::convolution_mask(window, 3, 5)})
      .initialize({.params = params, .buffers = {}, .stream = {.seed = 1}});
  CHECK_THAT(*std::max_element(params.begin(), params.end()),
             Catch::Matchers::WithinAbs(1 / std::sqrt(27), 1e-3));  // 2240 draws
}

TEST_CASE("MaskedDense: units are permuted only where the mask allows it", "[layers][permutation]") {
  const auto effect = [](const Network<double>& net, std::size_t groups) {
    CHECK(net.layout().groups.size() == groups);
    const auto moved = lmc::testing::permutation_effect(net);
    CHECK(moved.outputs < 1e-12);
    CHECK((moved.parameters > 0.1) == (groups > 0));
  };
  const auto all = [](Index in, Index out) { return random_layer<double>(in, out, 0); };
  // Units whose rows of a random mask differ, then units in front of one.
  effect(Network<double>({random_layer<double>(5, 8, 0.5), Relu<double>(), Dense<double>({.inputs = 8, .outputs = 3})}), 0);
  effect(Network<double>({Dense<double>({.inputs = 5, .outputs = 8}), Relu<double>(), random_layer<double>(8, 6, 0.5),
                          Relu<double>(), Dense<double>({.inputs = 6, .outputs = 3})}),
         0);
  // A mask that keeps all.
  effect(Network<double>({all(5, 8), Relu<double>(), all(8, 6), Relu<double>(), Dense<double>({.inputs = 6, .outputs = 3})}),
         2);
  // A network of convolutions' masks: the channels at each position. Here 16 + 4 positions.
  const auto convolution = [](const Shape& in, const Shape& out) {
    return MaskedDense<double>(
        {.inputs = in, .outputs = out, .mask = lmc::convolution_mask({"test", in, 3, 1, 0}, in[2], out[2])});
  };
  effect(Network<double>({convolution({6, 6, 2}, {4, 4, 5}), Relu<double>(), convolution({4, 4, 5}, {2, 2, 3}), Relu<double>(),
                          Dense<double>({.inputs = {2, 2, 3}, .outputs = 2})}),
         16 + 4);
  // In groups, units of a position see different channels; so do the inputs.
  const lmc::Window window("test", {4, 4, 6}, 3, 1, 0);
  effect(Network<double>(
             {convolution({6, 6, 2}, {4, 4, 6}), Relu<double>(),
              MaskedDense<double>({.inputs = {4, 4, 6}, .outputs = {2, 2, 4}, .mask = lmc::convolution_mask(window, 6, 4, 2)}),
              Relu<double>(), Dense<double>({.inputs = {2, 2, 4}, .outputs = 2})}),
         0);
}

TEST_CASE("MaskedDense: keeps the axes of its inputs and outputs", "[layers]") {
  const lmc::Window window("test", {3, 3, 2}, 2, 1, 0);
  const MaskedDense<float> layer({.inputs = {3, 3, 2}, .outputs = {2, 2, 4}, .mask = lmc::convolution_mask(window, 2, 4)});
  CHECK(layer.describe() == "18 -> 16, 128 of 288 weights");
  const Network<float> net({layer, Dense<float>({.inputs = {2, 2, 4}, .outputs = 3})});
  CHECK(net.layout().at("masked1/weight").shape == Shape{2, 2, 4, 3, 3, 2});
  CHECK(net.layout().at("masked1/bias").shape == Shape{2, 2, 4});
  CHECK(net.layout().at("masked1/weight").groups[2] == lmc::AxisGroups({0, 1}, {0, 1, 2, 3}));
  CHECK(net.layout().at("dense1/weight").groups[3] == lmc::AxisGroups({1, 2}, {0, 1, 2, 3}));
}

TEST_CASE("MaskedDense: refuses a mask of another size, with the numbers", "[layers][errors]") {
  CHECK_THROWS_WITH(
      MaskedDense<float>({.inputs = {2, 2}, .outputs = 3}),
      "MaskedDense: the mask is for 0 inputs and 0 units, but inputs = [2, 2] has 4 and outputs = [3] has 3; the numbers must be "
      "equal");
  CHECK_THROWS_WITH(MaskedDense<float>({.inputs = 0, .outputs = 3}),
                    "MaskedDense: inputs = [0], outputs = [3]; all sizes must be positive");
  CHECK_THROWS_WITH(MaskedDense<float>({.inputs = 2, .outputs = 1, .mask = {1, 2, {true}}}),
                    "MaskedDense: the mask has 1 bits; expected one for each of 1 x 2 weights");
}

}  // namespace layers_masked_dense_test
