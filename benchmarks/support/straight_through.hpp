// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// How straight_through_matching() searches.
struct StraightThroughOptions {
  Index steps = 100;             // updates of the latent network, > 0
  Index batch_size = 500;        // examples per update
  double learning_rate = 0.001;  // of Adam
  Index chosen_by = 5000;        // examples whose loss at the midpoint chooses the result
  std::uint64_t seed = 0;        // of the order of the examples, and of weight matching
};

/// Permutations π of b's units with a small loss of ½ a + ½ π(b), by weight matching to a latent network that is trained: in each
/// step
///   π ← weight_matching(latent, b),   latent ← Adam(latent, ∂L/∂θ at ½ a + ½ π(b)),
/// as if π(b) were the latent network itself. That is a at first, so that weight matching comes first; of all π met, the one with
/// the smallest loss on data is returned. Source: Ainsworth et al., arXiv:2209.04836, section 3.3.
template <std::floating_point Scalar>
Alignment straight_through_matching(const Network<Scalar>& network, const ModelState<Scalar>& a, const ModelState<Scalar>& b,
                                    const Dataset<Scalar>& data, const StraightThroughOptions& options = {}) {
  const ParameterLayout& layout = network.layout();
  const Dataset<Scalar> chosen_by = random_subset(data, std::min(options.chosen_by, data.size()), options.seed);
  const auto evaluate = evaluator(network, chosen_by);
  ModelState<Scalar> latent = a, middle = a, moved = b;
  Optimizer<Scalar> optimizer(AdamOptions{.learning_rate = options.learning_rate}, layout);
  StepMemory<Scalar> memory(network, options.batch_size);
  Batches batches(data.size(), {.batch_size = options.batch_size, .order_seed = options.seed, .drop_last = true});
  Permutations now = identity_permutations(layout);
  Alignment best;
  double least = 0;
  for (Index step = 0; step <= options.steps; ++step) {
    // The search goes on from the permutations of the step before.
    const Alignment found = weight_matching<Scalar>(layout, latent.parameters, moved.parameters,
                                                    {.seed = options.seed, .max_sweeps = 2}, fast_product());
    const bool moves = step == 0 || found.permutations != identity_permutations(layout);
    now = compose(layout, found.permutations, now);
    moved = permute(layout, now, b);
    interpolate<Scalar>(a.parameters, moved.parameters, {0.5, 0.5}, middle.parameters);
    if (moves) {
      const double loss = evaluate(middle.parameters).loss;
      if (step == 0 || loss < least) {
        least = loss;
        best.permutations = now;
      }
    }
    ++best.sweeps;
    const Index batch = step % batches.per_epoch();
    if (batch == 0) batches.shuffle(static_cast<std::uint32_t>(step / batches.per_epoch()));
    loss_and_gradient<Scalar>(network, data, batches.batch(batch), middle, memory.batch, memory.gradient);
    optimizer.step(memory.gradient, latent.parameters, 1.0);
  }
  const auto dot = [&](const ModelState<Scalar>& y) {
    double sum = 0;
    for (std::size_t i = 0; i < a.parameters.size(); ++i) sum += double{a.parameters[i]} * double{y.parameters[i]};
    return sum;
  };
  best.objective_before = dot(b);
  best.objective_after = dot(permute(layout, best.permutations, b));
  best.seed = options.seed;
  best.moved = moved_units(best.permutations);
  return best;
}

}  // namespace lmc
