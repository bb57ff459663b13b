// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <lmc/align/assignment.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// The best permutations of a joint group, for gains that are linear in each unit's place.
struct JointAssignment {
  double value = 0;                // Σ gains[set][i, map[set][i]] over the sets of the group
  double upper_bound = 0;          // no permutations of the group have a larger value, up to rounding
  std::vector<double> duals = {};  // of the outer assignment: a start for similar gains
};

/// Maximizes Σ gains[set][i, map(i)] over what a joint group allows. gains: a matrix [size, size] for each set of all, row-major;
/// maps receives the permutations of the group's own sets. Without nests, one linear assignment. With them (heads), a pair of
/// heads is worth the optimum of the assignments inside, one for each nest, and the outer assignment chooses the pairs: exact,
/// since what happens inside a pair depends on no other. duals: those of an earlier call, or none.
inline JointAssignment assign_jointly(const MatchingTerms& terms, std::size_t joint, std::span<const std::vector<double>> gains,
                                      UnitMaps& maps, std::span<const double> duals = {}) {
  const JointGroup& group = terms.joints[joint];
  if (group.nests.empty()) {
    Assignment found = linear_assignment<double>(gains[group.first_set], duals);
    maps[group.first_set] = std::move(found.columns);
    return {found.value, found.upper_bound, std::move(found.column_duals)};
  }
  const auto heads = static_cast<std::size_t>(terms.sets[group.first_set].size);
  std::vector<double> worth = gains[group.first_set], block;
  double rounding = 0;  // of the inner bounds
  // inside[(nest · heads + to) · heads + from]: the columns of an inner assignment.
  std::vector<std::vector<Index>> inside(group.nests.size() * heads * heads);
  for (std::size_t n = 0; n < group.nests.size(); ++n) {
    const std::vector<double>& gain = gains[group.first_set + 1 + n];
    const auto units = static_cast<std::size_t>(terms.sets[group.first_set + 1 + n].size), width = units / heads;
    double widest = 0;
    for (std::size_t to = 0; to < heads; ++to)
      for (std::size_t from = 0; from < heads; ++from) {
        block.clear();
        for (std::size_t i = 0; i < width; ++i) {
          const auto begin = gain.begin() + static_cast<Index>((to * width + i) * units + from * width);
          block.insert(block.end(), begin, begin + static_cast<Index>(width));
        }
        Assignment found = linear_assignment<double>(block);
        worth[to * heads + from] += found.value;
        widest = std::max(widest, found.upper_bound - found.value);
        inside[(n * heads + to) * heads + from] = std::move(found.columns);
      }
    rounding += widest * static_cast<double>(heads);
  }
  Assignment outer = linear_assignment<double>(worth, duals);
  for (std::size_t n = 0; n < group.nests.size(); ++n) {
    std::vector<Index>& map = maps[group.first_set + 1 + n];
    map.clear();
    for (std::size_t to = 0; to < heads; ++to) {
      const Index from = outer.columns[to];
      const std::vector<Index>& columns = inside[(n * heads + to) * heads + static_cast<std::size_t>(from)];
      for (const Index column : columns) map.push_back(from * static_cast<Index>(columns.size()) + column);
    }
  }
  maps[group.first_set] = std::move(outer.columns);
  return {outer.value, outer.upper_bound + rounding, std::move(outer.column_duals)};
}

}  // namespace lmc::detail
