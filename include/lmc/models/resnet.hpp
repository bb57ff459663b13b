// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
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

/// The sizes of a resnet(), and how it starts.
struct ResnetOptions {
  Shape inputs = {};  // shape of one example: [rows, cols, channels]
  Index outputs = 0;  // classes
  Index blocks = 3;   // residual blocks in each stage, > 0; the network has 6 · blocks + 2 layers: ResNet-20 for 3
  Index width = 16;   // channels of the first stage; twice and four times as many in the others
  Normalization norm = Normalization::batch;              // follows each convolution, which then has no bias
  Initialization initialization = Initialization::torch;  // how weights and biases start; in the paper he_normal
};

/// Residual network for small images: 3×3 convolution → norm → ReLU, three stages of `blocks` blocks with width, 2 width and
/// 4 width channels, global average pooling and a Dense readout. A block is
///   y = ReLU(norm(conv(ReLU(norm(conv(x))))) + shortcut(x)),   convolutions 3×3 with padding 1;
/// the first convolution of stages two and three has stride 2.
///
/// The shortcut is x itself, or norm(1×1 convolution of x with that stride) where the shape changes: option B of the paper,
/// whose CIFAR networks have option A, zeros for the new channels. B is what studies of linear mode connectivity use
/// (arXiv:1912.05671, arXiv:2209.04836), and leaves each stage's channels a permutation group of their own, where A ties the
/// channels of a stage to those of the one before.
/// Source: He et al., arXiv:1512.03385, section 4.2. Throws: Error when blocks or width are not positive, and as the layers do.
template <std::floating_point Scalar>
Network<Scalar> resnet(const ResnetOptions& options) {
  require(options.blocks > 0 && options.width > 0, "resnet: blocks = ", options.blocks, ", width = ", options.width,
          "; both must be positive");
  const auto append_convolution = [&](std::vector<LayerRecipe<Scalar>>& layers, Index channels, Index kernel, Index stride) {
    detail::append_convolution<Scalar>(
        layers, channels,
        {.kernel = kernel, .stride = stride, .padding = kernel / 2, .initialization = {.scheme = options.initialization}},
        options.norm);
  };
  std::vector<LayerRecipe<Scalar>> layers;
  append_convolution(layers, options.width, 3, 1);
  layers.push_back(relu());
  for (const Index stage : {0, 1, 2})
    for (Index block = 0; block < options.blocks; ++block) {
      const Index channels = options.width << stage, stride = stage > 0 && block == 0 ? 2 : 1;
      std::vector<LayerRecipe<Scalar>> body, shortcut;
      append_convolution(body, channels, 3, stride);
      body.push_back(relu());
      append_convolution(body, channels, 3, 1);
      if (stride != 1) append_convolution(shortcut, channels, 1, stride);
      layers.push_back(residual<Scalar>(std::move(body), std::move(shortcut)));
      layers.push_back(relu());
    }
  layers.push_back(global_average_pool());
  layers.push_back(dense(options.outputs, {.scheme = options.initialization}));
  return sequential<Scalar>(options.inputs, layers);
}

}  // namespace lmc
