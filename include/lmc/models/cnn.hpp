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

/// The sizes of a cnn(), and how it starts.
struct CnnOptions {
  Shape inputs = {};                         // shape of one example: [rows, cols, channels]
  std::vector<Index> channels = {};          // output channels of each convolution
  Index outputs = 0;                         // classes
  std::vector<Extent> kernel = {3};          // size of the filters: one for all convolutions, or one each
  std::vector<Extent> stride = {1};          // input positions between outputs: one for all convolutions, or one each
  std::vector<Extent> padding = {0};         // zeros around the image: one for all convolutions, or one each
  Normalization norm = Normalization::none;  // before each ReLU; the convolutions keep their biases, as the layers of lcn() do
  Extent pool = 1;                           // max pooling after each ReLU; 1: none
  double slope = 0;                          // slope of the leaky ReLU; 0 is ReLU, 1 a linear network
  Initialization initialization = Initialization::torch;  // how weights and biases start
};

/// Convolutional network: [Conv2d → norm → (leaky) ReLU → max pooling] for every entry of channels, then a Dense readout.
/// With lcn() of the same options it differs in weight sharing alone.
/// Throws: Error when a list has neither one entry nor one per convolution, and as the layers do.
template <std::floating_point Scalar>
Network<Scalar> cnn(const CnnOptions& options) {
  return detail::convolutional<Scalar>("cnn", options, [&](std::size_t i, const InitializationOptions& initialization) {
    return conv2d(options.channels[i], {.kernel = detail::entry(options.kernel, i),
                                        .stride = detail::entry(options.stride, i),
                                        .padding = detail::entry(options.padding, i),
                                        .initialization = initialization});
  });
}

}  // namespace lmc
