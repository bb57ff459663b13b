// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

namespace detail {

/// 1/N Σ θ_i, summed in double, in the order given, and rounded once.
template <std::floating_point T>
std::vector<T> average_parameters(const std::vector<ModelState<T>>& states) {
  require(!states.empty(), "average: there are no states; expected at least one");
  const std::size_t size = states.front().parameters.size();
  std::vector<double> sum(size);
  for (const ModelState<T>& state : states) {
    require(state.parameters.size() == size, "average: a state has ", state.parameters.size(), " parameters, and the first ",
            size, "; expected states of one network");
    for (std::size_t i = 0; i < size; ++i) sum[i] += static_cast<double>(state.parameters[i]);
  }
  std::vector<T> mean(size);
  for (std::size_t i = 0; i < size; ++i) mean[i] = static_cast<T>(sum[i] / static_cast<double>(states.size()));
  return mean;
}

}  // namespace detail

/// The network whose parameters are the mean of those of the states: of two, the middle of the line between them.
///   const auto soup = average<float>({a.state, b.state, c.state});
/// Throws: Error when there is no state, their lengths differ, or they have buffers, such as running statistics, which belong
/// to one θ and have no mean; the overload with a network and its training data estimates them.
template <std::floating_point T>
ModelState<T> average(const std::vector<ModelState<T>>& states) {
  for (const ModelState<T>& state : states)
    require(state.buffers.empty(), "average: the states have buffers (", state.buffers.size(),
            " values), which belong to one θ and are estimated anew for the mean; say from which data: "
            "average(network, states, training_data)");
  return {detail::average_parameters(states), {}};
}

/// The same for a network with buffers, which are estimated from the training data (calibrate_buffers). Throws: Error also when
/// states or data do not fit the network.
template <std::floating_point T>
ModelState<T> average(const Network<T>& network, const std::vector<ModelState<T>>& states, const Dataset<T>& training_data,
                      const ThreadTeam& team = ThreadTeam(), const EstimateOptions& options = {}) {
  for (const ModelState<T>& state : states) detail::require_state("average", network, state);
  ModelState<T> mean{detail::average_parameters(states), {}};
  mean.buffers = calibrate_buffers(network, mean.parameters, training_data, team, options);
  return mean;
}

}  // namespace lmc
