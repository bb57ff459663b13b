// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>
#include <span>
#include <utility>
#include <vector>

namespace measure_gradient_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

// More chunks than groups, the last one short.
const lmc::Dataset<double>& data() {
  static const auto mixture =
      lmc::gaussian_mixture<double>({.examples = 2500, .classes = 3, .dimension = 4, .separation = 2.5});
  return mixture;
}
const lmc::Network<double>& net() {
  static const auto network = lmc::mlp<double>({.inputs = 4, .hidden = {7, 5}, .outputs = 3, .slope = 0.1});
  return network;
}
const lmc::Network<double>& normalized() {
  static const lmc::Network<double> network({lmc::Dense<double>({.inputs = 4, .outputs = 8}),
                                             lmc::BatchNorm<double>({.inputs = 8}), lmc::Relu<double>(),
                                             lmc::Dense<double>({.inputs = 8, .outputs = 3})});
  return network;
}

template <class... Arguments>
concept GivesGradient = requires(Arguments&&... arguments) { lmc::gradient_function(std::forward<Arguments>(arguments)...); };
using Net = lmc::Network<float>;
using Data = lmc::Dataset<float>;
static_assert(GivesGradient<Net&, Data&> && GivesGradient<const Net&, const Data&, ThreadTeam>);

}  // namespace

TEST_CASE("gradient_function: is the derivative of the evaluator's loss, and overwrites", "[train][gradient][long]") {
  auto theta = net().initialize({.seed = 1}).parameters;
  std::vector<double> gradient(theta.size(), 99.0);
  const auto evaluate = lmc::evaluator(net(), data());
  CHECK(lmc::gradient_function(net(), data())(theta, gradient) == evaluate(theta).loss);
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const double value = theta[i], h = 6e-6;
    theta[i] = value + h;
    const double above = evaluate(theta).loss;
    theta[i] = value - h;
    const double below = evaluate(theta).loss;
    theta[i] = value;
    REQUIRE_THAT(gradient[i], WithinAbs((above - below) / (2 * h), 1e-8));
  }
}

TEST_CASE("mean_gradient: takes running statistics as constants, and leaves them alone", "[train][gradient][long]") {
  auto state = normalized().initialize({.seed = 1});
  for (std::size_t i = 0; i < 8; ++i) {
    state.buffers[i] = 0.1 * static_cast<double>(i);
    state.buffers[8 + i] = 1 + 0.2 * static_cast<double>(i);
  }
  const auto before = state;
  const auto [loss, gradient] = lmc::mean_gradient(normalized(), state, data());
  CHECK(state == before);
  CHECK(loss == lmc::evaluate(normalized(), state, data()).loss);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double value = state.parameters[i], h = 6e-6;
    state.parameters[i] = value + h;
    const double above = lmc::evaluate(normalized(), state, data()).loss;
    state.parameters[i] = value - h;
    const double below = lmc::evaluate(normalized(), state, data()).loss;
    state.parameters[i] = value;
    REQUIRE_THAT(gradient[i], WithinAbs((above - below) / (2 * h), 1e-8));
  }
}

TEST_CASE("mean_gradient: the bits do not depend on the team", "[train][determinism]") {
  const auto in_float = lmc::gaussian_mixture<float>({.examples = 2500, .dimension = 4});
  const auto network = lmc::mlp<float>({.inputs = 4, .hidden = {33}, .outputs = 3});
  const auto state = network.initialize({.seed = 4});
  const auto serial = lmc::mean_gradient(network, state, in_float, ThreadTeam(1));
  for (const int threads : {2, 3, 16}) {
    const auto parallel = lmc::mean_gradient(network, state, in_float, ThreadTeam(threads));
    CHECK(parallel.loss == serial.loss);
    CHECK(parallel.gradient == serial.gradient);
  }
}

TEST_CASE("barrier_contributions: of a network add up to the height of its loss above the chord",
          "[train][connectivity][long]") {
  const auto points = lmc::spirals<double>({.examples = 600, .classes = 3, .seed = 1});
  const auto network = lmc::mlp<double>({.inputs = 2, .hidden = {24, 24}, .outputs = 3});
  const lmc::TrainOptions<double> options{.epochs = 30, .batch_size = 32, .optimizer = lmc::AdamOptions{.learning_rate = 0.01}};
  // The two runs start from different initializations, so that there is a barrier.
  const auto a = lmc::train(network, points, network.initialize({.seed = 1}), options, {.order = 1});
  const auto b = lmc::train(network, points, network.initialize({.seed = 2}), options, {.order = 2});
  const auto curve = lmc::linear_path(a, b, lmc::evaluator(network, points), {.alphas = 11});
  const auto barrier = lmc::loss_barrier(curve);
  REQUIRE(barrier.value > 0.3);
  const auto gradient = lmc::gradient_function(network, points);
  const auto error = [&](Index panels) {
    const auto c = lmc::barrier_contributions(a.state.parameters, b.state.parameters, gradient,
                                              {.alpha = barrier.alpha, .panels = panels});
    CHECK_THAT(c.height, WithinAbs(barrier.value, 1e-12));
    return std::abs(c.sum - c.height) / c.height;
  };
  CAPTURE(barrier.value, error(4), error(16), error(64), error(256));
  CHECK(error(16) < 0.02);
  CHECK(error(256) < 0.001);
}

TEST_CASE("gradient_function: refuses running statistics and lengths that do not fit", "[train][errors]") {
  CHECK_THROWS_WITH(lmc::gradient_function(normalized(), data()),
                    Catch::Contains("has buffers (16 values, the first in 'batch_norm1/mean')"));
  const auto gradient = lmc::gradient_function(net(), data());
  std::vector<double> theta(3), into(net().initialize({.seed = 1}).parameters.size());
  CHECK_THROWS_WITH(gradient(theta, into), Catch::Contains("θ has 3 entries and the gradient 93; the network has 93"));
  CHECK_THROWS_WITH(gradient(into, theta), Catch::Contains("θ has 93 entries and the gradient 3"));
  CHECK_THROWS_WITH(lmc::mean_gradient(net(), {}, data()), Catch::Contains("mean_gradient: the state has 0 parameters"));
  const auto other = lmc::spirals<double>({.examples = 10});
  CHECK_THROWS_WITH(lmc::gradient_function(net(), other), Catch::Contains("takes examples of shape [4]"));
}

}  // namespace measure_gradient_test
