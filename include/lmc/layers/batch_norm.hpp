// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/layers/detail/normalization_tangent.hpp>
#include <lmc/layers/detail/scale_and_bias.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/batch_norm.hpp>

namespace lmc {

/// The size of a BatchNorm, and how it takes its statistics.
struct BatchNormOptions {
  Shape inputs = {};      // shape of one example; its last axis are the channels
  double epsilon = 1e-5;  // added to the variance, positive
  double momentum = 0.1;  // weight of one batch in the running statistics, in [0, 1]
};

/// Batch normalization of every channel, the last axis of an example:
///   y = (x − μ_c) / √(v_c + ε) · scale_c + bias_c.
///
/// Shapes, N = batch size: x, y [N, …, channels]; scale, bias and the buffers mean, variance [channels]. They begin with 1, 0,
/// 0, 1. In training, μ and v are mean and variance over the n entries that a batch has of the channel, n = N · positions: v
/// divided by n; and
///   mean ← (1 − momentum) mean + momentum μ      variance ← (1 − momentum) variance + momentum v n / (n − 1).
/// In calibration the same, with mean ← μ and variance ← v n / (n − 1). In evaluation μ and v are the buffers: then alone is an
/// example's y independent of the batch around it.
/// backward, x̂ = (x − μ) / √(v + ε), D = ∂L/∂y, Σ over the n entries of the channel:
///   ∂L/∂scale += Σ D x̂      ∂L/∂bias += Σ D      ∂L/∂x = scale / √(v + ε) · (D − (Σ D + x̂ Σ D x̂) / n)
/// and after a forward pass in evaluation, where μ and v are constants, ∂L/∂x = scale / √(v + ε) · D.
/// Sums are in fixed blocks: the bits do not depend on threads. Cache: μ, 1 / √(v + ε), and which of the two derivatives holds.
///
/// Permutation groups: scale and bias are shared by all positions, so channels that could be permuted at each position on their
/// own become one group. After a Flatten every entry is a channel, and the segments keep the axes from before it.
/// Source: arXiv:1502.03167; as torch.nn.BatchNorm1d and 2d.
/// Throws: Error on construction, when a size or epsilon is not positive, or momentum is outside [0, 1]; in forward, when a
/// batch has one entry per channel, which has no variance.
template <std::floating_point Scalar>
class BatchNorm {
 public:
  explicit BatchNorm(BatchNormOptions options) : o_(std::move(options)) {
    detail::require_normalization("BatchNorm", o_.inputs, o_.epsilon);
    require(o_.momentum >= 0 && o_.momentum <= 1, "BatchNorm: momentum = ", o_.momentum, "; expected a weight in [0, 1]");
    channels_ = o_.inputs[o_.inputs.rank() - 1];
  }

  [[nodiscard]] const BatchNormOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "batch_norm"; }
  [[nodiscard]] std::string describe() const { return concat(channels_, " channels"); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }

  void declare(LayoutBuilder& layout) const {
    const detail::UnitArray units(layout, o_.inputs);
    units.declare_scale_and_bias(layout);
    layout.add_buffer("mean", units.shape, Role::mean, units.groups);
    layout.add_buffer("variance", units.shape, Role::variance, units.groups);
  }
  void initialize(const InitializeArgs<Scalar>& a) const {
    std::ranges::fill(first(a.params), Scalar(1));
    std::ranges::fill(second(a.params), Scalar(0));
    std::ranges::fill(first(a.buffers), Scalar(0));
    std::ranges::fill(second(a.buffers), Scalar(1));
  }
  [[nodiscard]] Index cache_size(Index) const { return 2 * channels_ + 1; }
  [[nodiscard]] Index workspace_size(Index) const {
    return static_cast<Index>(simd::batch_norm_workspace<Scalar>(static_cast<std::size_t>(channels_)));
  }

