// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <support/layer_runner.hpp>
#include <vector>

namespace layers_batch_norm_test {

using Catch::Matchers::WithinAbs;
using lmc::BatchNorm;
using lmc::Dense;
using lmc::Index;
using lmc::Mode;
using lmc::Network;
using lmc::Relu;
using lmc::Shape;

namespace {

struct Reference {
  Index batch;
  std::vector<Index> axes;
  double epsilon, momentum;
  std::vector<double> y, dx, gradient, statistics, evaluated;
};
const std::vector<Reference> references{
#include "batch_norm_reference.inc"
};

template <class Scalar>
testing::LayerRunner<Scalar> initialized(const lmc::BatchNormOptions& options, Index batch) {
  testing::LayerRunner<Scalar> runner(BatchNorm<Scalar>(options), batch);
  runner.initialize();
  return runner;
}

// In channels-last order, the example that the script makes in the same order.
std::vector<double> example(Index size, double frequency) {
  std::vector<double> x;
  for (Index i = 0; i < size; ++i) x.push_back(2 * std::sin(1.0 + frequency * static_cast<double>(i)) + 0.5);
  return x;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

// BatchNorm after a forward pass in evaluation: gradient_error's own runs are in training.
class Frozen : public BatchNorm<double> {
 public:
  using BatchNorm::BatchNorm;
  void forward(lmc::ForwardArgs<double> a) const {
    a.mode = Mode::evaluation;
    BatchNorm::forward(a);
  }
};

}  // namespace

TEST_CASE("BatchNorm: backward is the derivative of forward", "[layers][gradient]") {
  using Case = std::pair<Index, Shape>;
  const auto [batch, in] = GENERATE(Case{2, {1}}, Case{3, {5}}, Case{1, {3, 2, 4}}, Case{4, {2, 3, 1}}, Case{3, {5, 3, 17}},
                                    Case{3, {43}}, Case{2, {4, 6}});
  CAPTURE(batch, in);
  CHECK(lmc::testing::gradient_error(BatchNorm<double>({.inputs = in}), {.batch = batch, .seed = 5}) < 1e-7);
  // The statistics in the buffers are constants.
  CHECK(lmc::testing::gradient_error(Frozen({.inputs = in}), {.batch = batch, .seed = 5}) < 1e-7);
}

TEST_CASE("BatchNorm: trains, keeps statistics and evaluates as PyTorch does", "[layers][golden]") {
  const std::size_t which = GENERATE(range(std::size_t{0}, references.size()));
  CAPTURE(which);
  const Reference& reference = references[which];
  auto b = initialized<double>({.inputs = Shape(reference.axes), .epsilon = reference.epsilon, .momentum = reference.momentum},
                               reference.batch);
  const std::size_t channels = b.params.size() / 2;
  for (std::size_t c = 0; c < channels; ++c) {
    b.params[c] = 1.5 * std::cos(static_cast<double>(c));
    b.params[channels + c] = 0.3 * std::sin(static_cast<double>(c));
  }
  const auto all = [&](double frequency) { return example(static_cast<Index>(b.y.size()), frequency); };
  b.forward(all(1.3), Mode::training);
  // A few roundings of numbers of order 1; two examples that nearly agree make 1/√v some 10.
  CHECK(distance(b.forward(all(0.7), Mode::training), reference.y) < 1e-13);
  b.backward(all(0.7), all(0.9));
  CHECK(distance(b.dx, reference.dx) < 1e-12);
  CHECK(distance(b.dparams, reference.gradient) < 1e-12);
  CHECK(distance(b.buffers, reference.statistics) < 1e-14);
  const auto before = b.buffers;
  CHECK(distance(b.forward(all(0.7), Mode::evaluation), reference.evaluated) < 1e-13);
  CHECK(b.buffers == before);
}

TEST_CASE("BatchNorm: in estimation it trains, and its buffers become the batch's own statistics", "[layers]") {
  const Index batch = 3;
  const Shape in{2, 1, 2};
  auto trained = initialized<double>({.inputs = in}, batch), estimated = initialized<double>({.inputs = in}, batch);
  const auto x = example(batch * in.size(), 0.7);
  estimated.buffers.assign(4, std::nan(""));  // what was there does not matter
  CHECK(trained.forward(x, Mode::training) == estimated.forward(x, Mode::calibration));
  for (std::size_t c = 0; c < 2; ++c) {
    double mean = 0, squares = 0;
    for (std::size_t i = c; i < x.size(); i += 2) mean += x[i] / 6;
    for (std::size_t i = c; i < x.size(); i += 2) squares += (x[i] - mean) * (x[i] - mean);
    CHECK_THAT(estimated.buffers[c], WithinAbs(mean, 1e-14));
    CHECK_THAT(estimated.buffers[2 + c], WithinAbs(squares / 5, 1e-14));
    CHECK_THAT(trained.buffers[c], WithinAbs(0.1 * mean, 1e-14));
    CHECK_THAT(trained.buffers[2 + c], WithinAbs(0.9 + 0.1 * squares / 5, 1e-14));
  }
}

TEST_CASE("BatchNorm: in evaluation an example's bits do not depend on the batch around it", "[layers][determinism]") {
  const Shape in{3, 1, 7};
  auto all = initialized<float>({.inputs = in}, 5), one = initialized<float>({.inputs = in}, 1);
  std::vector<float> x(static_cast<std::size_t>(5 * in.size()));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  all.forward(x, Mode::training);
  one.buffers = all.buffers;
  all.forward(x, Mode::evaluation);
  for (Index i = 0; i < 5; ++i) {
    const auto first = static_cast<std::ptrdiff_t>(i * in.size()), last = first + static_cast<std::ptrdiff_t>(in.size());
    const std::vector<float> alone = one.forward(std::vector<float>(x.begin() + first, x.begin() + last), Mode::evaluation);
    CHECK(std::equal(alone.begin(), alone.end(), all.y.begin() + first));
  }
}

TEST_CASE("BatchNorm: allocates nothing", "[layers]") {
  auto b = initialized<float>({.inputs = {4, 4, 3}}, 8);
  const std::vector<float> x(8 * 48, 1.0F);
  b.forward(x, Mode::training);
  b.backward(x, x);
  b.forward(x, Mode::evaluation);
  CHECK(b.allocations == 0);
}

TEST_CASE("BatchNorm: its channels are permuted with the units that they come from", "[layers]") {
  const auto check = [](const Network<double>& net, std::size_t groups) {
    CHECK(net.layout().groups.size() == groups);
    const auto effect = lmc::testing::permutation_effect(net);
    CHECK(effect.outputs < 1e-12);
    CHECK(effect.parameters > 0.1);
  };
  check(Network<double>({Dense<double>({.inputs = 3, .outputs = 6}), BatchNorm<double>({.inputs = 6}), Relu<double>(),
                         Dense<double>({.inputs = 6, .outputs = 2})}),
        1);
  // Channels with a permutation at each position become one group, since scale and bias are the same at all positions.
  const Shape image{2, 2, 5};
  check(Network<double>({Dense<double>({.inputs = 3, .outputs = image}), BatchNorm<double>({.inputs = image}), Relu<double>(),
                         Dense<double>({.inputs = image, .outputs = 2})}),
        1);
  // Flattened, each position has its own.
  const Network<double> flat({Dense<double>({.inputs = 3, .outputs = image}), lmc::Flatten<double>(),
                              BatchNorm<double>({.inputs = 20}), Relu<double>(), Dense<double>({.inputs = 20, .outputs = 2})});
  check(flat, 4);
  CHECK(flat.layout().at("batch_norm1/scale").shape == image);
}

TEST_CASE("BatchNorm: names its parameters and buffers", "[layers]") {
  const Network<double> net({BatchNorm<double>({.inputs = {2, 2, 3}}), Dense<double>({.inputs = {2, 2, 3}, .outputs = 2})});
  const auto& layout = net.layout();
  REQUIRE(layout.parameters.size() == 4);
  REQUIRE(layout.buffers.size() == 2);
  CHECK(layout.parameters[0].name == "batch_norm1/scale");
  CHECK(layout.parameters[0].role == lmc::Role::scale);
  CHECK(layout.parameters[1].name == "batch_norm1/bias");
  CHECK(layout.buffers[0].name == "batch_norm1/mean");
  CHECK(layout.buffers[0].role == lmc::Role::mean);
  CHECK(layout.buffers[1].name == "batch_norm1/variance");
  CHECK(layout.buffers[1].role == lmc::Role::variance);
  const auto state = net.initialize({.seed = 1});
  CHECK(std::vector<double>(state.parameters.begin(), state.parameters.begin() + 6) == std::vector<double>{1, 1, 1, 0, 0, 0});
  CHECK(state.buffers == std::vector<double>{0, 0, 0, 1, 1, 1});
}

TEST_CASE("BatchNorm: refuses options that make no sense, and a batch without a variance", "[layers][errors]") {
  CHECK_THROWS_WITH(BatchNorm<float>({.inputs = {4, 0, 3}}), "BatchNorm: inputs = [4, 0, 3]; all sizes must be positive");
  CHECK_THROWS_WITH(BatchNorm<float>({.inputs = Shape{}}), "BatchNorm: inputs = []; all sizes must be positive");
  CHECK_THROWS_WITH(BatchNorm<float>({.inputs = 3, .epsilon = 0}), "BatchNorm: epsilon = 0; expected a positive number");
  CHECK_THROWS_WITH(BatchNorm<float>({.inputs = 3, .momentum = 1.5}), "BatchNorm: momentum = 1.5; expected a weight in [0, 1]");
  auto b = initialized<double>({.inputs = {1, 1, 3}}, 1);
  const std::vector<double> x(3);
  CHECK_THROWS_WITH(
      b.forward(x, Mode::training),
      "BatchNorm ([1, 1, 3]): a batch of 1 example has 1 value per channel, whose variance is not defined; expected "
      "more than 1 value in training: use another batch size, or leave out the short last batch of an epoch");
  CHECK_THROWS_WITH(b.forward(x, Mode::calibration), Catch::Contains("BatchNorm ([1, 1, 3]): a batch of 1 example"));
  CHECK_NOTHROW(b.forward(x, Mode::evaluation));
}

}  // namespace layers_batch_norm_test
