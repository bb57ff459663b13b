// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/models/detail/convolutional.hpp>

namespace lmc {

/// The sizes of an lcn(), and how it starts.
struct LcnOptions {
  Shape inputs = {};                  // shape of one example: [rows, cols, channels]
  std::vector<Index> channels = {};   // output channels of each locally connected layer
  Index outputs = 0;                  // classes
  std::vector<Extent> kernel = {3};   // size of the filters: one for all layers, or one each
  std::vector<Extent> stride = {1};   // input positions between outputs: one for all layers, or one each
  std::vector<Extent> padding = {0};  // zeros around the image: one for all layers, or one each
  std::vector<Extent> sharing = {1};  // blocks that share filters: one size for all layers, or one each; 1: locally connected
  Normalization norm = Normalization::none;               // before each ReLU; the layers keep their biases
  Extent pool = 1;                                        // max pooling after each ReLU; 1: none
  double slope = 0;                                       // slope of the leaky ReLU; 0 is ReLU, 1 a linear network
  Initialization initialization = Initialization::torch;  // how weights and biases start
};

/// Locally connected network: [LocallyConnected2d → norm → (leaky) ReLU → max pooling] for every entry of channels, then a
/// Dense readout. Larger blocks make it a tied network; a block as large as the layer's output, a cnn(). Throws: Error when a
/// list has neither one entry nor one per layer, and as the layers do.
template <std::floating_point Scalar>
Network<Scalar> lcn(const LcnOptions& options) {
  detail::require_entries("lcn", "sharing", options.sharing, options.channels.size());
  return detail::convolutional<Scalar>("lcn", options, [&](std::size_t i, const InitializationOptions& initialization) {
    return locally_connected2d(options.channels[i], {.kernel = detail::entry(options.kernel, i),
                                                     .stride = detail::entry(options.stride, i),
                                                     .padding = detail::entry(options.padding, i),
                                                     .sharing = detail::entry(options.sharing, i),
                                                     .initialization = initialization});
  });
}

}  // namespace lmc
