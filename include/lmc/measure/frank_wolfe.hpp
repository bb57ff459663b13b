// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <span>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/common_order.hpp>
#include <lmc/align/frank_wolfe.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

/// frank_wolfe() of two states or runs of a network, by the vectorized product: the permutations of b, for
/// permute(network.layout(), alignment.permutations, state_b). Throws: Error as frank_wolfe() of layouts.
template <std::floating_point Scalar, HoldsParameters End>
Alignment frank_wolfe(const Network<Scalar>& network, const End& a, const End& b, const FrankWolfeOptions& options = {}) {
  return frank_wolfe<Scalar>(network.layout(), parameters_of(a), parameters_of(b), options, fast_product());
}

/// common_order() of several states or runs of a network, by the vectorized product. Throws: Error as common_order() of layouts.
template <std::floating_point Scalar, HoldsParameters End>
CommonOrder common_order(const Network<Scalar>& network, const std::vector<End>& ends, const CommonOrderOptions& options = {}) {
  std::vector<std::span<const Scalar>> thetas;
  for (const End& end : ends) thetas.emplace_back(parameters_of(end));
  return common_order<Scalar>(network.layout(), thetas, options, fast_product());
}

}  // namespace lmc
