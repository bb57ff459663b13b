// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <variant>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/perturbation.hpp>

namespace lmc {

/// The seeds of one initialization, of its prefix and of the two children.
struct OnsetSeeds {
  std::uint64_t initialization = 0;  // as in Network::initialize
  NoiseSeeds prefix = {};            // up to the update at which children part
  NoiseSeeds a = {};                 // of the first child, behind it
  NoiseSeeds b = {};                 // of the second child; not used where both see the same noise
};

/// Seeds of several initializations, no two of which share a noise: with s = first_seed + i, the i-th has the initialization s, and
/// the noises 3s + 1 of the prefix, 3s + 2 and 3s + 3 of the children in the named sources; in the others all have 3s + 1.
inline std::vector<OnsetSeeds> onset_seeds(Index initializations, std::uint64_t first_seed = 0,
                                           PairNoise noise = PairNoise::order) {
  std::vector<OnsetSeeds> all;
  for (Index i = 0; i < initializations; ++i) {
    const std::uint64_t s = first_seed + static_cast<std::uint64_t>(i);
    const auto [prefix, a] = pair_seeds(noise, 3 * s + 1, 3 * s + 2);
    all.push_back({s, prefix, a, pair_seeds(noise, 3 * s + 1, 3 * s + 3)[1]});
  }
  return all;
}

/// Children differ in the noise of all updates behind the one at which they part.
struct DifferentNoise {};
/// Children differ in one batch, that of the first update: the second child takes it from its own order, all others from the first's.
struct DifferentBatch {};
/// What makes two children differ. Where θ is perturbed, by a seed that grows with the initialization's position, it is that of the second
/// child, and both see the noise of the first.
using ChildDifference = std::variant<DifferentNoise, DifferentBatch, GaussianPerturbation>;

/// What children differ in, and what is measured on their way.
struct ChildOptions {
  ChildDifference difference = DifferentNoise();  // what sets them apart
  bool distances =
      true;  // ‖θ_A − θ_B‖ after 0, 1, 2, 4, … updates, and at the end; holds as many states of each child of a round
  std::vector<Index> barriers_after =
      {};               // updates since they parted after which the whole curve is measured, rising from at least 1
  Index rate_from = 1;  // the rate of divergence is that of distances after so many updates
  Index rate_to = 64;   // up to so many
};

}  // namespace lmc
