// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/loss.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/measure/detail/sum_in_groups.hpp>
#include <lmc/measure/detail/temporaries.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

namespace detail {

/// gradient ← ∂L/∂θ of the mean loss L over the data set, in evaluation mode; returns L, to the bit as the evaluator.
template <std::floating_point Scalar>
double dataset_gradient(const DatasetChunks<Scalar>& chunks, const AnyLoss<Scalar>& loss, std::span<const Scalar> theta,
                        std::span<const Scalar> buffers, const ThreadTeam& team, std::span<Scalar> gradient) {
  const Network<Scalar>& network = chunks.network();
  const auto n = static_cast<double>(chunks.examples());
  TeamMemory<Scalar> memories(network, chunks.part(), team, loss);
  std::vector<Scalar> unwritten(buffers.begin(), buffers.end());  // not in evaluation mode
  std::vector<LossSum> losses(static_cast<std::size_t>(chunks.count()));
  const std::vector<double> sum = sum_in_groups<Scalar>(
      chunks.count(), network.layout().parameter_count(), team, [&](Index c, int worker, std::span<Scalar> partial) {
        BatchMemory<Scalar>& memory = memories(worker);
        chunks.for_parts(c, memory, [&](Index, Index batch) {
          memory.forward(network, theta, unwritten, batch, Mode::evaluation);
          losses[static_cast<std::size_t>(c)] +=
              memory.loss(batch, {.doutputs = span_of(memory.dlogits(batch)), .scale = 1 / n});
          memory.backward(network, theta, buffers, batch, partial);
        });
      });
  std::transform(sum.begin(), sum.end(), gradient.begin(), [](double x) { return static_cast<Scalar>(x); });
  LossSum total;
  for (const LossSum& of_chunk : losses) total += of_chunk;
  return total.loss / n;
}

}  // namespace detail

/// Mean loss of one data set and its gradient, as functions of θ, in evaluation mode; the GradientFunction of our
/// networks. Chunks of the data are computed in parallel; partial sums are of fixed groups of them and added in order, so that
/// the bits do not depend on the team; at most 8 of its threads have work. Beside θ and the gradient it holds 8 gradients, one
/// in double, and the activations of a chunk for each thread. Network and data must outlive it.
template <std::floating_point Scalar>
class NetworkGradient {
 public:
  /// Throws: Error when the data set does not fit the network and the loss, or the network has buffers.
  NetworkGradient(const Network<Scalar>& network, const Dataset<Scalar>& data, ThreadTeam team,
                  LossOf<Scalar> loss = CrossEntropy())
      : chunks_(network, data), team_(team), loss_(std::move(loss)) {
    require_fit(network, data, loss_);
    require(network.layout().buffer_count() == 0, "gradient_function: the network has buffers (",
            network.layout().buffer_count(), " values, the first in '",
            network.layout().buffers.empty() ? "" : network.layout().buffers.front().name,
            "'), which depend on θ in a way that is not differentiated; mean_gradient takes them as constants");
  }

  /// gradient ← ∂L/∂θ; returns L. Throws: Error when a length is not that of θ.
  double operator()(std::span<const Scalar> theta, std::span<Scalar> gradient) const {
    const Index parameters = chunks_.network().layout().parameter_count();
    require(static_cast<Index>(theta.size()) == parameters && static_cast<Index>(gradient.size()) == parameters,
            "gradient_function: θ has ", theta.size(), " entries and the gradient ", gradient.size(), "; the network has ",
            parameters, " parameters");
    return detail::dataset_gradient<Scalar>(chunks_, loss_, theta, {}, team_, gradient);
  }

 private:
  detail::DatasetChunks<Scalar> chunks_;
  ThreadTeam team_;
  AnyLoss<Scalar> loss_;
};
static_assert(GradientFunction<const NetworkGradient<float>, float>);

/// The gradient of network's loss on data, with the threads of team: what barrier_contributions takes.
template <std::floating_point Scalar>
NetworkGradient<Scalar> gradient_function(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                          ThreadTeam team = ThreadTeam(), LossOf<Scalar> loss = CrossEntropy()) {
  return NetworkGradient<Scalar>(network, data, team, std::move(loss));
}
/// A compile error that says why: the function would outlive a temporary network or data set.
template <class N, class... Rest>
  requires detail::HasTemporary<N, Rest...>
NetworkGradient<typename detail::ScalarOf<std::remove_cvref_t<N>>::type> gradient_function(N&&, Rest&&...) {
  detail::refuse_temporary<N, Rest...>();
}
/// The same for `gradient_function<float>(…)`.
template <std::floating_point Scalar, class... Arguments>
  requires detail::HasTemporary<Arguments...>
NetworkGradient<Scalar> gradient_function(Arguments&&...) {
  detail::refuse_temporary<Arguments...>();
}

/// What mean_gradient() computes.
template <class Scalar>
struct LossGradient {
  double loss = 0;               // mean loss
  std::vector<Scalar> gradient;  // ∂loss/∂θ
};

/// Loss and gradient of one state on data, as NetworkGradient; buffers, such as running statistics, are constants.
/// Throws: Error when state or data do not fit the network, or the loss the data.
template <std::floating_point Scalar>
LossGradient<Scalar> mean_gradient(const Network<Scalar>& network, const ModelState<Scalar>& state, const Dataset<Scalar>& data,
                                   const ThreadTeam& team = ThreadTeam(), const LossOf<Scalar>& loss = CrossEntropy()) {
  const detail::DatasetChunks<Scalar> chunks(network, data);
  require_fit(network, data, loss);
  detail::require_state("mean_gradient", network, state);
  LossGradient<Scalar> result{.gradient = std::vector<Scalar>(state.parameters.size())};
  result.loss = detail::dataset_gradient<Scalar>(chunks, loss, state.parameters, state.buffers, team, result.gradient);
  return result;
}

}  // namespace lmc
