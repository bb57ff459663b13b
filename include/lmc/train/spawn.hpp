// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train.hpp>

namespace lmc {

/// Two children that share a training up to a step.
template <class Scalar>
struct SpawnedPair {
  Index step = 0;          // updates that both share
  Pair<Scalar> pair = {};  // the children at the end
};

/// Onset of connectivity: one training, the prefix, with prefix_seeds, and from each of spawn_steps two children that go on to
/// the end with seeds_a and seeds_b. The prefix is trained once, up to the last of spawn_steps, on one thread; then all
/// children side by side. Every child is, to the bit, train() from the checkpoint that train() with `until = step` gives; those
/// of step 0 are train_pair() from start.
///
/// To observers, the children of the i-th step are runs 2i and 2i + 1, and the prefix is run 2n, n = number of steps. Where the
/// prefix diverges, or an observer stops it, before a step, both children of that step and of later ones are the prefix as it
/// is. One checkpoint (θ and the optimizer's vectors) is held for each step.
/// Throws: Error when spawn_steps is empty, does not rise, or is not within [0, the end of the training]; and as train().
/// Source: Frankle et al., arXiv:1912.05671.
template <std::floating_point Scalar>
std::vector<SpawnedPair<Scalar>> train_spawned(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                               const ModelState<Scalar>& start, const TrainOptions<Scalar>& options,
                                               std::span<const Index> spawn_steps, const NoiseSeeds& prefix_seeds,
                                               const NoiseSeeds& seeds_a, const NoiseSeeds& seeds_b,
                                               const ThreadTeam& team = ThreadTeam()) {
  const std::size_t n = spawn_steps.size();
  require(n > 0, "train_spawned: there are no spawn_steps; expected numbers of updates after which two children part");
  for (std::size_t i = 0; i < n; ++i) {
    require(spawn_steps[i] >= 0, "train_spawned: spawn_steps has ", spawn_steps[i],
            "; expected numbers of updates, at least 0");
    require(i == 0 || spawn_steps[i] > spawn_steps[i - 1], "train_spawned: spawn_steps has ", spawn_steps[i], " behind ",
            spawn_steps[i == 0 ? 0 : i - 1], "; sort them, and name each once");
    require(!options.until || spawn_steps[i] <= *options.until, "train_spawned: spawn_steps has ", spawn_steps[i],
            ", but the training ends after until = ", options.until.value_or(0), " updates");
  }

  std::vector<Run<Scalar>> prefixes;  // up to each step, each going on from the one before
  for (const Index step : spawn_steps) {
    TrainOptions<Scalar> part = options;
    part.until = step;
    if (prefixes.empty())
      prefixes.push_back(train(network, data, start, part, prefix_seeds, 2 * n));
    else if (prefixes.back().diverged_at || prefixes.back().stopped)
      prefixes.push_back(prefixes.back());
    else
      prefixes.push_back(train(network, data, prefixes.back().checkpoint(), part, prefix_seeds, 2 * n));
  }

  std::vector<SpawnedPair<Scalar>> spawned(n);
  team.for_each(static_cast<Index>(2 * n), [&](Index child, int) {
    const auto i = static_cast<std::size_t>(child / 2);
    const bool second = child % 2 == 1;
    const Run<Scalar>& prefix = prefixes[i];
    Run<Scalar>& run = second ? spawned[i].pair.b : spawned[i].pair.a;
    run = prefix.diverged_at || prefix.stopped
              ? prefix
              : train(network, data, prefix.checkpoint(), options, second ? seeds_b : seeds_a, static_cast<std::size_t>(child));
  });
  for (std::size_t i = 0; i < n; ++i) spawned[i].step = spawn_steps[i];
  return spawned;
}

}  // namespace lmc
