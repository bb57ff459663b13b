// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>

namespace lmc {

/// The sizes of an mlp(), and how it starts.
struct MlpOptions {
  Shape inputs = {};                                      // shape of one example
  std::vector<Index> hidden = {};                         // units of each hidden layer; none: logistic regression
  Index outputs = 0;                                      // classes
  double slope = 0;                                       // slope of the leaky ReLU; 0 is ReLU, 1 a linear network
  Initialization initialization = Initialization::torch;  // how weights and biases start
};

/// Multilayer perceptron: [Dense → (leaky) ReLU] for every hidden layer, then a Dense readout to logits.
/// The He schemes take the slope of the units that follow, and ReLU's for the readout.
/// Throws: Error when a size is not positive or the slope is outside [0, 1].
template <std::floating_point Scalar>
Network<Scalar> mlp(const MlpOptions& options) {
  std::vector<LayerRecipe<Scalar>> layers;
  for (const Index units : options.hidden) {
    layers.push_back(dense(units, {.scheme = options.initialization, .slope = options.slope}));
    layers.push_back(leaky_relu(options.slope));
  }
  layers.push_back(dense(options.outputs, {.scheme = options.initialization}));
  return sequential<Scalar>(options.inputs, layers);
}

/// The sizes of a logistic_regression(), and how it starts.
struct LogisticRegressionOptions {
  Shape inputs = {};                                      // shape of one example
  Index outputs = 0;                                      // classes
  Initialization initialization = Initialization::torch;  // how weights and biases start
};

/// Multinomial logistic regression: one Dense layer to logits.
template <std::floating_point Scalar>
Network<Scalar> logistic_regression(const LogisticRegressionOptions& options) {
  return mlp<Scalar>({.inputs = options.inputs, .outputs = options.outputs, .initialization = options.initialization});
}

}  // namespace lmc
