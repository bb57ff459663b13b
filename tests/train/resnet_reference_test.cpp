// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/data/dataset.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/step.hpp>
#include <numeric>
#include <string>
#include <support/allocations.hpp>
#include <vector>

namespace train_resnet_reference_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;

namespace {

struct Reference {
  std::string norm;
  std::vector<double> losses, parameters, buffers;
};
const std::vector<Reference> references{
#include "resnet_reference.inc"
};

lmc::Dataset<double> reference_data() {
  std::vector<double> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 6 * 6 * 5 * 2; ++i) x.push_back(std::cos(0.7 * i));
  for (int i = 0; i < 6; ++i) y.push_back(i % 3);
  return lmc::Dataset<double>({.shape = {6, 5, 2}, .classes = 3, .labels = y, .features = x});
}

}  // namespace

TEST_CASE("step: trains a residual network as PyTorch does, and allocates nothing", "[train][golden]") {
  const std::size_t which = GENERATE(range(std::size_t{0}, references.size()));
  const Reference& reference = references[which];
  CAPTURE(which, reference.norm);
  const auto data = reference_data();
  const auto net = lmc::resnet<double>(
      {.inputs = {6, 5, 2}, .outputs = 3, .blocks = 1, .width = 4, .norm = lmc::parse_normalization(reference.norm)});
  lmc::ModelState<double> state = net.initialize({.seed = 0});
  for (std::size_t i = 0; i < state.parameters.size(); ++i) state.parameters[i] = 0.5 * std::sin(1.0 + static_cast<double>(i));
  lmc::Optimizer<double> optimizer(which % 2 == 0
                                       ? lmc::OptimizerOptions(lmc::SgdOptions{.learning_rate = 0.05, .momentum = 0.9})
                                       : lmc::AdamWOptions{.learning_rate = 0.01, .weight_decay = 0.1},
                                   net.layout());
  lmc::StepMemory<double> memory(net, 6);
  std::vector<Index> examples(6);
  std::iota(examples.begin(), examples.end(), Index{0});
  std::vector<double> losses;
  std::size_t allocations = 0;
  for (std::size_t i = 0; i < reference.losses.size(); ++i) {
    allocations = testing::allocations();
    const double loss = lmc::step<double>(net, data, examples, state, optimizer, 1.0, memory);
    allocations = testing::allocations() - allocations;
    losses.push_back(loss);
  }
  CHECK(allocations == 0);
  // Rounding of sums of up to 180 terms, through eight convolutions, amplified by three steps and by the roots that AdamW
  // divides by.
  for (std::size_t i = 0; i < losses.size(); ++i) CHECK_THAT(losses[i], WithinAbs(reference.losses[i], 1e-11));
  const auto& segments = net.layout().parameters;
  REQUIRE(reference.parameters.size() == 3 * segments.size());
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const auto values = lmc::slice(std::span<const double>(state.parameters), segments[s].offset, segments[s].size());
    double projection = 0;
    for (std::size_t i = 0; i < values.size(); ++i) projection += values[i] * std::cos(1.1 * static_cast<double>(i));
    CAPTURE(segments[s].name);
    CHECK_THAT(values.front(), WithinAbs(reference.parameters[3 * s], 1e-10));
    CHECK_THAT(values.back(), WithinAbs(reference.parameters[3 * s + 1], 1e-10));
    CHECK_THAT(projection, WithinAbs(reference.parameters[3 * s + 2], 1e-9));
  }
  REQUIRE(state.buffers.size() == reference.buffers.size());
  for (std::size_t i = 0; i < state.buffers.size(); ++i) CHECK_THAT(state.buffers[i], WithinAbs(reference.buffers[i], 1e-10));
}

}  // namespace train_resnet_reference_test
