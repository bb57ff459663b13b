// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/mask.hpp>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>

namespace lmc {

/// The sizes of a sparse_mlp(), the masks of its layers, and how it starts.
struct SparseMlpOptions {
  Shape inputs = {};                                      // shape of one example
  std::vector<Index> hidden = {};                         // units of each hidden layer
  Index outputs = 0;                                      // classes
  double sparsity = 0.9;                                  // share of each hidden layer's weights that are masked, in [0, 1)
  std::uint64_t mask_seed = 0;                            // seed of the masks; each layer has one of its own
  double slope = 0;                                       // slope of the leaky ReLU; 0 is ReLU, 1 a linear network
  Initialization initialization = Initialization::torch;  // how weights and biases start
};

/// Multilayer perceptron under random masks: [MaskedDense → (leaky) ReLU] for every hidden layer, then a Dense readout, which
/// keeps all its weights. Throws: Error as the layers do.
template <std::floating_point Scalar>
Network<Scalar> sparse_mlp(const SparseMlpOptions& options) {
  std::vector<LayerRecipe<Scalar>> layers;
  for (std::size_t i = 0; i < options.hidden.size(); ++i) {
    layers.push_back([&options, i](const Shape& in) {
      const Index units = options.hidden[i];
      return MaskedDense<Scalar>(
          {.inputs = in,
           .outputs = units,
           .mask = random_mask(
               {.outputs = units, .inputs = in.size(), .sparsity = options.sparsity, .seed = options.mask_seed, .layer = i}),
           .initialization = {.scheme = options.initialization, .slope = options.slope}});
    });
    layers.push_back(leaky_relu(options.slope));
  }
  layers.push_back(dense(options.outputs, {.scheme = options.initialization}));
  return sequential<Scalar>(options.inputs, layers);
}

}  // namespace lmc
