// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A stretch of θ that belongs to one layer.
struct LayerRange {
  std::size_t first = 0;  // position of its first parameter in θ
  std::size_t count = 0;  // number of its parameters, > 0
  std::size_t layer = 0;  // position in LayerGroups::layers()
  friend bool operator==(const LayerRange&, const LayerRange&) = default;
};

/// A division of θ into layers that are moved as wholes. A ParameterLayout is one by itself, with its parameter_layers();
/// layers_with_norms() and top_level_layers() are coarser, and a list of your own can be any.
class LayerGroups {
 public:
  /// The parameter_layers() of the layout. Throws: Error as the other constructor does.
  LayerGroups(const ParameterLayout& layout)  // NOLINT(google-explicit-constructor): a layout says what its layers are
      : LayerGroups(layout, parameter_layers(layout)) {}
  /// These layers. Throws: Error when there is no parameter, a layer has no segment, or a segment of the layout is in none of them
  /// or in two; when the segments do not lie one behind the other.
  LayerGroups(const ParameterLayout& layout, std::vector<ParameterLayer> layers) : layers_(std::move(layers)) {
    require(layout.parameter_count() > 0, "LayerGroups: the layout has no parameters; expected those of a network");
    std::vector<std::optional<std::size_t>> layer_of(layout.parameters.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      require(!layers_[l].segments.empty(), "LayerGroups: the layer '", layers_[l].name, "' has no segments; leave it out");
      for (const std::size_t segment : layers_[l].segments) {
        require(segment < layer_of.size(), "LayerGroups: the layer '", layers_[l].name, "' has segment ", segment,
                "; the layout has ", layer_of.size(), ", counted from 0");
        require(!layer_of[segment], "LayerGroups: the segment '", layout.parameters[segment].name, "' is in the layers '",
                layers_[layer_of[segment].value_or(0)].name, "' and '", layers_[l].name, "'; expected it in one");
        layer_of[segment] = l;
      }
    }
    for (std::size_t s = 0; s < layer_of.size(); ++s) {
      const Segment& segment = layout.parameters[s];
      require(layer_of[s].has_value(), "LayerGroups: the segment '", segment.name,
              "' is in no layer; expected each in one, since what never moves would be missing from every sum");
      append(segment, *layer_of[s]);
    }
  }

  /// The layers, in the order in which they were given.
  [[nodiscard]] const std::vector<ParameterLayer>& layers() const& { return layers_; }
  /// The same of what is gone afterwards, as in `for (… : layers_with_norms(layout).layers())`.
  [[nodiscard]] std::vector<ParameterLayer> layers() && { return std::move(layers_); }
  /// Where they lie: all of θ from its first entry on, neighbors of one layer joined.
  [[nodiscard]] const std::vector<LayerRange>& ranges() const& { return ranges_; }
  /// The same of what is gone afterwards.
  [[nodiscard]] std::vector<LayerRange> ranges() && { return std::move(ranges_); }
  /// Length of θ.
  [[nodiscard]] std::size_t parameter_count() const { return ranges_.back().first + ranges_.back().count; }

 private:
  void append(const Segment& segment, std::size_t layer) {
    const std::size_t end = ranges_.empty() ? 0 : parameter_count();
    require(segment.offset == static_cast<Index>(end), "LayerGroups: the segment '", segment.name, "' begins at ",
            segment.offset, ", but the one before it ends at ", end, "; expected a layout without holes");
    const auto count = static_cast<std::size_t>(segment.size());
    if (count == 0) return;
    if (!ranges_.empty() && ranges_.back().layer == layer)
      ranges_.back().count += count;
    else
      ranges_.push_back({.first = end, .count = count, .layer = layer});
  }

  std::vector<ParameterLayer> layers_;
  std::vector<LayerRange> ranges_;
};

/// The parameter_layers(), but a norm (a scale and a bias, nothing else) belongs to the layer before it, where that is in the same
/// block: BatchNorm to its convolution. A norm that begins a block, as in a transformer, stays by itself.
/// Throws: Error as LayerGroups.
inline LayerGroups layers_with_norms(const ParameterLayout& layout) {
  const auto is_norm = [&](const ParameterLayer& layer) {
    const auto has_role = [&](Role role) { return [&, role](std::size_t s) { return layout.parameters[s].role == role; }; };
    return std::ranges::any_of(layer.segments, has_role(Role::scale)) &&
           std::ranges::all_of(layer.segments,
                               [&](std::size_t s) { return has_role(Role::scale)(s) || has_role(Role::bias)(s); });
  };
  const auto block_of = [](std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
  };
  std::vector<ParameterLayer> joined;
  for (ParameterLayer& layer : parameter_layers(layout))
    if (!joined.empty() && is_norm(layer) && block_of(layer.name) == block_of(joined.back().name))
      joined.back().segments.insert(joined.back().segments.end(), layer.segments.begin(), layer.segments.end());
    else
      joined.push_back(std::move(layer));
  return LayerGroups(layout, std::move(joined));
}

/// The layers of the outermost network: all segments whose names agree up to the first '/', so that a residual block is one.
/// Throws: Error as LayerGroups.
inline LayerGroups top_level_layers(const ParameterLayout& layout) {
  std::vector<ParameterLayer> layers;
  for (std::size_t s = 0; s < layout.parameters.size(); ++s) {
    const std::string& segment = layout.parameters[s].name;
    const std::string name = segment.substr(0, segment.find('/'));
    auto found = std::ranges::find(layers, name, &ParameterLayer::name);
    if (found == layers.end()) found = layers.insert(layers.end(), {name, {}});
    found->segments.push_back(s);
  }
  return LayerGroups(layout, std::move(layers));
}

}  // namespace lmc
