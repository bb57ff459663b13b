// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/train/step.hpp>
#include <numeric>
#include <vector>

namespace train_cnn_reference_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;

namespace {

struct Reference {
  std::vector<double> losses, theta;
};
const std::vector<Reference> references{
#include "cnn_reference.inc"
};

lmc::Dataset<double> reference_data() {
  std::vector<double> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 6 * 9 * 8 * 2; ++i) x.push_back(std::cos(0.7 * i));
  for (int i = 0; i < 6; ++i) y.push_back(i % 3);
  return lmc::Dataset<double>({.shape = {9, 8, 2}, .classes = 3, .labels = y, .features = x});
}

}  // namespace

TEST_CASE("step: trains a CNN as PyTorch does, and a network of one block of positions, too", "[train][golden]") {
  const std::size_t which = GENERATE(std::size_t{0}, std::size_t{1});
  const bool tied = GENERATE(false, true);
  const Reference& reference = references.at(which);
  const auto data = reference_data();
  const auto net = tied ? lmc::lcn<double>({.inputs = {9, 8, 2},
                                            .channels = {4, 3},
                                            .outputs = 3,
                                            .kernel = {3, {2, 3}},
                                            .stride = {2, 1},
                                            .padding = {1, 0},
                                            .sharing = {{5, 4}, {4, 2}}})
                        : lmc::cnn<double>({.inputs = {9, 8, 2},
                                            .channels = {4, 3},
                                            .outputs = 3,
                                            .kernel = {3, {2, 3}},
                                            .stride = {2, 1},
                                            .padding = {1, 0}});
  lmc::ModelState<double> state = net.initialize({.seed = 0});
  for (std::size_t i = 0; i < state.parameters.size(); ++i) state.parameters[i] = 0.5 * std::sin(1.0 + static_cast<double>(i));
  lmc::Optimizer<double> optimizer(which == 0 ? lmc::OptimizerOptions(lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9})
                                              : lmc::AdamWOptions{.learning_rate = 0.02, .weight_decay = 0.1},
                                   net.layout());
  lmc::StepMemory<double> memory(net, 6);
  std::vector<Index> examples(6);
  std::iota(examples.begin(), examples.end(), Index{0});
  for (const double expected : reference.losses)
    CHECK_THAT(lmc::step<double>(net, data, examples, state, optimizer, 1.0, memory), WithinAbs(expected, 1e-13));
  REQUIRE(reference.theta.size() == state.parameters.size());
  // Sums of some hundred terms in another order, over three steps; AdamW divides by small roots.
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    CHECK_THAT(state.parameters[i], WithinAbs(reference.theta[i], 1e-11));
}

}  // namespace train_cnn_reference_test
