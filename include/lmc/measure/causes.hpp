// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>

#include <lmc/connectivity/causes/distances.hpp>
#include <lmc/connectivity/causes/layer_groups.hpp>
#include <lmc/connectivity/causes/layer_paths.hpp>
#include <lmc/connectivity/causes/layer_shapley.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/features.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/run.hpp>

// Causes of a barrier between two states or two runs: the same as between their parameters.

namespace lmc {

/// layer_paths() between two states or two runs.
template <HoldsParameters End, class E>
LayerPaths layer_paths(const LayerGroups& layers, const End& a, const End& b, E&& evaluate,
                       const LayerPathsOptions& options = {}) {
  return layer_paths(layers, parameters_of(a), parameters_of(b), std::forward<E>(evaluate), options);
}

/// layer_shapley() between two states or two runs.
template <HoldsParameters End, class E>
LayerShapley layer_shapley(const LayerGroups& layers, const End& a, const End& b, E&& evaluate,
                           const LayerShapleyOptions& options = {}) {
  return layer_shapley(layers, parameters_of(a), parameters_of(b), std::forward<E>(evaluate), options);
}

/// feature_account() between two states or two runs.
template <std::floating_point Scalar, HoldsParameters End>
FeatureAccount feature_account(const Network<Scalar>& network, const End& a, const End& b, const Dataset<Scalar>& data,
                               const FeatureAccountOptions& options = {}, const ThreadTeam& team = ThreadTeam()) {
  return feature_account(network, parameters_of(a), parameters_of(b), data, options, team);
}
/// The same for a network that may have buffers, estimated from `statistics`, the training data.
template <std::floating_point Scalar, HoldsParameters End>
FeatureAccount feature_account(const Network<Scalar>& network, const End& a, const End& b, const Dataset<Scalar>& data,
                               const Dataset<Scalar>& statistics, const FeatureAccountOptions& options = {},
                               const ThreadTeam& team = ThreadTeam()) {
  return feature_account(network, parameters_of(a), parameters_of(b), data, statistics, options, team);
}

/// parameter_distances() between two states or two runs.
template <HoldsParameters End>
ParameterDistances parameter_distances(const ParameterLayout& layout, const End& a, const End& b) {
  return parameter_distances(layout, parameters_of(a), parameters_of(b));
}
/// The same with the start that both began from.
template <HoldsParameters End, class Scalar>
ParameterDistances parameter_distances(const ParameterLayout& layout, const End& a, const End& b,
                                       const ModelState<Scalar>& start) {
  return parameter_distances(layout, parameters_of(a), parameters_of(b), start.parameters);
}

}  // namespace lmc
