// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include <lmc/align/detail/nested_groups.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// How many units of a layer have another place: in groups of one name and size, those inside the units of others apart.
struct MovedLayer {
  std::string name = {};     // of the groups: the layer whose outputs they are
  Index size = 0;            // units in each group
  std::vector<Index> moved;  // of each group: of a locally connected layer one for each position, row-major

  /// Units in all groups together.
  [[nodiscard]] Index units() const { return size * std::ssize(moved); }
  /// The share of them that have another place, in [0, 1].
  [[nodiscard]] double share() const {
    return static_cast<double>(std::accumulate(moved.begin(), moved.end(), Index{0})) / static_cast<double>(units());
  }
};

/// The units that permutations move, by layer, in the order of the layout's groups. Heads of attention are one entry, and the
/// units inside them further ones, by size. Throws: Error when the permutations do not fit the layout.
inline std::vector<MovedLayer> moved_by_layer(const ParameterLayout& layout, const Permutations& permutations) {
  detail::require_permutations("moved_by_layer", layout, permutations);
  std::vector<bool> inside(layout.groups.size());
  for (const detail::Nest& nest : detail::nested_groups(layout))
    for (const std::size_t g : nest.inner) inside[g] = true;
  const std::vector<Index> moved = moved_units(permutations);
  std::vector<MovedLayer> layers;
  std::vector<bool> layer_inside;
  for (std::size_t g = 0; g < moved.size(); ++g) {
    const PermutationGroup& group = layout.groups[g];
    std::size_t at = 0;
    while (at < layers.size() &&
           !(layers[at].name == group.name && layers[at].size == group.size && layer_inside[at] == inside[g]))
      ++at;
    if (at == layers.size()) {
      layers.push_back({.name = group.name, .size = group.size, .moved = {}});
      layer_inside.push_back(inside[g]);
    }
    layers[at].moved.push_back(moved[g]);
  }
  return layers;
}

}  // namespace lmc
