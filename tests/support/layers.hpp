// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>

namespace testing {

/// A layout of weights with these names and sizes.
inline lmc::ParameterLayout layout_of(const std::vector<std::pair<std::string, lmc::Index>>& segments) {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  for (const auto& [name, size] : segments) builder.add_parameter(name, size, lmc::Role::weight, {{}});
  return std::move(builder).build();
}

}  // namespace testing
