// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/network.hpp>

namespace lmc {

/// A network of layers whose shapes follow from that of an example:
///   sequential<float>({28, 28, 1}, {conv2d(32), relu(), max_pool2d(), dense(10)})
/// Throws: Error when there is no layer, and as the layers do, with their position and the shape that they were given.
template <std::floating_point Scalar>
Network<Scalar> sequential(const Shape& inputs, const std::vector<LayerRecipe<Scalar>>& recipes) {
  std::vector<AnyLayer<Scalar>> layers;
  Shape in = inputs;
  for (const LayerRecipe<Scalar>& recipe : recipes) {
    try {
      layers.push_back(recipe(in));
      in = layers.back().output_shape(in);
    } catch (const Error& e) {
      throw Error(concat("layer ", layers.size() + 1, ": ", e.what()));
    }
  }
  return Network<Scalar>(std::move(layers), inputs);
}

}  // namespace lmc
