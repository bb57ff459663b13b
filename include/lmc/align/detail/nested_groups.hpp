// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// Groups of units that lie inside the units of another group: those of queries and keys inside attention heads, say.
struct Nest {
  std::size_t outer = 0;           // position of the group whose units contain others
  std::vector<std::size_t> inner;  // the groups inside its units 0, 1, …, all of one size
  friend bool operator==(const Nest&, const Nest&) = default;
};

/// Whether some index of an axis has a permutation group.
inline bool is_grouped(const AxisGroups& axis) {
  return std::ranges::any_of(axis.ids, [](const GroupId& id) { return id.has_value(); });
}

/// The axis of a segment whose own groups select those of `axis`: heads, for the units inside heads. Nothing, where the axes that
/// select them have a fixed order. Throws: Error when there are several, or its group depends on a grouped axis in turn.
inline std::optional<Index> parent_axis(const Segment& segment, Index axis) {
  const auto groups_of = [&](Index a) -> const AxisGroups& { return segment.groups[static_cast<std::size_t>(a)]; };
  std::optional<Index> parent;
  for (const Index over : groups_of(axis).over) {
    if (!is_grouped(groups_of(over))) continue;
    require(!parent, "alignment: the groups of axis ", axis, " of '", segment.name, "' depend on two axes that are permuted, ",
            parent.value_or(0), " and ", over, "; expected one at most, as for units inside attention heads");
    parent = over;
  }
  if (parent)
    for (const Index over : groups_of(*parent).over)
      require(!is_grouped(groups_of(over)), "alignment: axis ", axis, " of '", segment.name,
              "' has groups inside those of axis ", *parent, ", which lie inside those of axis ", over,
              "; expected one level at most");
  return parent;
}

/// Every group that contains others, with these. Throws: Error that names the segment, when groups are nested in a way that no
/// permutation of blocks describes.
inline std::vector<Nest> nested_groups(const ParameterLayout& layout) {
  std::vector<Nest> nests;
  std::vector<std::optional<std::size_t>> nest_of(layout.groups.size());
  const auto add = [&](const Segment& segment, Nest nest) {
    const auto known = nest_of[nest.inner.front()];
    require(!known || nests[*known] == nest, "alignment: in '", segment.name, "', the groups inside '",
            layout.groups[nest.outer].name, "' are others, or in another order, than in the segments before it");
    if (known) return;
    for (const std::size_t g : nest.inner) {
      require(!nest_of[g], "alignment: in '", segment.name, "', group '", layout.groups[g].name,
              "' lies inside several units; expected a group of its own inside each");
      nest_of[g] = nests.size();
    }
    nests.push_back(std::move(nest));
  };
  for (const auto* segments : {&layout.parameters, &layout.buffers})
    for (const Segment& segment : *segments)
      for (Index axis = 0; axis < segment.shape.rank(); ++axis) {
        const AxisGroups& groups = segment.groups[static_cast<std::size_t>(axis)];
        if (!is_grouped(groups)) continue;
        const auto parent = parent_axis(segment, axis);
        if (!parent) continue;
        std::vector<Index> selecting(static_cast<std::size_t>(segment.shape.rank()), 1);
        for (const Index over : groups.over)
          if (over != *parent) selecting[static_cast<std::size_t>(over)] = segment.shape[over];
        for_each_index(Shape(selecting), [&](std::span<const Index> at) {
          std::vector<Index> index(at.begin(), at.end());
          const GroupId outer = segment.groups[static_cast<std::size_t>(*parent)].at(segment.shape, index);
          if (!outer) return;
          Nest nest{*outer, {}};
          const Index units = segment.shape[*parent];
          for (Index& unit = index[static_cast<std::size_t>(*parent)]; unit < units; ++unit)
            if (const GroupId id = groups.at(segment.shape, index)) nest.inner.push_back(*id);
          if (nest.inner.empty()) return;
          require(static_cast<Index>(nest.inner.size()) == units, "alignment: in '", segment.name, "', ", nest.inner.size(),
                  " of the ", units, " units of '", layout.groups[*outer].name,
                  "' contain a group; expected one in each, or in none");
          add(segment, std::move(nest));
        });
      }
  return nests;
}

}  // namespace lmc::detail
