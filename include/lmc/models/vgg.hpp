// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/models/detail/append_convolution.hpp>

namespace lmc {

/// The sizes of a vgg(), and how it starts.
struct VggOptions {
  Shape inputs = {};                                  // shape of one example: [rows, cols, channels]
  Index outputs = 0;                                  // classes
  std::vector<Index> channels = {64, 128, 256, 512};  // output channels of each stage
  std::vector<Index> convolutions = {};  // in each stage, or one number for all; none: VGG-11's, one in the first two stages
                                         // and two in the others
  std::vector<Index> hidden = {};        // units of dense layers before the readout, each with a ReLU
  Normalization norm = Normalization::batch;              // follows each convolution, which then has no bias
  Initialization initialization = Initialization::torch;  // how weights and biases start
};

/// Convolutional network without shortcuts: for every stage [3×3 convolution with padding 1 → norm → ReLU] as often as
/// `convolutions` says, then max pooling 2×2; at the end dense hidden layers, if any, and a Dense readout.
///
/// The default is VGG-11 for small images: its stages but the last, which would leave nothing of 28×28 pixels, and without the
/// two hidden layers of 4096, as is usual for CIFAR. Each stage halves rows and columns, odd ones rounded down.
/// Source: arXiv:1409.1556, table 1, column A. Throws: Error when there is no stage, convolutions has neither one entry nor one
/// per stage, or one is not positive, and as the layers do.
template <std::floating_point Scalar>
Network<Scalar> vgg(const VggOptions& options) {
  const std::size_t stages = options.channels.size(), given = options.convolutions.size();
  require(stages > 0, "vgg: channels is empty; expected one entry per stage");
  require(given <= 1 || given == stages, "vgg: convolutions has ", given,
          " entries; expected one for all stages, or one for each of "
          "the ",
          stages, " entries of channels");
  std::vector<LayerRecipe<Scalar>> layers;
  for (std::size_t stage = 0; stage < stages; ++stage) {
    const Index count = given == 0 ? (stage < 2 ? 1 : 2) : options.convolutions[given == 1 ? 0 : stage];
    require(count > 0, "vgg: convolutions = ", count, " in stage ", stage + 1, "; expected a positive number");
    for (Index i = 0; i < count; ++i) {
      detail::append_convolution<Scalar>(layers, options.channels[stage],
                                         {.kernel = 3, .padding = 1, .initialization = {.scheme = options.initialization}},
                                         options.norm);
      layers.push_back(relu());
    }
    layers.push_back(max_pool2d());
  }
  for (const Index units : options.hidden) {
    layers.push_back(dense(units, {.scheme = options.initialization}));
    layers.push_back(relu());
  }
  layers.push_back(dense(options.outputs, {.scheme = options.initialization}));
  return sequential<Scalar>(options.inputs, layers);
}

}  // namespace lmc
