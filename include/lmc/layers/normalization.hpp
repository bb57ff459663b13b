// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <string_view>

#include <lmc/core/names.hpp>

namespace lmc {

/// What follows the convolutions of a network, over the channels of an image.
///   none
///   batch  BatchNorm: a channel over the batch and all positions
///   layer  LayerNorm: a position of an example over its channels; no statistics of the batch, and no buffers. (Other networks
///          take the positions in as well: GroupNorm with one group, in PyTorch's terms.)
enum class Normalization { none, batch, layer };

/// The names, in the order of Normalization.
inline constexpr std::array<std::string_view, 3> normalization_names{"none", "batch", "layer"};

/// The normalization of that name. Throws: Error that names the nearest known one.
inline Normalization parse_normalization(std::string_view name) {
  return static_cast<Normalization>(find_name("normalization", name, normalization_names));
}

}  // namespace lmc
