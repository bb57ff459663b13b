// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>

namespace lmc::detail {

/// Entry i of a list that has one entry for all layers, or one each.
inline Extent entry(const std::vector<Extent>& list, std::size_t i) { return list.size() == 1 ? list[0] : list[i]; }

inline void require_entries(std::string_view builder, std::string_view option, const std::vector<Extent>& list,
                            std::size_t layers) {
  require(list.size() == 1 || list.size() == layers, builder, ": ", option, " has ", list.size(),
          " entries; expected one for all layers, or one for each of the ", layers, " entries of channels");
}

/// [make(i, initialization) → norm → (leaky) ReLU → max pooling] for each entry of options.channels, then a readout.
template <std::floating_point Scalar, class Options, class Make>
Network<Scalar> convolutional(std::string_view builder, const Options& options, Make make) {
  require(!options.channels.empty(), builder, ": channels is empty; expected one entry per layer");
  require_entries(builder, "kernel", options.kernel, options.channels.size());
  require_entries(builder, "stride", options.stride, options.channels.size());
  require_entries(builder, "padding", options.padding, options.channels.size());
  std::vector<LayerRecipe<Scalar>> layers;
  for (std::size_t i = 0; i < options.channels.size(); ++i) {
    layers.push_back(make(i, InitializationOptions{.scheme = options.initialization, .slope = options.slope}));
    if (options.norm != Normalization::none) layers.push_back(normalization(options.norm));
    layers.push_back(leaky_relu(options.slope));
    if (options.pool != Extent(1)) layers.push_back(max_pool2d(options.pool));
  }
  layers.push_back(dense(options.outputs, {.scheme = options.initialization}));
  return sequential<Scalar>(options.inputs, layers);
}

}  // namespace lmc::detail
