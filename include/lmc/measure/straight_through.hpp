// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/align/product.hpp>
#include <lmc/align/weight_matching.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/detail/half_way.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

/// How straight_through_matching() searches.
struct StraightThroughOptions {
  Index steps = 100;             // updates of the latent network; 0: weight matching alone
  Index batch_size = 500;        // examples per update; at most the size of the data set
  double learning_rate = 0.001;  // of Adam, on the latent network
  Index chosen_by = 5000;  // examples whose loss at the midpoint chooses among all permutations met; all, where there are fewer
  int sweeps = 2;          // of weight matching in each step, at most
  std::uint64_t seed = 0;  // of the order of the examples, of those that choose, and of weight matching
};

namespace detail {

template <std::floating_point Scalar>
Alignment straight_through(const Network<Scalar>& network, std::span<const Scalar> a, std::span<const Scalar> b,
                           const Dataset<Scalar>& data, const StraightThroughOptions& options) {
  const ParameterLayout& layout = network.layout();
  const AddProduct product = fast_product();
  HalfWay<Scalar> half_way("straight_through_matching", network, a, data, options);
  std::vector<Scalar> latent(a.begin(), a.end()), moved(b.begin(), b.end());
  Adam<Scalar> adam({.learning_rate = options.learning_rate}, latent.size());
  Permutations now = identity_permutations(layout);
  const Permutations none = now;
  int sweeps = 0;
  for (Index step = 0; step <= options.steps; ++step) {
    // The search goes on from the order that it reached in the step before.
    const Alignment found =
        weight_matching<Scalar>(layout, latent, moved, {.seed = options.seed, .max_sweeps = options.sweeps}, product);
    sweeps += found.sweeps;
    now = compose(layout, found.permutations, now);
    moved = permute_segments<Scalar>(layout.parameters, now, b);
    if (step == 0 || found.permutations != none) half_way.consider(now, moved);
    adam.step(half_way.gradient(moved, step), latent, options.learning_rate);
  }
  return half_way.result(b, sweeps);
}

}  // namespace detail

/// Permutations π of b's units with a small loss of ½ θ_A + ½ π(θ_B) on data, by weight matching to a latent network θ̂ that is
/// trained. It is θ_A at first; a step is
///   π ← weight matching of θ̂ and θ_B,     θ̂ ← Adam(θ̂, ∂L/∂θ at ½ θ_A + ½ π(θ_B)),
/// as if π(θ_B) followed θ̂ without the jumps of the matching: the gradient goes straight through them. Of all π met, that with the
/// smallest loss on options.chosen_by examples is returned; weight matching of θ_A, where the search begins, is among them. Use
/// the data that the networks were trained with: what is measured on them afterwards was fitted.
///
/// The result's objective is ⟨θ_A, π(θ_B)⟩, for comparison with other searches: it is not what is searched for, and may end below
/// its value before. No bound is known. Equal arguments give equal bits, for any number of threads. Time: options.steps times
/// that of some sweeps of weight matching and of a training step.
/// Source: Ainsworth, Hayase, Srinivasa, "Git Re-Basin", arXiv:2209.04836, algorithm 2.
/// Throws: Error when the network has buffers, whose values at the midpoint no permutation gives; an option is out of range; data or
/// parameters do not fit the network; a loss is not finite; as weight_matching(), and when a run diverged.
template <std::floating_point Scalar, HoldsParameters A, HoldsParameters B>
Alignment straight_through_matching(const Network<Scalar>& network, const A& a, const B& b, const Dataset<Scalar>& data,
                                    const StraightThroughOptions& options = {}) {
  require(options.sweeps > 0, "straight_through_matching: sweeps = ", options.sweeps, "; expected a positive number");
  detail::require_half_way("straight_through_matching", network, a, b, data, options);
  return detail::straight_through<Scalar>(network, parameters_of(a), parameters_of(b), data, options);
}

}  // namespace lmc
