// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>

#include <lmc/connectivity/block_path.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/for_each_layer.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/network.hpp>

namespace lmc {

/// For block_path: which parameters are the filter bank of one block of positions. Blocks are counted through all locally
/// connected layers of the network, nested ones too; the parameters of other layers belong to none.
template <std::floating_point Scalar>
BlockOfParameter position_blocks(const Network<Scalar>& network) {
  BlockOfParameter block_of(static_cast<std::size_t>(network.layout().parameter_count()));
  std::size_t counted = 0;
  for_each_layer(network, [&](const AnyLayer<Scalar>& layer, Index first) {
    const auto* local = layer.template target<LocallyConnected2d<Scalar>>();
    if (local == nullptr) return;
    const auto blocks = static_cast<std::size_t>(local->blocks().size());
    const auto units = static_cast<std::size_t>(local->options().bias ? local->options().outputs : 0);
    auto at = static_cast<std::size_t>(first);
    // The banks of all blocks, then their biases.
    for (const std::size_t entries : {static_cast<std::size_t>(local->bank_size()), units})
      for (std::size_t block = 0; block < blocks; ++block)
        for (std::size_t i = 0; i < entries; ++i) block_of[at++] = counted + block;
    counted += blocks;
  });
  return block_of;
}

}  // namespace lmc
