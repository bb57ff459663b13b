// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/batch_memory.hpp>

namespace lmc {

/// Throws: Error when the examples of data do not have the size that network takes, or have more classes than it has outputs.
template <std::floating_point Scalar>
void require_fit(const Network<Scalar>& network, const Dataset<Scalar>& data) {
  require(network.input_shape()->size() == data.shape().size(), "the network takes examples of shape ", *network.input_shape(),
          " = ", network.input_shape()->size(), " values, but the data set's have the shape ", data.shape(), " = ",
          data.shape().size(), "; set the network's inputs to the latter");
  require(network.output_shape().size() == data.classes(), "the network has ", network.output_shape().size(),
          " outputs, but the data set ", data.classes(), " classes; expected one output per class");
}

namespace detail {

/// Throws: Error, begun by `who`, when a state does not fit the network.
template <std::floating_point Scalar>
void require_state(std::string_view who, const Network<Scalar>& network, const ModelState<Scalar>& state) {
  const ParameterLayout& layout = network.layout();
  require(static_cast<Index>(state.parameters.size()) == layout.parameter_count() &&
              static_cast<Index>(state.buffers.size()) == layout.buffer_count(),
          who, ": the state has ", state.parameters.size(), " parameters and ", state.buffers.size(),
          " buffer values; the network has ", layout.parameter_count(), " and ", layout.buffer_count());
}

/// One of the fewest equal parts of a batch whose activations take at most three times the memory of the parameters, or 2 MiB.
/// What the next pass reads is then still in a cache, and reading the parameters once for each part costs less than that saves.
template <std::floating_point Scalar>
Index cached_part(const Network<Scalar>& network, Index batch_size) {
  if (batch_size < 1) return batch_size;
  constexpr Index least = (2 << 20) / sizeof(Scalar);
  const Index limit = std::max(least, 3 * network.layout().parameter_count());
  const Index parts = std::min(batch_size, (network.cache_size(batch_size) + limit - 1) / limit);
  return parts < 2 ? batch_size : (batch_size + parts - 1) / parts;
}

}  // namespace detail

/// How many examples of a batch go through the network at once in training: all, or equal parts of it where their activations
/// would not stay in a cache. A network with buffers may take statistics over the batch, and gets it whole. A function of the
/// network and the batch size alone, since it decides the bits.
template <std::floating_point Scalar>
Index examples_at_once(const Network<Scalar>& network, Index batch_size) {
  return network.layout().buffer_count() > 0 ? batch_size : detail::cached_part(network, batch_size);
}

/// What a batch is taken from: a Dataset, or an AugmentedDataset.
///   gather(examples, x, y)   x [examples, size of an example] and the labels y are overwritten
template <class Data, class Scalar>
concept BatchSource = requires(Data& data, std::span<const Index> examples, MatrixView<Scalar> x, std::span<std::int32_t> y) {
  data.gather(examples, x, y);
};

/// Mean cross-entropy of the given examples, and its gradient:
///   returns L = 1/N Σ_i CE(network(x_i), y_i);   gradient ← ∂L/∂θ   (overwritten)
/// in training mode, so that running statistics in the buffers move, and layers may draw noise, whose seed and epoch are given.
/// The examples go through the network in parts of the memory's size. Nothing is allocated.
template <std::floating_point Scalar, BatchSource<Scalar> Data>
double loss_and_gradient(const Network<Scalar>& network, Data& data, std::span<const Index> examples, ModelState<Scalar>& state,
                         BatchMemory<Scalar>& memory, std::span<Scalar> gradient, NoiseAddress noise = {}) {
  const auto all = static_cast<Index>(examples.size());
  if (all == 0) std::fill(gradient.begin(), gradient.end(), Scalar(0));
  double loss = 0;
  for (Index first = 0; first < all; first += memory.size()) {
    const Index batch = std::min(memory.size(), all - first);
    noise.examples = slice(examples, first, batch);
    data.gather(noise.examples, memory.x(batch), memory.labels(batch));
    memory.forward(network, state.parameters, state.buffers, batch, Mode::training, noise);
    loss += mean_cross_entropy<Scalar>(memory.logits(batch), memory.labels(batch), memory.dlogits(batch), all,
                                       memory.loss_workspace());
    memory.backward(network, state.parameters, state.buffers, batch, gradient, {},
                    first == 0 ? WriteMode::overwrite : WriteMode::add);
  }
  return loss;
}

/// The memory of training steps with batches of at most batch_size examples; allocated once.
template <std::floating_point Scalar>
struct StepMemory {
  BatchMemory<Scalar> batch;     // for examples_at_once() examples
  std::vector<Scalar> gradient;  // the gradient at the last step

  /// For batches of at most batch_size examples of that network.
  StepMemory(const Network<Scalar>& network, Index batch_size)
      : batch(network, examples_at_once(network, batch_size)),
        gradient(static_cast<std::size_t>(network.layout().parameter_count())) {}
};

/// One training step: θ ← optimizer(θ, ∇L) at rate_factor times its learning rate, L being the mean cross-entropy of the given
/// examples, at most as many as memory was made for. Returns L before the update; an L that is not finite is returned without
/// an update. Nothing is allocated.
template <std::floating_point Scalar, BatchSource<Scalar> Data>
double step(const Network<Scalar>& network, Data& data, std::span<const Index> examples, ModelState<Scalar>& state,
            Optimizer<Scalar>& optimizer, double rate_factor, StepMemory<Scalar>& memory, const NoiseAddress& noise = {}) {
  const double loss = loss_and_gradient<Scalar>(network, data, examples, state, memory.batch, memory.gradient, noise);
  if (std::isfinite(loss)) optimizer.step(memory.gradient, state.parameters, rate_factor);
  return loss;
}

}  // namespace lmc
