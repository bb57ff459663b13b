// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/self_attention.hpp>
#include <lmc/layers/tokenwise_dense.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <numeric>
#include <span>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_self_attention_test {

using lmc::Dense;
using lmc::Index;
using lmc::Network;
using lmc::SelfAttention;

TEST_CASE("SelfAttention: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, tokens, width, heads] =
      GENERATE(table<Index, Index, Index, Index>({{1, 1, 1, 1}, {2, 3, 4, 2}, {1, 9, 6, 3}, {3, 2, 5, 1}, {2, 17, 3, 3}}));
  CAPTURE(batch, tokens, width, heads);
  CHECK(lmc::testing::gradient_error(SelfAttention<double>({.inputs = {tokens, width}, .heads = heads}),
                                     {.batch = batch, .seed = 2}) < 1e-7);
}

TEST_CASE("SelfAttention: backward beyond one block of examples is that of the examples one by one",
          "[layers][gradient][long]") {
  // 512 rows are a block: 200 tokens leave room for 2 examples, 600 for none, and yet one is taken.
  const Index tokens = GENERATE(200, 600);
  const SelfAttention<double> layer({.inputs = {tokens, 1}});
  const Index batch = 5;
  const std::vector<double> x = lmc::testing::normal_numbers(batch * tokens, 1, 1),
                            dy = lmc::testing::normal_numbers(batch * tokens, 1, 2);
  testing::LayerRunner<double> together(layer, batch), alone(layer, 1);
  together.initialize(3), alone.initialize(3);
  together.forward(x);
  together.backward(x, dy);
  const auto of = [&](std::span<const double> values, Index i) { return lmc::slice(values, i * tokens, tokens); };
  for (Index i = 0; i < batch; ++i) {
    CAPTURE(tokens, i);
    CHECK(std::ranges::equal(alone.forward(of(x, i)), of(together.y, i)));
    alone.backward(of(x, i), of(dy, i));
    CHECK(std::ranges::equal(alone.dx, of(together.dx, i)));
  }
  for (std::size_t i = 0; i < alone.dparams.size(); ++i)
    CHECK_THAT(together.dparams[i],
               Catch::Matchers::WithinRel(alone.dparams[i], 1e-10) || Catch::Matchers::WithinAbs(alone.dparams[i], 1e-10));

  // And the last example's along one direction, by a central difference.
  const std::vector<double> direction = lmc::testing::normal_numbers(tokens, 1, 3);
  const double h = 1e-5;
  const auto loss = [&](double at) {
    std::vector<double> moved(of(x, batch - 1).begin(), of(x, batch - 1).end());
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += at * direction[i];
    const std::vector<double>& y = alone.forward(moved);
    return std::inner_product(y.begin(), y.end(), of(dy, batch - 1).begin(), 0.0);
  };
  const std::span<const double> dx = of(together.dx, batch - 1);
  CHECK_THAT((loss(h) - loss(-h)) / (2 * h),
             Catch::Matchers::WithinRel(std::inner_product(dx.begin(), dx.end(), direction.begin(), 0.0), 1e-6));
}

TEST_CASE("SelfAttention: an example's outputs do not depend on the batch around it", "[layers]") {
  const Network<float> net({SelfAttention<float>({.inputs = {5, 12}, .heads = 4})});
  const auto state = net.initialize({.seed = 3});
  const Index batch = 210, size = 60;  // more than the block of 102 examples
  std::vector<float> x;
  for (const double v : lmc::testing::normal_numbers(batch * size, 1, 2)) x.push_back(static_cast<float>(v));
  testing::LayerRunner<float> together(net, batch), alone(net, 1);
  together.params = alone.params = state.parameters;
  together.forward(x);
  for (const Index i : {0, 1, 101, 102, 209}) {
    CAPTURE(i);
    const auto& y = alone.forward(lmc::slice(std::span<const float>(x), i * size, size));
    CHECK(std::ranges::equal(y, lmc::slice(std::span<const float>(together.y), i * size, size)));
  }
}

