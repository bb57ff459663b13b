// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/models/vit.hpp>
#include <lmc/train/step.hpp>
#include <numeric>
#include <support/allocations.hpp>
#include <vector>

namespace train_vit_reference_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::TokenPooling;

namespace {

struct Reference {
  std::vector<double> losses, theta;
};
const std::vector<Reference> references{
#include "vit_reference.inc"
};

struct Case {
  lmc::Network<double> net;
  bool sgd;
};
Case case_of(std::size_t which) {
  const auto vit = [](Index blocks, TokenPooling pooling) {
    return lmc::vit<double>({.inputs = {6, 4, 2},
                             .outputs = 3,
                             .patch = {3, 2},
                             .width = 4,
                             .heads = 2,
                             .blocks = blocks,
                             .mlp_ratio = 2,
                             .pooling = pooling});
  };
  if (which < 2) return {vit(2, TokenPooling::mean), which == 0};
  if (which < 4) return {vit(1, TokenPooling::class_token), which == 2};
  return {lmc::attention<double>({.inputs = {6, 4, 2}, .outputs = 3, .patch = {3, 2}, .width = 4, .heads = 2}), true};
}

lmc::Dataset<double> reference_data() {
  std::vector<double> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 5 * 6 * 4 * 2; ++i) x.push_back(std::cos(0.7 * i));
  for (int i = 0; i < 5; ++i) y.push_back(i % 3);
  return lmc::Dataset<double>({.shape = {6, 4, 2}, .classes = 3, .labels = y, .features = x});
}

}  // namespace

TEST_CASE("step: trains vision transformers and the minimal attention model as PyTorch does", "[train][golden]") {
  REQUIRE(references.size() == 5);
  const std::size_t which = GENERATE(range(std::size_t{0}, std::size_t{5}));
  CAPTURE(which);
  const Reference& reference = references[which];
  const auto data = reference_data();
  const auto [net, sgd] = case_of(which);
  lmc::ModelState<double> state = net.initialize({.seed = 0});
  for (std::size_t i = 0; i < state.parameters.size(); ++i) state.parameters[i] = 0.5 * std::sin(1.0 + static_cast<double>(i));
  lmc::Optimizer<double> optimizer(sgd ? lmc::OptimizerOptions(lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9})
                                       : lmc::AdamWOptions{.learning_rate = 0.01, .weight_decay = 0.1},
                                   net.layout());
  lmc::StepMemory<double> memory(net, 5);
  std::vector<Index> examples(5);
  std::iota(examples.begin(), examples.end(), Index{0});
  for (const double expected : reference.losses)
    CHECK_THAT(lmc::step<double>(net, data, examples, state, optimizer, 1.0, memory), WithinAbs(expected, 1e-12));
  REQUIRE(reference.theta.size() == state.parameters.size());
  // Sums of some hundred terms in another order, over three steps. The loss does not depend on the keys' biases (a softmax over
  // keys takes no notice of what all scores have in common), so that their gradients are rounding: AdamW, which divides a
  // gradient by its own size, moves them by up to its rate in a direction of its own in each step.
  double worst = 0, worst_of_keys = 0;
  for (const lmc::Segment& s : net.layout().parameters) {
    const bool keys = s.name.ends_with("key/bias");
    for (Index i = s.offset; i < s.offset + s.size(); ++i) {
      const double difference =
          std::abs(state.parameters[static_cast<std::size_t>(i)] - reference.theta[static_cast<std::size_t>(i)]);
      (keys ? worst_of_keys : worst) = std::max(keys ? worst_of_keys : worst, difference);
    }
  }
  CHECK(worst < 1e-10);
  CHECK(worst_of_keys < (sgd ? 1e-10 : 2 * 3 * 0.01));
}

TEST_CASE("step: a vision transformer's allocates nothing after the first", "[train]") {
  const auto data = reference_data();
  const auto net = case_of(2).net;
  auto state = net.initialize({.seed = 0});
  lmc::Optimizer<double> optimizer(lmc::SgdOptions{.learning_rate = 0.1}, net.layout());
  lmc::StepMemory<double> memory(net, 5);
  const std::vector<Index> examples{0, 1, 2, 3, 4};
  lmc::step<double>(net, data, examples, state, optimizer, 1.0, memory);
  const std::size_t before = testing::allocations();
  lmc::step<double>(net, data, examples, state, optimizer, 1.0, memory);
  CHECK(testing::allocations() == before);
}

}  // namespace train_vit_reference_test
