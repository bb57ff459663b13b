// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <span>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/common_order.hpp>
#include <lmc/align/frank_wolfe.hpp>
#include <lmc/core/text.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

/// frank_wolfe() of two states or runs of a network, by the vectorized product: the permutations of b's units, for
/// permute(network.layout(), alignment.permutations, b), where b is a state. Throws: Error as frank_wolfe() of layouts, and when a
/// run diverged.
template <std::floating_point Scalar, HoldsParameters A, HoldsParameters B>
Alignment frank_wolfe(const Network<Scalar>& network, const A& a, const B& b, const FrankWolfeOptions& options = {}) {
  detail::require_finished("frank_wolfe", "the first run", a);
  detail::require_finished("frank_wolfe", "the second run", b);
  return frank_wolfe<Scalar>(network.layout(), parameters_of(a), parameters_of(b), options, fast_product());
}

/// common_order() of several states or runs of a network, by the vectorized product. Throws: Error as common_order() of layouts, and
/// when a run diverged.
template <std::floating_point Scalar, HoldsParameters End>
CommonOrder common_order(const Network<Scalar>& network, const std::vector<End>& ends, const CommonOrderOptions& options = {}) {
  std::vector<std::span<const Scalar>> thetas;
  for (const End& end : ends) {
    detail::require_finished("common_order", concat("run ", thetas.size()), end);
    thetas.emplace_back(parameters_of(end));
  }
  return common_order<Scalar>(network.layout(), thetas, options, fast_product());
}

}  // namespace lmc
