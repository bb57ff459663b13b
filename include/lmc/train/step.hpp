// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/train/batch_memory.hpp>

namespace lmc {

/// Throws: Error when the examples of data do not have the size that network takes, or have more classes than it has outputs.
template <std::floating_point Scalar>
void require_fit(const Network<Scalar>& network, const Dataset<Scalar>& data) {
  require(network.input_shape()->size() == data.shape().size(), "the network takes examples of shape ", *network.input_shape(),
          " = ", network.input_shape()->size(), " values, but the data set's have the shape ", data.shape(), " = ",
          data.shape().size(), "; set the network's inputs to the latter");
  require(network.output_shape().size() == data.classes(), "the network has ", network.output_shape().size(),
          " outputs, but the data set ", data.classes(), " classes; expected one output a class");
}

/// Mean cross-entropy of the given examples, and its gradient:
///   returns L = 1/N Σ_i CE(network(x_i), y_i);   gradient ← ∂L/∂θ   (overwritten)
/// in training mode, so that running statistics in the buffers move. Nothing is allocated.
template <std::floating_point Scalar>
double loss_and_gradient(const Network<Scalar>& network, const Dataset<Scalar>& data, std::span<const Index> examples,
                         ModelState<Scalar>& state, BatchMemory<Scalar>& memory, std::span<Scalar> gradient) {
  const auto batch = static_cast<Index>(examples.size());
  data.gather(examples, memory.x(batch), memory.labels(batch));
  memory.forward(network, state.parameters, state.buffers, batch, Mode::training);
  const double loss = mean_cross_entropy<Scalar>(memory.logits(batch), memory.labels(batch), memory.dlogits(batch));
  std::fill(gradient.begin(), gradient.end(), Scalar(0));
  memory.backward(network, state.parameters, state.buffers, batch, gradient);
  return loss;
}

}  // namespace lmc