  void forward(ForwardArgs<Scalar> a) const {
    const std::span<Scalar> mean = first(a.cache), inverse_deviation = second(a.cache);
    const bool of_batch = a.mode != Mode::evaluation;
    a.cache[static_cast<std::size_t>(2 * channels_)] = of_batch ? Scalar(1) : Scalar(0);
    const auto set = [&](std::size_t c, double mu, double v) {
      mean[c] = static_cast<Scalar>(mu);
      inverse_deviation[c] = static_cast<Scalar>(1 / std::sqrt(v + o_.epsilon));
    };
    const std::span<Scalar> running_mean = first(a.buffers), running_variance = second(a.buffers);
    if (of_batch) {
      const Index n = a.x.size() / channels_;
      require(n > 1, "BatchNorm (", o_.inputs,
              "): a batch of 1 example has 1 value per channel, whose variance is not defined; expected "
              "more than 1 value in training: use another batch size, or leave out the short last batch of an epoch");
      const double unbiased = static_cast<double>(n) / static_cast<double>(n - 1);
      const double weight = a.mode == Mode::training ? o_.momentum : 1;
      const auto take = [&](std::size_t c, double mu, double v) {
        set(c, mu, v);
        const auto move = [weight](Scalar& statistic, double value) {
          const double before = weight == 1 ? 0 : static_cast<double>(statistic);  // it may be NaN
          statistic = static_cast<Scalar>((1 - weight) * before + weight * value);
        };
        move(running_mean[c], mu);
        move(running_variance[c], v * unbiased);
      };
      simd::channel_moments<Scalar>(span_of(a.x), static_cast<std::size_t>(channels_), a.workspace, take);
    } else {
      for (std::size_t c = 0; c < mean.size(); ++c)
        set(c, static_cast<double>(running_mean[c]), static_cast<double>(running_variance[c]));
    }
    simd::normalize_channels<Scalar>(span_of(a.x), mean, inverse_deviation, first(a.params), second(a.params), span_of(a.y),
                                     a.workspace);
  }
  void backward(BackwardArgs<Scalar> a) const {
    const bool of_batch = a.cache[static_cast<std::size_t>(2 * channels_)] != 0;
    simd::normalize_channels_backward<Scalar>(span_of(a.x), span_of(a.dy), first(a.cache), second(a.cache), first(a.params),
                                              of_batch, a.dx ? span_of(*a.dx) : std::span<Scalar>(), first(a.dparams),
                                              second(a.dparams), a.workspace);
  }
  /// Tangents, with a loop for each group; the formulas are in detail/normalization_tangent.hpp. Where the
  /// forward pass took the statistics of its batch, they move with x; where it took the buffers, they are constants.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    detail::normalization_forward_tangent<Scalar>(groups(a), state(a), a.x.data(), a.x_tangent.data(), a.y_tangent.data());
  }
  void backward_tangent(BackwardTangentArgs<Scalar> a) const {
    detail::normalization_backward_tangent<Scalar>(
        groups(a), state(a), a.x.data(), a.x_tangent.data(), a.dy.data(), a.dy_tangent.data(), a.dx ? a.dx->data() : nullptr,
        a.dx_tangent ? a.dx_tangent->data() : nullptr, first(a.dparams_tangent), second(a.dparams_tangent));
  }

 private:
  template <class Args>
  [[nodiscard]] detail::NormalizedGroups groups(const Args& a) const {
    return {.groups = channels_,
            .entries = a.x.size() / channels_,
            .group_stride = 1,
            .entry_stride = channels_,
            .group_unit = 1,
            .entry_unit = 0,
            .of_batch = a.cache[static_cast<std::size_t>(2 * channels_)] != 0};
  }
  template <class Args>
  [[nodiscard]] detail::NormalizationState<Scalar> state(const Args& a) const {
    return {first(a.cache), second(a.cache), first(a.params), first(a.params_tangent), second(a.params_tangent)};
  }
  // The first and the second of two arrays that lie one behind the other, with one entry per channel: scale and bias, or mean
  // and variance.
  template <class T>
  auto first(std::span<T> values) const {
    return slice(values, 0, channels_);
  }
  template <class T>
  auto second(std::span<T> values) const {
    return slice(values, channels_, channels_);
  }

  BatchNormOptions o_;
  Index channels_ = 0;
};
static_assert(Layer<BatchNorm<float>, float>);

}  // namespace lmc
