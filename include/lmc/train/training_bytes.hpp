// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// Bytes that train() holds for one run with batches of batch_size examples:
///   θ, its gradient, the running statistics and the optimizer's vectors, each as long as θ;
///   inputs, logits and their gradients, activations and the layers' workspace of examples_at_once() examples.
/// It lacks the data set, which runs share, its labels and order, and what depends on the kernels, together less than a quarter of θ
/// for networks of a million parameters.
template <std::floating_point Scalar>
std::size_t training_bytes(const Network<Scalar>& network, Index batch_size, const OptimizerOptions& optimizer) {
  const auto theta = static_cast<std::size_t>(network.layout().parameter_count());
  const std::size_t vectors = 2 + Optimizer<Scalar>(optimizer, ParameterLayout{}).state_vectors().size();
  const Index batch = examples_at_once(network, batch_size);
  const Index outputs = network.output_shape().size(), inputs = network.input_shape()->size();
  const Index activations = batch * (inputs + 2 * outputs) + network.cache_size(batch) + network.workspace_size(batch);
  return sizeof(Scalar) *
         (theta * vectors + static_cast<std::size_t>(network.layout().buffer_count()) + static_cast<std::size_t>(activations));
}

}  // namespace lmc
