// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <vector>

#include <lmc/core/layout.hpp>

namespace lmc::detail {

/// The group of the last axis of the activation, for a layer that treats all positions alike: units that could be permuted at
/// each position on their own become one group.
inline GroupId shared_channel_group(LayoutBuilder& layout) {
  AxisGroups& channels = layout.activation.groups.back();
  const GroupId first = channels.ids.front();
  for (const GroupId& id : channels.ids) layout.unify(first, id);
  channels = AxisGroups(first);
  return first;
}

/// Positions are mixed: their order is fixed.
inline void fix_positions(LayoutBuilder& layout) {
  std::vector<AxisGroups>& groups = layout.activation.groups;
  for (std::size_t axis = 0; axis + 1 < groups.size(); ++axis) {
    for (const GroupId& id : groups[axis].ids) layout.fix(id);
    groups[axis] = {};
  }
}

}  // namespace lmc::detail
