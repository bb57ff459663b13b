// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
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
#include <lmc/simd/layer_norm.hpp>

namespace lmc {

/// The size of a LayerNorm, and its ε.
struct LayerNormOptions {
  Shape inputs = {};      // shape of one example; it is normalized along its last axis
  double epsilon = 1e-5;  // added to the variance, positive
};

/// Layer normalization over the last axis, at every position of every example by itself, with the mean μ and the variance v
/// (divided by n) of its n entries:
///   y = (x − μ) / √(v + ε) · scale + bias.
///
/// Shapes, N = batch size: x, y [N, …, n]; scale, bias [n], which begin with 1 and 0.
/// backward, x̂ = (x − μ) / √(v + ε), D = ∂L/∂y, Σ over examples and positions, means over the n entries:
///   ∂L/∂scale += Σ D x̂     ∂L/∂bias += Σ D     ∂L/∂x = (G − mean G − x̂ mean(G x̂)) / √(v + ε),   G = scale D
/// Cache: μ and 1 / √(v + ε) of every position.
///
/// After a convolution it normalizes the channels of each position, not the whole image. Permutation groups: scale and bias
/// have that of the last axis; units that could be permuted at each position on their own become one group. After a Flatten all
/// entries of an example are normalized together, and the segments keep the axes from before it.
/// Source: arXiv:1607.06450; as torch.nn.LayerNorm(n). Throws: Error on construction, when a size or epsilon is not positive.
template <std::floating_point Scalar>
class LayerNorm {
 public:
  explicit LayerNorm(LayerNormOptions options) : o_(std::move(options)) {
    detail::require_normalization("LayerNorm", o_.inputs, o_.epsilon);
    width_ = o_.inputs[o_.inputs.rank() - 1];
  }

  [[nodiscard]] const LayerNormOptions& options() const { return o_; }

  [[nodiscard]] std::string_view kind() const { return "layer_norm"; }
  [[nodiscard]] std::string describe() const { return concat("over ", width_); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }

  void declare(LayoutBuilder& layout) const { detail::UnitArray(layout, o_.inputs).declare_scale_and_bias(layout); }
  void initialize(const InitializeArgs<Scalar>& a) const {
    std::ranges::fill(scale(a.params), Scalar(1));
    std::ranges::fill(bias(a.params), Scalar(0));
  }
  [[nodiscard]] Index cache_size(Index batch) const { return 2 * rows(batch); }

  void forward(ForwardArgs<Scalar> a) const {
    simd::layer_norm<Scalar>(by_position(a.x), scale(a.params), bias(a.params), o_.epsilon, by_position(a.y),
                             moments(a.cache, a.x.rows()));
  }
  void backward(BackwardArgs<Scalar> a) const {
    simd::layer_norm_backward<Scalar>(by_position(a.x), by_position(a.dy), scale(a.params), moments(a.cache, a.x.rows()),
                                      a.dx ? by_position(*a.dx) : MatrixView<Scalar>(nullptr, 0, 0), scale(a.dparams),
                                      bias(a.dparams));
  }
  /// Tangents, with a loop for each group; the formulas are in detail/normalization_tangent.hpp.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    detail::normalization_forward_tangent<Scalar>(groups(a), state(a), a.x.data(), a.x_tangent.data(), a.y_tangent.data());
  }
  void backward_tangent(BackwardTangentArgs<Scalar> a) const {
    detail::normalization_backward_tangent<Scalar>(
        groups(a), state(a), a.x.data(), a.x_tangent.data(), a.dy.data(), a.dy_tangent.data(), a.dx ? a.dx->data() : nullptr,
        a.dx_tangent ? a.dx_tangent->data() : nullptr, scale(a.dparams_tangent), bias(a.dparams_tangent));
  }

 private:
  template <class Args>
  [[nodiscard]] detail::NormalizedGroups groups(const Args& a) const {
    return {.groups = rows(a.x.rows()),
            .entries = width_,
            .group_stride = width_,
            .entry_stride = 1,
            .group_unit = 0,
            .entry_unit = 1};
  }
  template <class Args>
  [[nodiscard]] detail::NormalizationState<Scalar> state(const Args& a) const {
    const auto at = moments(a.cache, a.x.rows());
    return {at.mean, at.inverse_deviation, scale(a.params), scale(a.params_tangent), bias(a.params_tangent)};
  }
  [[nodiscard]] Index rows(Index batch) const { return batch * (o_.inputs.size() / width_); }
  template <class View>
  View by_position(View examples) const {
    return {examples.data(), rows(examples.rows()), width_};
  }
  template <class T>
  simd::RowMoments<T> moments(std::span<T> cache, Index batch) const {
    return {slice(cache, 0, rows(batch)), slice(cache, rows(batch), rows(batch))};
  }
  template <class T>
  auto scale(std::span<T> params) const {
    return slice(params, 0, width_);
  }
  template <class T>
  auto bias(std::span<T> params) const {
    return slice(params, width_, width_);
  }

  LayerNormOptions o_;
  Index width_ = 0;
};
static_assert(Layer<LayerNorm<float>, float>);

}  // namespace lmc