TEST_CASE("SelfAttention: heads, and units inside each head, can be permuted", "[layers]") {
  const Network<double> net({SelfAttention<double>({.inputs = {4, 6}, .heads = 3}),
                             SelfAttention<double>({.inputs = {4, 6}, .heads = 2}),
                             Dense<double>({.inputs = {4, 6}, .outputs = 3})});
  const auto& layout = net.layout();
  // Each layer: its heads, two groups per head; between the layers and before the readout: the units.
  CHECK(layout.groups.size() == (1 + 2 * 3 + 1) + (1 + 2 * 2 + 1));
  CHECK(layout.at("attention1/query/weight").shape == lmc::Shape{3, 2, 6});
  CHECK(layout.at("attention1/query/weight").groups[1] == layout.at("attention1/key/bias").groups[1]);
  CHECK(layout.at("attention1/value/weight").groups[1] != layout.at("attention1/query/weight").groups[1]);
  CHECK(layout.at("attention1/output/weight").shape == lmc::Shape{6, 3, 2});
  const auto effect = lmc::testing::permutation_effect(net);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
}

TEST_CASE("SelfAttention: units that could be permuted at each token on their own are one group", "[layers]") {
  const Network<double> net({Dense<double>({.inputs = 5, .outputs = {3, 4}}),
                             SelfAttention<double>({.inputs = {3, 4}, .heads = 2}),
                             Dense<double>({.inputs = {3, 4}, .outputs = 2})});
  CHECK(net.layout().groups.size() == 1 + (1 + 2 * 2 + 1));
  CHECK(lmc::testing::permutation_effect(net).outputs < 1e-12);
}

TEST_CASE("SelfAttention: starts as torch.nn.MultiheadAttention does, or each matrix by a named scheme", "[layers]") {
  const auto start = [](lmc::Initialization scheme) {
    return Network<double>({SelfAttention<double>({.inputs = {2, 24}, .heads = 3, .initialization = {.scheme = scheme}})})
        .initialize({.seed = 5})
        .parameters;
  };
  const auto largest = [](const std::vector<double>& all, Index first, Index count) {
    double size = 0;
    for (Index i = first; i < first + count; ++i) size = std::max(size, std::abs(all[static_cast<std::size_t>(i)]));
    return size;
  };
  const Index in = 3 * 24 * 24, in_bias = 3 * 24, out = 24 * 24;
  const auto torch = start(lmc::Initialization::torch);
  REQUIRE(static_cast<Index>(torch.size()) == in + in_bias + out + 24);
  const double in_bound = std::sqrt(6.0 / (4 * 24)), out_bound = 1 / std::sqrt(24.0);
  // The largest of some hundred uniform numbers is within 2 % of the bound.
  CHECK((largest(torch, 0, in) > 0.98 * in_bound && largest(torch, 0, in) < in_bound));
  CHECK((largest(torch, in + in_bias, out) > 0.98 * out_bound && largest(torch, in + in_bias, out) < out_bound));
  CHECK(largest(torch, in, in_bias) == 0);
  CHECK(largest(torch, in + in_bias + out, 24) == 0);
  const auto xavier = start(lmc::Initialization::xavier);
  const double bound = std::sqrt(6.0 / 48);
  CHECK((largest(xavier, 0, in) > 0.98 * bound && largest(xavier, 0, in) < bound));
  CHECK((largest(xavier, in + in_bias, out) > 0.98 * bound && largest(xavier, in + in_bias, out) < bound));
}

TEST_CASE("SelfAttention: refuses heads that do not divide the width, with the numbers", "[layers][errors]") {
  CHECK_THROWS_WITH(SelfAttention<float>({.inputs = {16, 64}, .heads = 5}),
                    "SelfAttention: heads = 5 with in = [16, 64]: every head takes width / heads units; expected a number that "
                    "divides the width, 64");
  CHECK_THROWS_WITH(SelfAttention<float>({.inputs = {16, 64}, .heads = 0}),
                    "SelfAttention: heads = 0 with in = [16, 64]: every head takes width / heads units; expected a number that "
                    "divides the width, 64");
  CHECK_THROWS_WITH(SelfAttention<float>({.inputs = 64}),
                    "SelfAttention: inputs = [64]; expected [tokens, width] with positive sizes");
  CHECK_THROWS_WITH(SelfAttention<float>({.inputs = {0, 64}}),
                    "SelfAttention: inputs = [0, 64]; expected [tokens, width] with positive sizes");
}

}  // namespace layers_self_attention_test
