// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/core/window.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/pooling.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/pooling.hpp>

namespace lmc {

/// The mean under a sliding window, channel by channel.
///
/// Shapes, N = batch size; Window says how many output positions there are, and which input a tap lies over:
///   x [N, rows, cols, channels]   y [N, out rows, out cols, channels]
///   y[r, c, k] = 1 / kernel.size() · Σ over taps (i, j) of x[r · stride + i − padding, c · stride + j − padding, k]
/// where x is 0 in the padding, which counts, as in torch.nn.AvgPool2d with its default count_include_pad.
/// backward: dx = Σ of dy / kernel.size() over the windows that the entry is under.
/// No parameters, no cache. Where channels could be permuted at each position on their own, those of a window become one group.
/// Throws: Error on construction, as Window does.
template <std::floating_point Scalar>
class AveragePool2d {
 public:
  static constexpr bool scales_units = true, linear = true;

  explicit AveragePool2d(Pool2dOptions options) : o_(std::move(options)), window_(detail::pool_window("AveragePool2d", o_)) {}

  /// The geometry: the number of output positions, and the input under each tap.
  [[nodiscard]] const Window& window() const { return window_; }

  [[nodiscard]] std::string_view kind() const { return "average_pool"; }
  [[nodiscard]] std::string describe() const { return detail::describe_pool(window_); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return {window_.out.rows, window_.out.cols, o_.inputs[2]}; }
  void declare(LayoutBuilder& layout) const { detail::declare_pool(layout, window_); }

  void forward(ForwardArgs<Scalar> a) const {
    for (Index i = 0; i < a.x.rows(); ++i) simd::average_pool<Scalar>(window_, o_.inputs[2], row_of(a.x, i), row_of(a.y, i));
  }
  void backward(BackwardArgs<Scalar> a) const {
    if (!a.dx) return;
    for (Index i = 0; i < a.x.rows(); ++i)
      simd::average_pool_backward<Scalar>(window_, o_.inputs[2], row_of(a.dy, i), row_of(*a.dx, i));
  }

 private:
  Pool2dOptions o_;
  Window window_;
};
static_assert(Layer<AveragePool2d<float>, float>);

}  // namespace lmc
