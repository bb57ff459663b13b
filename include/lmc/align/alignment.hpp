// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include <lmc/align/permutations.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// What a search for permutations found. The objective is that of the search, larger is better: for matching of weights
/// ⟨θ_A, π(θ_B)⟩, in the units of θ², which is largest where ‖θ_A − π(θ_B)‖² is smallest.
struct Alignment {
  Permutations permutations = {};  // π, for permute(layout, permutations, b)
  double objective_before = 0;     // where no unit moves
  double objective_after = 0;      // at the permutations; not below the one before, but for searches that choose by loss
  std::optional<double> upper_bound = {};  // no permutations have a larger objective; nothing: no bound was computed
  bool optimal = false;                    // whether the bound is reached, up to the rounding that the search states
  std::uint64_t seed = 0;                  // of the order of groups and of the starts
  int restarts = 0;                        // starts besides the first, which is the given order of units
  int sweeps = 0;                          // passes over the groups, in all starts together
  std::vector<Index> moved = {};  // units that have another place, for each group; each position of a locally connected
                                  // layer has a group of its own
};

}  // namespace lmc
