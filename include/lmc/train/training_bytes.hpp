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

/// Bytes of a Run that has ended: θ, the running statistics, and the optimizer's vectors, each as long as θ.
template <std::floating_point Scalar>
std::size_t run_bytes(const Network<Scalar>& network, const OptimizerOptions& optimizer) {
  const std::size_t vectors = 1 + Optimizer<Scalar>(optimizer, ParameterLayout{}).state_vectors().size();
  const ParameterLayout& layout = network.layout();
  return sizeof(Scalar) *
         (vectors * static_cast<std::size_t>(layout.parameter_count()) + static_cast<std::size_t>(layout.buffer_count()));
}

/// Bytes that train() holds for one run with batches of batch_size examples:
///   run_bytes(), and the gradient;
///   inputs, logits and their gradients, activations and the layers' workspace of examples_at_once() examples.
/// It lacks the data set, which runs share, its labels and order, and what depends on the kernels, together less than a quarter of θ
/// for networks of a million parameters.
template <std::floating_point Scalar>
std::size_t training_bytes(const Network<Scalar>& network, Index batch_size, const OptimizerOptions& optimizer) {
  const Index batch = examples_at_once(network, batch_size);
  const Index outputs = network.output_shape().size(), inputs = network.input_shape()->size();
  const Index activations = batch * (inputs + 2 * outputs) + network.cache_size(batch) + network.workspace_size(batch);
  return run_bytes(network, optimizer) +
         sizeof(Scalar) * static_cast<std::size_t>(network.layout().parameter_count() + activations);
}

}  // namespace lmc
