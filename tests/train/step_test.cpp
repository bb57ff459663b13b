// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/step.hpp>
#include <numeric>
#include <support/allocations.hpp>
#include <vector>

namespace train_step_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::Shape;

namespace {

struct Reference {
  double slope;
  std::vector<double> losses, theta;
};
const std::vector<Reference> references{
#include "mlp_reference.inc"
};

lmc::Dataset<double> reference_data() {
  std::vector<double> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 70; ++i) x.push_back(std::cos(0.7 * i));
  for (int i = 0; i < 10; ++i) y.push_back(i % 3);
  return lmc::Dataset<double>({.shape = 7, .classes = 3, .labels = y, .features = x});
}

std::vector<Index> all_of(const lmc::Dataset<double>& data) {
  std::vector<Index> examples(static_cast<std::size_t>(data.size()));
  std::iota(examples.begin(), examples.end(), Index{0});
  return examples;
}

}  // namespace

TEST_CASE("step: trains an MLP as PyTorch does", "[train][golden]") {
  const std::size_t which = GENERATE(std::size_t{0}, std::size_t{1});
  const Reference& reference = references.at(which);
  const auto data = reference_data();
  const auto net = lmc::mlp<double>({.inputs = 7, .hidden = {6, 5}, .outputs = 3, .slope = reference.slope});
  lmc::ModelState<double> state = net.initialize({.seed = 0});
  for (std::size_t i = 0; i < state.parameters.size(); ++i) state.parameters[i] = 0.6 * std::sin(1.0 + static_cast<double>(i));
  lmc::Optimizer<double> optimizer(which == 0 ? lmc::OptimizerOptions(lmc::SgdOptions{.learning_rate = 0.3, .momentum = 0.9})
                                              : lmc::AdamWOptions{.learning_rate = 0.05, .weight_decay = 0.1},
                                   net.layout());
  lmc::StepMemory<double> memory(net, 10);
  const auto examples = all_of(data);
  for (const double expected : reference.losses)
    CHECK_THAT(lmc::step<double>(net, data, examples, state, optimizer, 1.0, memory), WithinAbs(expected, 1e-13));
  REQUIRE(reference.theta.size() == state.parameters.size());
  // Sums of at most ten terms in another order, over four steps; AdamW divides by small roots.
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    CHECK_THAT(state.parameters[i], WithinAbs(reference.theta[i], 1e-12));
}

TEST_CASE("loss_and_gradient: the gradient is the derivative of the mean loss, and overwrites", "[train][gradient]") {
  const auto data = reference_data();
  const auto net = lmc::mlp<double>({.inputs = 7, .hidden = {5}, .outputs = 3});
  lmc::ModelState<double> state = net.initialize({.seed = 3});
  lmc::BatchMemory<double> memory(net, 4);
  std::vector<double> gradient(state.parameters.size(), 99.0), ignored(gradient.size());
  const std::vector<Index> examples{7, 2, 2, 9};
  lmc::loss_and_gradient<double>(net, data, examples, state, memory, gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double value = state.parameters[i], h = 6e-6;
    state.parameters[i] = value + h;
    const double above = lmc::loss_and_gradient<double>(net, data, examples, state, memory, ignored);
    state.parameters[i] = value - h;
    const double below = lmc::loss_and_gradient<double>(net, data, examples, state, memory, ignored);
    state.parameters[i] = value;
    REQUIRE_THAT(gradient[i], WithinAbs((above - below) / (2 * h), 1e-8));
  }
}

TEST_CASE("loss_and_gradient: a batch with large activations goes through in parts, and gives the same", "[train]") {
  const auto data = lmc::spirals<double>({.examples = 64});
  const auto net = lmc::mlp<double>({.inputs = 2, .hidden = {9000}, .outputs = 3});  // 54,003 parameters
  CHECK(lmc::examples_at_once(net, 29) == 29);                                       // 29 · 9000 doubles: below 2 MiB
  CHECK(lmc::examples_at_once(net, 64) == 22);
  // Five hidden layers of 512 have more parameters than activations.
  CHECK(lmc::examples_at_once(lmc::mlp<float>({.inputs = 784, .hidden = {512, 512, 512, 512, 512}, .outputs = 10}), 128) ==
        128);
  lmc::ModelState<double> state = net.initialize({.seed = 3});
  lmc::StepMemory<double> parts(net, 64);
  CHECK(parts.batch.size() == 22);
  lmc::BatchMemory<double> whole(net, 64);
  std::vector<double> expected(state.parameters.size(), 99.0);
  const auto examples = all_of(data);
  const double loss = lmc::loss_and_gradient<double>(net, data, examples, state, whole, expected);
  CHECK_THAT(lmc::loss_and_gradient<double>(net, data, examples, state, parts.batch, parts.gradient), WithinAbs(loss, 1e-13));
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE_THAT(parts.gradient[i], WithinAbs(expected[i], 1e-13));
}

