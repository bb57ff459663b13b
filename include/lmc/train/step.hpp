// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/batch_memory.hpp>

namespace lmc {

/// Throws: Error when the examples of data do not have the size that network takes, or it has not one output for each class and for
/// each number of the targets.
template <std::floating_point Scalar>
void require_fit(const Network<Scalar>& network, const Dataset<Scalar>& data) {
  require(network.input_shape()->size() == data.shape().size(), "the network takes examples of shape ", *network.input_shape(),
          " = ", network.input_shape()->size(), " values, but the data set's have the shape ", data.shape(), " = ",
          data.shape().size(), "; set the network's inputs to the latter");
  const Index outputs = network.output_shape().size();
  require(
      data.classes() == 0 || data.target_size() == 0 || data.classes() == data.target_size(), "the data set has ",
      data.classes(), " classes and ", data.target_size(),
      " numbers as targets for each example; a network has one output for each, so that there have to be as many; leave one of the two out");
  require(data.classes() == 0 || outputs == data.classes(), "the network has ", outputs, " outputs, but the data set ",
          data.classes(), " classes; expected one output per class");
  require(data.target_size() == 0 || outputs == data.target_size(), "the network has ", outputs, " outputs, but an example ",
          data.target_size(), " numbers as targets; expected one output for each");
}

namespace detail {

/// Throws: Error when the loss needs other targets than data has, a Dataset or another BatchSource.
template <std::floating_point Scalar, class Data>
void require_targets(const AnyLoss<Scalar>& loss, const Data& data) {
  constexpr std::string_view where = " (TrainOptions::loss, and the last argument of what measures)";
  if (loss.targets() == TargetKind::labels && data.classes() == 0)
    throw Error(concat("the loss ", loss.name(),
                       " needs labels, but the data set has only numbers as targets; use another loss, ",
                       "such as SquaredError()", where));
  if (loss.targets() == TargetKind::values && data.target_size() == 0)
    throw Error(concat("the loss ", loss.name(), " needs numbers as targets, but the data set has only labels; set ",
                       "DatasetParts::targets, or use another loss, such as CrossEntropy()", where));
}

}  // namespace detail

/// The same, and Throws: Error when the loss needs other targets than data has.
template <std::floating_point Scalar>
void require_fit(const Network<Scalar>& network, const Dataset<Scalar>& data, const LossOf<Scalar>& loss) {
  detail::require_targets(loss, data);
  require_fit(network, data);
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

/// Mean loss of the given examples, the loss being the memory's, and its gradient:
///   returns L = 1/N Σ_i loss(network(x_i), y_i);   gradient ← ∂L/∂θ   (overwritten)
/// in training mode, so that running statistics in the buffers move, and layers may draw noise, whose seed and epoch are given.
/// The examples go through the network in parts of the memory's size. Nothing is allocated.
template <std::floating_point Scalar, BatchSource<Scalar> Data>
double loss_and_gradient(const Network<Scalar>& network, Data& data, std::span<const Index> examples, ModelState<Scalar>& state,
                         BatchMemory<Scalar>& memory, std::span<Scalar> gradient, NoiseAddress noise = {}) {
  detail::require_targets(memory.loss_function(), data);
  const auto all = static_cast<Index>(examples.size());
  if (all == 0) std::fill(gradient.begin(), gradient.end(), Scalar(0));
  double loss = 0;
  for (Index first = 0; first < all; first += memory.size()) {
    const Index batch = std::min(memory.size(), all - first);
    noise.examples = slice(examples, first, batch);
    memory.gather(data, noise.examples);
    memory.forward(network, state.parameters, state.buffers, batch, Mode::training, noise);
    const auto n = static_cast<double>(all);
    loss += memory.loss(batch, {.doutputs = span_of(memory.dlogits(batch)), .scale = 1 / n}).loss / n;
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

  /// For batches of at most batch_size examples of that network, and for that loss.
  StepMemory(const Network<Scalar>& network, Index batch_size, LossOf<Scalar> loss = CrossEntropy())
      : batch(network, examples_at_once(network, batch_size), std::move(loss)),
        gradient(static_cast<std::size_t>(network.layout().parameter_count())) {}
};

/// One training step: θ ← optimizer(θ, ∇L) at rate_factor times its learning rate, L being the mean loss of the given examples, at
/// most as many as memory was made for. Returns L before the update; an L that is not finite is returned without
/// an update. Nothing is allocated.
template <std::floating_point Scalar, BatchSource<Scalar> Data>
double step(const Network<Scalar>& network, Data& data, std::span<const Index> examples, ModelState<Scalar>& state,
            Optimizer<Scalar>& optimizer, double rate_factor, StepMemory<Scalar>& memory, const NoiseAddress& noise = {}) {
  const double loss = loss_and_gradient<Scalar>(network, data, examples, state, memory.batch, memory.gradient, noise);
  if (std::isfinite(loss)) optimizer.step(memory.gradient, state.parameters, rate_factor);
  return loss;
}

}  // namespace lmc
