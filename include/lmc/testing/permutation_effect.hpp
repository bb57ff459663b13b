// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <lmc/align/permute.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/testing/gradient_error.hpp>

namespace lmc::testing {

/// A random permutation for every group; none is the identity, but for groups of one unit.
inline Permutations random_permutations(const ParameterLayout& layout, std::uint64_t seed) {
  Permutations all;
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    std::vector<Index> units(static_cast<std::size_t>(layout.groups[g].size));
    std::iota(units.begin(), units.end(), Index{0});
    shuffle({.seed = seed, .part = static_cast<std::uint32_t>(g)}, std::span(units));
    if (std::is_sorted(units.begin(), units.end())) std::rotate(units.begin(), units.begin() + 1, units.end());
    all.push_back(std::move(units));
  }
  return all;
}

/// The network's outputs [batch, outputs] for x [batch, inputs], in evaluation mode.
inline std::vector<double> outputs(const Network<double>& network, ModelState<double> state, const std::vector<double>& x) {
  const Index inputs = network.input_shape()->size(), outputs = network.output_shape().size();
  const Index batch = static_cast<Index>(x.size()) / inputs;
  const auto memory = [](Index size) { return std::vector<double>(static_cast<std::size_t>(size)); };
  std::vector<double> y = memory(batch * outputs), cache = memory(network.cache_size(batch)),
                      workspace = memory(network.workspace_size(batch));
  network.forward({.params = state.parameters,
                   .buffers = state.buffers,
                   .x = matrix_view(std::span<const double>(x), batch, inputs),
                   .y = matrix_view(std::span(y), batch, outputs),
                   .cache = cache,
                   .workspace = workspace});
  return y;
}

/// How far a permutation of a network's units moves it.
struct PermutationEffect {
  double outputs = 0;  // largest difference of an output, relative to 1 + |output|: rounding alone where the groups are right
  double parameters = 0;  // the same of a parameter; 0 where no layer of the network has a group
};

/// Permutes the groups of a network's layout at random, all of them and then each alone, and compares: the largest effect. A
/// layer declares its permutation groups rightly when a network of it and others keeps its outputs (below 1e-12, say) while its
/// parameters move; try it behind a convolution, too. Parameters are normal and buffers in (1, 2), so that no two units are
/// alike.
inline PermutationEffect permutation_effect(const Network<double>& network, std::uint64_t seed = 1) {
  ModelState<double> state{normal_numbers(network.layout().parameter_count(), seed, 1),
                           std::vector<double>(static_cast<std::size_t>(network.layout().buffer_count()))};
  for (std::size_t i = 0; i < state.buffers.size(); ++i) state.buffers[i] = 1 + uniform({.seed = seed, .part = 9}, i);
  const std::vector<double> x = normal_numbers(3 * network.input_shape()->size(), seed, 2);
  const auto distance = [](const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]) / (1 + std::abs(a[i])));
    return worst;
  };
  const std::vector<double> y = outputs(network, state, x);
  PermutationEffect effect;
  const auto apply = [&](const Permutations& permutations) {
    const ModelState<double> permuted = permute(network.layout(), permutations, state);
    effect.outputs = std::max(effect.outputs, distance(y, outputs(network, permuted, x)));
    effect.parameters = std::max(effect.parameters, distance(state.parameters, permuted.parameters));
  };
  const Permutations all = random_permutations(network.layout(), seed);
  apply(all);
  for (std::size_t g = 0; g < all.size(); ++g) {
    Permutations alone = all;
    for (std::size_t other = 0; other < all.size(); ++other)
      if (other != g) std::iota(alone[other].begin(), alone[other].end(), Index{0});
    apply(alone);
  }
  return effect;
}

}  // namespace lmc::testing
