// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/detail/channel_groups.hpp>

namespace lmc::detail {

/// Throws: Error when the sizes or the ε of a layer that normalizes are out of range.
inline void require_normalization(std::string_view layer, const Shape& inputs, double epsilon) {
  require(inputs.is_positive(), layer, ": inputs = ", inputs, "; all sizes must be positive");
  require(epsilon > 0, layer, ": epsilon = ", epsilon, "; expected a positive number");
}

/// An array with an entry for each unit of the last axis, and its permutation groups: those of that axis, which all positions
/// share; after a Flatten, those from before it.
struct UnitArray {
  Shape shape;
  std::vector<AxisGroups> groups;

  UnitArray(LayoutBuilder& layout, const Shape& inputs) {
    if (layout.activation.shape == inputs) {
      shape = inputs[inputs.rank() - 1];
      groups = {shared_channel_group(layout)};
    } else {
      shape = layout.activation.shape;
      groups = layout.activation.groups;
    }
  }
  void declare_scale_and_bias(LayoutBuilder& layout) const {
    layout.add_parameter("scale", shape, Role::scale, groups);
    layout.add_parameter("bias", shape, Role::bias, groups);
  }
};

}  // namespace lmc::detail