TEST_CASE("step: allocates nothing, whatever the layers", "[train][long]") {
  const Shape image{9, 9, 1};
  const auto net = GENERATE_COPY(
      lmc::sequential<float>(image, {lmc::dense(96), lmc::leaky_relu(0.1), lmc::dense(40), lmc::relu(), lmc::dense(3)}),
      lmc::sparse_mlp<float>({.inputs = image, .hidden = {64, 40}, .outputs = 3}),
      lmc::cnn<float>({.inputs = image, .channels = {5, 6}, .outputs = 3, .norm = lmc::Normalization::batch}),
      lmc::lcn<float>({.inputs = image, .channels = {5, 6}, .outputs = 3}),
      lmc::vit<float>({.inputs = image, .outputs = 3, .patch = 3, .width = 32, .dropout = 0.1}));
  const double share = GENERATE(0.1, 1.0);  // of the pixels that are not black: sparse products, or dense ones
  std::vector<float> pixels(64 * 81);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    if (lmc::uniform({.seed = 1}, i) < share) pixels[i] = static_cast<float>(lmc::uniform({.seed = 2}, i));
  std::vector<std::int32_t> labels(64);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 3);
  const lmc::Dataset<float> data({.shape = image, .classes = 3, .labels = labels, .features = pixels});
  lmc::ModelState<float> state = net.initialize({.seed = 0});
  lmc::StepMemory<float> memory(net, 32);
  const auto options =
      GENERATE(as<lmc::OptimizerOptions>(), lmc::AdamOptions{}, lmc::MuonOptions{}, lmc::LayerwiseAdamOptions{});
  lmc::Optimizer<float> optimizer(options, net.layout());
  std::vector<Index> examples(32);
  std::iota(examples.begin(), examples.end(), Index{5});
  const std::size_t before = testing::allocations();
  // The second time fewer of them.
  lmc::step<float>(net, data, examples, state, optimizer, 0.5, memory);
  lmc::step<float>(net, data, std::span(examples).first(17), state, optimizer, 0.5, memory);
  CHECK(testing::allocations() == before);
  const std::vector<int> seen(1);
  CHECK(testing::allocations() == before + 1);  // the counter counts
  const Eigen::ArrayXf values = Eigen::ArrayXf::Zero(100);
  CHECK(testing::allocations() == before + 2);
}

TEST_CASE("require_fit: data that do not fit the network are named with both shapes", "[train][errors]") {
  const auto data = lmc::spirals<float>({.examples = 30, .classes = 3});
  CHECK_NOTHROW(lmc::require_fit(lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3}), data));
  CHECK_THROWS_WITH(lmc::require_fit(lmc::mlp<float>({.inputs = {2, 2}, .hidden = {4}, .outputs = 3}), data),
                    Catch::Contains("takes examples of shape [2, 2] = 4 values, but the data set's have the shape [2] = 2"));
  CHECK_THROWS_WITH(lmc::require_fit(lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 4}), data),
                    Catch::Contains("the network has 4 outputs, but the data set 3 classes"));
}

TEST_CASE("step: leaves the parameters alone when the loss is not finite", "[train][divergence]") {
  const auto data = reference_data();
  const auto net = lmc::mlp<double>({.inputs = 7, .hidden = {5}, .outputs = 3});
  lmc::ModelState<double> state = net.initialize({.seed = 3});
  state.parameters.back() = std::nan("");
  const auto before = state.parameters;
  lmc::Optimizer<double> optimizer(lmc::SgdOptions{}, net.layout());
  lmc::StepMemory<double> memory(net, 10);
  CHECK(std::isnan(lmc::step<double>(net, data, all_of(data), state, optimizer, 1.0, memory)));
  CHECK(std::equal(before.begin(), before.end() - 1, state.parameters.begin()));
  CHECK(optimizer.steps() == 0);
}

}  // namespace train_step_test
