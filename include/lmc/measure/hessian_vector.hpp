// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/loss/any_loss.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/measure/detail/dataset_chunks.hpp>
#include <lmc/measure/detail/hessian_passes.hpp>
#include <lmc/measure/detail/sum_in_groups.hpp>
#include <lmc/measure/detail/temporaries.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

// Products of the Hessian of a network's loss with vectors: H v, without H.

namespace lmc {

/// H(θ) v, H = ∂²L/∂θ² of the mean loss L over one data set, in evaluation mode: no weight decay, no noise; buffers, such as running
/// statistics, are constants. By Pearlmutter's R operator through every layer (lmc/layers/tangent.hpp), exact where derivatives exist.
/// At the kinks of ReLU, leaky ReLU and max pooling it is the derivative almost everywhere: H is that of the linear piece that θ is in,
/// and says nothing of how the gradient jumps between pieces.
///
/// Chunks of the data are computed in parallel, as the gradient's: partial sums are of fixed groups and added in order, so that the bits
/// do not depend on the team, of which 8 threads have work. It costs about one gradient where the first layer is the largest, 3 for many
/// equal layers. Beside v it holds 8 vectors as long as θ, one in double, and twice the activations of a chunk for each thread. v and the
/// product are double; a network of float computes in float, where the relative error is about 1e-6 of the largest eigenvalue.
/// Network and data must outlive it.
template <std::floating_point Scalar>
class NetworkHessian {
 public:
  /// Throws: Error when the data set does not fit the network and the loss, a layer or the loss has no derivative along a
  /// direction, or there are not as many buffer values as the network has.
  NetworkHessian(std::string_view who, const Network<Scalar>& network, const Dataset<Scalar>& data, std::vector<Scalar> buffers,
                 ThreadTeam team, LossOf<Scalar> loss)
      : chunks_(network, data), buffers_(std::move(buffers)), team_(team), loss_(std::move(loss)) {
    require_fit(network, data, loss_);
    detail::require_tangents(who, AnyLayer<Scalar>(network));
    require(
        loss_.has_tangent(), who, ": the loss ", loss_.name(),
        " has no derivative along a direction; expected a member tangent (lmc/loss/loss.hpp); or take difference_hessian, which needs "
        "gradients alone");
  }

  /// The length of θ.
  [[nodiscard]] Index size() const { return chunks_.network().layout().parameter_count(); }

  /// product ← H(θ) v. Throws: Error when a length is not that of θ, v is not finite, or the product is not.
  void operator()(std::span<const Scalar> theta, std::span<const double> v, std::span<double> product) const {
    const auto n = static_cast<std::size_t>(size());
    require(theta.size() == n && v.size() == n && product.size() == n, "hessian: θ has ", theta.size(), " entries, v ",
            v.size(), " and the product ", product.size(), "; the network has ", n, " parameters");
    const double factor = detail::power_of_two_above(v);  // so that v keeps to the range of Scalar
    std::vector<Scalar> direction(n);
    std::transform(v.begin(), v.end(), direction.begin(), [&](double x) { return static_cast<Scalar>(x / factor); });
    const double share = 1 / static_cast<double>(chunks_.examples());
    const Network<Scalar>& network = chunks_.network();
    TeamMemory<Scalar> memories(network, chunks_.part(), team_, loss_);
    std::vector<Scalar> unwritten = buffers_;  // not in evaluation mode
    const std::vector<double> sum =
        detail::sum_in_groups<Scalar>(chunks_.count(), size(), team_, [&](Index c, int worker, std::span<Scalar> partial) {
          BatchMemory<Scalar>& memory = memories(worker);
          chunks_.for_parts(c, memory, [&](Index, Index batch) {
            memory.forward(network, theta, unwritten, batch, Mode::evaluation);
            detail::add_hessian_product<Scalar>(network, theta, direction, buffers_, memory, batch, share, partial);
          });
        });
    bool finite = true;
    for (std::size_t i = 0; i < n; ++i) finite = std::isfinite(product[i] = factor * sum[i]) && finite;
    require(
        finite,
        "hessian: the product H v is not finite at this θ; did the training diverge, or is θ too large for the numbers of the "
        "network? Measure the loss there first");
  }

