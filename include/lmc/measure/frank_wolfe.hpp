// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>

#include <lmc/align/alignment.hpp>
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

}  // namespace lmc
