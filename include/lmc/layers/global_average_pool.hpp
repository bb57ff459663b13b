// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include <lmc/core/error.hpp>
#include <lmc/layers/detail/channel_groups.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/pooling.hpp>

namespace lmc {

/// The positions and channels that a GlobalAveragePool receives.
struct GlobalAveragePoolOptions {
  Shape inputs = {};  // shape of one example: [rows, cols, channels], or [tokens, width]; every axis > 0
};

/// The mean over all positions of an example, channel by channel: y[k] = 1 / positions · Σ x[…, k], added in order.
/// backward: dx[…, k] = dy[k] / positions.
///
/// Shapes, N = batch size: x [N, …, channels], y [N, channels]. No parameters, no cache. Where channels could be permuted at
/// each position on their own, they become one group. Source: arXiv:1312.4400.
/// Throws: Error on construction, when there is no axis of positions, or a size is not positive.
template <std::floating_point Scalar>
class GlobalAveragePool {
 public:
  static constexpr bool scales_units = true, linear = true;

  explicit GlobalAveragePool(GlobalAveragePoolOptions options) : o_(std::move(options)) {
    require(o_.inputs.rank() > 1 && o_.inputs.is_positive(), "GlobalAveragePool: inputs = ", o_.inputs,
            "; expected positions and channels, such as [rows, cols, channels], with positive "
            "lengths");
  }

  [[nodiscard]] std::string_view kind() const { return "global_average_pool"; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return channels(); }
  void declare(LayoutBuilder& layout) const {
    detail::fix_positions(layout);
    const GroupId units = detail::shared_channel_group(layout);
    layout.activation = {channels(), {units}};
  }

  void forward(ForwardArgs<Scalar> a) const {
    for (Index i = 0; i < a.x.rows(); ++i) simd::average_rows<Scalar>(row_of(a.x, i), row_of(a.y, i));
  }
  void backward(BackwardArgs<Scalar> a) const {
    if (!a.dx) return;
    for (Index i = 0; i < a.x.rows(); ++i) simd::average_rows_backward<Scalar>(row_of(a.dy, i), row_of(*a.dx, i));
  }

 private:
  [[nodiscard]] Index channels() const { return o_.inputs[o_.inputs.rank() - 1]; }

  GlobalAveragePoolOptions o_;
};
static_assert(Layer<GlobalAveragePool<float>, float>);

}  // namespace lmc
