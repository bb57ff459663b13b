// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <lmc/align/permute.hpp>
#include <lmc/connectivity/soup.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/step.hpp>

// Soups of states of our networks. Buffers, such as running statistics, belong to one θ and have no mean: for every θ that is
// measured, and for the soup, they are estimated from the training data.

namespace lmc {

namespace detail {

template <std::floating_point Scalar, class Make>
Soup<Scalar> soup_with_buffers(const char* who, const Network<Scalar>& network, const std::vector<ModelState<Scalar>>& states,
                               const Dataset<Scalar>& data, const Dataset<Scalar>& training_data, const ThreadTeam& team,
                               const LossOf<Scalar>& loss, Make make) {
  std::vector<std::span<const Scalar>> thetas;
  for (const ModelState<Scalar>& state : states) {
    require_state(who, network, state);
    thetas.emplace_back(state.parameters);
  }
  const NetworkEvaluator<Scalar> evaluate = evaluator(network, data, training_data, team, {}, loss);
  Soup<Scalar> soup = make(std::move(thetas), evaluate);
  soup.state.buffers = calibrate_buffers(network, soup.state.parameters, training_data, team);
  return soup;
}

}  // namespace detail

/// uniform_soup() of states of one network, measured on data: the state is that of average(network, states, training_data).
/// Throws: Error also when states or data do not fit the network.
template <std::floating_point Scalar>
Soup<Scalar> uniform_soup(const Network<Scalar>& network, const std::vector<ModelState<Scalar>>& states,
                          const Dataset<Scalar>& data, const Dataset<Scalar>& training_data,
                          const ThreadTeam& team = ThreadTeam(), const LossOf<Scalar>& loss = CrossEntropy()) {
  return detail::soup_with_buffers(
      "uniform_soup", network, states, data, training_data, team, loss,
      [](auto thetas, const auto& evaluate) { return detail::uniform_soup_of<Scalar>(std::move(thetas), evaluate); });
}

/// greedy_soup() of states of one network, whose ingredients are chosen on validation data. Throws: Error also when states or data do
/// not fit the network.
template <std::floating_point Scalar>
Soup<Scalar> greedy_soup(const Network<Scalar>& network, const std::vector<ModelState<Scalar>>& states,
                         const Dataset<Scalar>& validation, const Dataset<Scalar>& training_data,
                         const ThreadTeam& team = ThreadTeam(), const LossOf<Scalar>& loss = CrossEntropy()) {
  return detail::soup_with_buffers(
      "greedy_soup", network, states, validation, training_data, team, loss,
      [](auto thetas, const auto& evaluate) { return detail::greedy_soup_of<Scalar>(std::move(thetas), evaluate); });
}

/// The barycenter of several networks: the uniform soup of the networks after the units of each have been permuted to a common
/// order, θ̄ = 1/N Σ π_i(θ_i), on data, beside the networks themselves, whose functions permuting leaves as they are.
/// permutations[i] leads network i to that order, which is the first network's where permutations[0] is the identity, and a universe's
/// where all were aligned to one. Throws: Error also when there are not as many permutations as states, or one does not fit the layout.
/// Source: arXiv:2405.17897, which averages in the universe.
template <std::floating_point Scalar>
Soup<Scalar> barycenter(const Network<Scalar>& network, const std::vector<ModelState<Scalar>>& states,
                        const std::vector<Permutations>& permutations, const Dataset<Scalar>& data,
                        const Dataset<Scalar>& training_data, const ThreadTeam& team = ThreadTeam(),
                        const LossOf<Scalar>& loss = CrossEntropy()) {
  require(permutations.size() == states.size(), "barycenter: ", permutations.size(), " alignments for ", states.size(),
          " networks; expected one for each, that of a network which stays as it is being the identity");
  std::vector<ModelState<Scalar>> aligned;
  for (std::size_t i = 0; i < states.size(); ++i) {
    detail::require_state("barycenter", network, states[i]);
    aligned.push_back(permute(network.layout(), permutations[i], states[i]));
  }
  return uniform_soup(network, aligned, data, training_data, team, loss);
}

}  // namespace lmc
