// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/residual.hpp>
#include <lmc/models/detail/append_convolution.hpp>

namespace lmc {

struct ResnetOptions {
  Shape inputs = {};  // of one example: [rows, cols, channels]
  Index outputs = 0;  // classes
  Index blocks = 3;   // of each stage, > 0: 6 · blocks + 2 layers, ResNet-20 for 3
  Index width = 16;   // channels of the first stage; twice and four times as many in the others
  Normalization norm = Normalization::batch;
  Initialization initialization = Initialization::torch;  // the paper's is he_normal
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
  std::vector<AnyLayer<Scalar>> layers;
  const auto convolution = [&](const Shape& in, Index out, Index kernel, Index stride) {
    return Conv2dOptions{.inputs = in,
                         .outputs = out,
                         .kernel = kernel,
                         .stride = stride,
                         .padding = kernel / 2,
                         .initialization = {.scheme = options.initialization}};
  };
  Shape in = detail::append_convolution<Scalar>(layers, convolution(options.inputs, options.width, 3, 1), options.norm);
  layers.push_back(Relu<Scalar>());
  for (const Index stage : {0, 1, 2})
    for (Index block = 0; block < options.blocks; ++block) {
      const Index channels = options.width << stage, stride = stage > 0 && block == 0 ? 2 : 1;
      std::vector<AnyLayer<Scalar>> body;
      const Shape out = detail::append_convolution<Scalar>(body, convolution(in, channels, 3, stride), options.norm);
      body.push_back(Relu<Scalar>());
      detail::append_convolution<Scalar>(body, convolution(out, channels, 3, 1), options.norm);
      AnyLayer<Scalar> shortcut = Identity<Scalar>();
      if (in != out) {
        std::vector<AnyLayer<Scalar>> projection;
        detail::append_convolution<Scalar>(projection, convolution(in, channels, 1, stride), options.norm);
        shortcut = Network<Scalar>(std::move(projection));
      }
      layers.push_back(Residual<Scalar>({.body = Network<Scalar>(std::move(body)), .shortcut = std::move(shortcut)}));
      layers.push_back(Relu<Scalar>());
      in = out;
    }
  layers.push_back(GlobalAveragePool<Scalar>({.inputs = in}));
  layers.push_back(
      Dense<Scalar>({.inputs = in[2], .outputs = options.outputs, .initialization = {.scheme = options.initialization}}));
  return Network<Scalar>(std::move(layers));
}

}  // namespace lmc
