// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <lmc/align/permute.hpp>
#include <lmc/core/random.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <numeric>
#include <span>
#include <support/layer_runner.hpp>
#include <vector>

namespace testing {

/// A random permutation for every group, none of them the identity (a group of one unit aside).
inline lmc::Permutations random_permutations(const lmc::ParameterLayout& layout, std::uint64_t seed) {
  lmc::Permutations all;
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    std::vector<lmc::Index> units(static_cast<std::size_t>(layout.groups[g].size));
    std::iota(units.begin(), units.end(), lmc::Index{0});
    lmc::shuffle({.seed = seed, .part = static_cast<std::uint32_t>(g)}, std::span(units));
    if (std::is_sorted(units.begin(), units.end())) std::rotate(units.begin(), units.begin() + 1, units.end());
    all.push_back(std::move(units));
  }
  return all;
}

/// The network's outputs for x, [batch, inputs], in evaluation mode.
inline std::vector<double> outputs(const lmc::Network<double>& net, const lmc::ModelState<double>& state,
                                   const std::vector<double>& x) {
  LayerRunner<double> runner(net, static_cast<lmc::Index>(x.size()) / net.input_shape()->size());
  runner.params = state.parameters;
  runner.buffers = state.buffers;
  return runner.forward(x);
}

/// How far a planted permutation of all groups moves the network's outputs, and θ itself: the first should be rounding alone,
/// the second not. Parameters are normal and buffers in (1, 2), so that no two units are alike.
struct PermutationEffect {
  double outputs = 0, parameters = 0;
};
inline PermutationEffect permutation_effect(const lmc::Network<double>& net, std::uint64_t seed = 1) {
  lmc::ModelState<double> state{lmc::testing::normal_numbers(net.layout().parameter_count(), seed, 1),
                                std::vector<double>(static_cast<std::size_t>(net.layout().buffer_count()))};
  for (std::size_t i = 0; i < state.buffers.size(); ++i) state.buffers[i] = 1 + lmc::uniform({.seed = seed, .part = 9}, i);
  const auto x = lmc::testing::normal_numbers(3 * net.input_shape()->size(), seed, 2);
  const auto permuted = lmc::permute(net.layout(), random_permutations(net.layout(), seed), state);
  const auto distance = [](const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]) / (1 + std::abs(a[i])));
    return worst;
  };
  return {distance(outputs(net, state, x), outputs(net, permuted, x)), distance(state.parameters, permuted.parameters)};
}

}  // namespace testing
