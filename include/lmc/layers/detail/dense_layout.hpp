// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// Throws: Error when a layer's in or out has no axis, or one that is not positive.
inline void require_dense_sizes(std::string_view layer, const Shape& in, const Shape& out) {
  require(in.is_positive() && out.is_positive(), layer, ": inputs = ", in, ", outputs = ", out, "; all sizes must be positive");
}

/// Declares `weight` [out axes, in axes] and `bias` [out axes] of a layer that connects every input with every output; in is
/// the activation with the axes from before a Flatten. The units along the last axis of out have the group that group_of gives
/// for each position along the others.
template <class GroupOf>
void declare_dense(LayoutBuilder& layout, const ActivationLayout& in, const Shape& out, GroupOf group_of) {
  std::vector<Index> over(static_cast<std::size_t>(out.rank() - 1));
  std::iota(over.begin(), over.end(), Index{0});
  std::vector<GroupId> ids;
  for (Index position = 0; position < out.size() / out[out.rank() - 1]; ++position) ids.push_back(group_of(position));
  std::vector<AxisGroups> units(static_cast<std::size_t>(out.rank()));
  units.back() = AxisGroups(std::move(over), std::move(ids));

  std::vector<Index> axes = out.axes();
  axes.insert(axes.end(), in.shape.axes().begin(), in.shape.axes().end());
  std::vector<AxisGroups> groups = units;
  for (const AxisGroups& axis : in.groups) groups.push_back(axis.shifted(out.rank()));
  layout.add_parameter("weight", Shape(std::move(axes)), Role::weight, std::move(groups), {.rows = out.rank()});
  layout.add_parameter("bias", out, Role::bias, units);
  layout.activation = {out, std::move(units)};
}

}  // namespace lmc::detail
