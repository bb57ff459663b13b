// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A number about a part of θ, which has that name.
struct NamedValue {
  std::string name;  // of the part: a segment, or a layer
  double value = 0;  // in the units of whatever was summed or measured
  friend bool operator==(const NamedValue&, const NamedValue&) = default;
};

/// The segments whose names differ behind the last '/' alone: `dense1` has `dense1/weight` and `dense1/bias`. Of an attention
/// layer query, key, value and output are one each.
struct ParameterLayer {
  std::string name;                   // what is before the last '/'; the whole name where there is none
  std::vector<std::size_t> segments;  // positions in ParameterLayout::parameters, rising, not always neighbors
};

/// The layers of θ, in the order of their first segments.
inline std::vector<ParameterLayer> parameter_layers(const ParameterLayout& layout) {
  std::vector<ParameterLayer> layers;
  for (std::size_t i = 0; i < layout.parameters.size(); ++i) {
    const std::string_view name = layout.parameters[i].name;
    const std::string_view layer = name.substr(0, name.rfind('/'));
    auto found = std::find_if(layers.begin(), layers.end(), [&](const ParameterLayer& l) { return l.name == layer; });
    if (found == layers.end()) found = layers.insert(layers.end(), {std::string(layer), {}});
    found->segments.push_back(i);
  }
  return layers;
}

/// The entries of a segment in a vector as long as θ. Throws: Error when it is not as long as layout says.
template <class T>
std::span<T> segment_of(const ParameterLayout& layout, std::size_t segment, std::span<T> values) {
  require(static_cast<Index>(values.size()) == layout.parameter_count(), "segment_of: ", values.size(),
          " values; the layout has ", layout.parameter_count(), " parameters, and expects one value each");
  const Segment& s = layout.parameters[segment];
  return values.subspan(static_cast<std::size_t>(s.offset), static_cast<std::size_t>(s.size()));
}

}  // namespace lmc