 private:
  detail::DatasetChunks<Scalar> chunks_;
  std::vector<Scalar> buffers_;
  ThreadTeam team_;
  AnyLoss<Scalar> loss_;
};

/// (θ, v, Hv) → Hv of network's loss on data, with the threads of team: for what needs the curvature at more than one θ. Throws: Error
/// as NetworkHessian, and when the network has buffers, which depend on θ: take hessian_at for one state.
template <std::floating_point Scalar>
NetworkHessian<Scalar> hessian_function(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                        ThreadTeam team = ThreadTeam(), LossOf<Scalar> loss = CrossEntropy()) {
  const ParameterLayout& layout = network.layout();
  require(layout.buffer_count() == 0, "hessian_function: the network has buffers (", layout.buffer_count(),
          " values, the first in '", layout.buffers.empty() ? "" : layout.buffers.front().name,
          "'), which depend on θ in a way that is not differentiated; hessian_at takes those of a state as constants");
  return NetworkHessian<Scalar>("hessian_function", network, data, {}, team, std::move(loss));
}
/// A compile error that says why: the function would outlive a temporary network or data set.
template <class N, class... Rest>
  requires detail::HasTemporary<N, Rest...>
NetworkHessian<typename detail::ScalarOf<std::remove_cvref_t<N>>::type> hessian_function(N&&, Rest&&...) {
  detail::refuse_temporary<N, Rest...>();
}

/// (v, Hv) → Hv at one state of a network, whose buffers are constants.
template <std::floating_point Scalar>
class StateHessian {
 public:
  /// The Hessian of `function` at θ.
  StateHessian(NetworkHessian<Scalar> function, std::vector<Scalar> theta)
      : function_(std::move(function)), theta_(std::move(theta)) {}
  /// The length of θ.
  [[nodiscard]] Index size() const { return function_.size(); }
  /// product ← H v. Throws: Error as NetworkHessian.
  void operator()(std::span<const double> v, std::span<double> product) const { function_(theta_, v, product); }

 private:
  NetworkHessian<Scalar> function_;
  std::vector<Scalar> theta_;
};

/// The Hessian of network's loss on data at a state, as a function of v: what lmc/curvature/ takes. With BatchNorm it is that of the
/// function which evaluation computes, with the state's running statistics; that of a training step, whose statistics move with θ, is
/// another. Throws: Error as NetworkHessian, and when the state does not fit the network.
template <std::floating_point Scalar>
StateHessian<Scalar> hessian_at(const Network<Scalar>& network, const ModelState<Scalar>& state, const Dataset<Scalar>& data,
                                ThreadTeam team = ThreadTeam(), LossOf<Scalar> loss = CrossEntropy()) {
  detail::require_state("hessian_at", network, state);
  return {NetworkHessian<Scalar>("hessian_at", network, data, state.buffers, team, std::move(loss)), state.parameters};
}
/// A compile error that says why: the function would outlive a temporary network or data set.
template <class N, class... Rest>
  requires detail::HasTemporary<N, Rest...>
StateHessian<typename detail::ScalarOf<std::remove_cvref_t<N>>::type> hessian_at(N&&, Rest&&...) {
  detail::refuse_temporary<N, Rest...>();
}

/// H v, as a vector, at a state. Throws: Error as hessian_at, and when v does not have one entry for each parameter.
template <std::floating_point Scalar>
std::vector<double> hessian_vector_product(const Network<Scalar>& network, const ModelState<Scalar>& state,
                                           const Dataset<Scalar>& data, std::span<const double> v,
                                           const ThreadTeam& team = ThreadTeam(), const LossOf<Scalar>& loss = CrossEntropy()) {
  std::vector<double> product(state.parameters.size());
  hessian_at(network, state, data, team, loss)(v, product);
  return product;
}

}  // namespace lmc
