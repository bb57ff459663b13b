// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <utility>

#include <lmc/core/layout.hpp>

namespace testing {

/// Two hidden groups of eight units, and a mask that no permutation moves.
inline lmc::ParameterLayout masked_layout() {
  lmc::LayoutBuilder builder(4);
  const lmc::GroupId first = builder.add_group(8), second = builder.add_group(8);
  builder.add_parameter("w0", {8, 4}, lmc::Role::weight, {first, {}});
  builder.add_parameter("w1", {8, 8}, lmc::Role::weight, {second, first});
  builder.add_parameter("w2", {3, 8}, lmc::Role::weight, {{}, second});
  builder.add_parameter("mask", {16}, lmc::Role::weight, {{}});
  return std::move(builder).build();
}

}  // namespace testing
