// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/add_scaled.hpp>
#include <lmc/simd/lerp.hpp>

namespace lmc::detail {

/// A network cut behind its first layer with parameters, which is affine in them; with θ = (θ_head, θ_tail),
///   logits(θ, x) = tail(θ_tail, rectify(head(θ_head, x))),
/// where rectify is the (leaky) ReLU that follows, if one does. On the line between a and b therefore
///   head(θ_head(α), x) = ᾱ head(a_head, x) + α head(b_head, x).
/// The network must outlive it.
template <std::floating_point Scalar>
class SplitNetwork {
 public:
  /// Nothing for a network with buffers, or whose first layer with parameters does not say that it is affine in them (a nested
  /// network does not).
  static std::optional<SplitNetwork> of(const Network<Scalar>& network) {
    const auto& parts = network.parts();
    const auto first = std::find_if(parts.begin(), parts.end(), [](const auto& part) { return part.params.count > 0; });
    if (network.layout().buffer_count() > 0 || first == parts.end() || !first->layer.affine_in_parameters())
      return std::nullopt;
    const auto layers = [](auto begin, auto end) {
      std::vector<AnyLayer<Scalar>> copies;
      for (; begin != end; ++begin) copies.push_back(begin->layer);
      return copies;
    };
    SplitNetwork split(Network<Scalar>(layers(parts.begin(), first + 1), *network.input_shape()));
    auto next = first + 1;
    if (next != parts.end()) {
      split.relu_ = next->layer.template target<Relu<Scalar>>();
      split.leaky_relu_ = next->layer.template target<LeakyRelu<Scalar>>();
      if (split.relu_ != nullptr || split.leaky_relu_ != nullptr) ++next;
    }
    if (next == parts.end()) return split;
    split.tail_.emplace(layers(next, parts.end()), std::prev(next)->output);
    return split;
  }

  [[nodiscard]] const Network<Scalar>& head() const { return head_; }
  /// None where the logits are what rectify gives.
  [[nodiscard]] const std::optional<Network<Scalar>>& tail() const { return tail_; }

  template <class T>
  [[nodiscard]] std::span<T> head_of(std::span<T> theta) const {
    return slice(theta, 0, head_.layout().parameter_count());
  }
  template <class T>
  [[nodiscard]] std::span<T> tail_of(std::span<T> theta) const {
    return theta.subspan(static_cast<std::size_t>(head_.layout().parameter_count()));
  }

  /// y ← rectify(ᾱ a + α b), a and b being outputs of head at the two ends.
  void between(std::span<const Scalar> a, std::span<const Scalar> b, const PathWeights& at, std::span<Scalar> y) const {
    if (relu_ != nullptr) {
      simd::lerp_relu(a, b, at.alpha, at.alpha_bar, y);
    } else if (leaky_relu_ != nullptr) {
      simd::lerp_leaky_relu(a, b, at.alpha, at.alpha_bar, leaky_relu_->slope(), y);
    } else {
      simd::lerp(a, b, at.alpha, at.alpha_bar, y);
    }
  }
  /// y ← rectify(x + scale · d), x and d being such outputs, or sums of them.
  void rectified_sum(std::span<const Scalar> x, Scalar scale, std::span<const Scalar> d, std::span<Scalar> y) const {
    if (relu_ != nullptr) {
      simd::add_scaled_relu(x, scale, d, y);
    } else if (leaky_relu_ != nullptr) {
      simd::add_scaled_leaky_relu(x, scale, d, leaky_relu_->slope(), y);
    } else {
      simd::add_scaled(x, scale, d, y);
    }
  }

 private:
  explicit SplitNetwork(Network<Scalar> head) : head_(std::move(head)) {}

  Network<Scalar> head_;
  const Relu<Scalar>* relu_ = nullptr;
  const LeakyRelu<Scalar>* leaky_relu_ = nullptr;
  std::optional<Network<Scalar>> tail_;
};

}  // namespace lmc::detail
