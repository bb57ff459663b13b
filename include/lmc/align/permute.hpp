// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/align/detail/nested_groups.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>

namespace lmc {

namespace detail {

/// The axes of a segment, each behind those with groups that select its own: heads before the units inside heads, wherever they
/// lie. Throws: Error when axes select each other's groups in a circle.
inline std::vector<std::size_t> selecting_order(const Segment& segment) {
  const std::size_t rank = segment.groups.size();
  std::vector<bool> placed(rank);
  std::vector<std::size_t> order;
  while (order.size() < rank) {
    const std::size_t before = order.size();
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const bool ready = std::ranges::all_of(segment.groups[axis].over, [&](Index over) {
        const auto other = static_cast<std::size_t>(over);
        return placed[other] || !is_grouped(segment.groups[other]);
      });
      if (placed[axis] || !ready) continue;
      placed[axis] = true;
      order.push_back(axis);
    }
    require(order.size() > before, "permute: axes of '", segment.name,
            "' select each other's groups; expected groups that depend on axes whose own groups do not depend on theirs");
  }
  return order;
}

template <class T>
std::vector<T> permute_segments(const std::vector<Segment>& segments, const Permutations& permutations,
                                std::span<const T> values) {
  std::vector<T> result(values.begin(), values.end());
  for (const Segment& s : segments) {
    // An axis chooses its group by the source's index along the axes before it.
    const std::vector<std::size_t> order = selecting_order(s);
    Index to = s.offset;
    std::vector<Index> source;
    for_each_index(s.shape, [&](std::span<const Index> index) {
      source.assign(index.begin(), index.end());
      for (const std::size_t axis : order)
        if (const GroupId g = s.groups[axis].at(s.shape, source))
          source[axis] = permutations[*g][static_cast<std::size_t>(index[axis])];
      Index from = 0;
      for (std::size_t axis = 0; axis < source.size(); ++axis) from = from * s.shape.axes()[axis] + source[axis];
      result[static_cast<std::size_t>(to++)] = values[static_cast<std::size_t>(s.offset + from)];
    });
  }
  return result;
}

}  // namespace detail

/// The same network with its units in another order: entry (i₁, i₂, …) of a segment becomes the entry (j₁, j₂, …) of the given
/// one, where j = permutations[g][i] for an axis with group g, and j = i for a fixed axis. An axis with a group for each index
/// of other axes takes that of the source's index j. The network's function stays the same, to rounding. Throws: Error when
/// there is not one permutation of the right size a group, a length is not the layout's, or axes select each other's groups.
template <class Scalar>
ModelState<Scalar> permute(const ParameterLayout& layout, const Permutations& permutations, const ModelState<Scalar>& state) {
  detail::require_permutations("permute", layout, permutations);
  require(static_cast<Index>(state.parameters.size()) == layout.parameter_count() &&
              static_cast<Index>(state.buffers.size()) == layout.buffer_count(),
          "permute: the state has ", state.parameters.size(), " parameters and ", state.buffers.size(),
          " buffer values; the layout has ", layout.parameter_count(), " and ", layout.buffer_count());
  return {detail::permute_segments<Scalar>(layout.parameters, permutations, state.parameters),
          detail::permute_segments<Scalar>(layout.buffers, permutations, state.buffers)};
}

}  // namespace lmc
