// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/core/window.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/pooling.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/pooling.hpp>

namespace lmc {

/// The greatest value under a sliding window, channel by channel.
///
/// Shapes, N = batch size; Window says how many output positions there are, and which input a tap lies over:
///   x [N, rows, cols, channels]   y [N, out rows, out cols, channels]
///   y[r, c, k] = max over taps (i, j) of x[r · stride + i − padding, c · stride + j − padding, k], those in the padding left
///   out
/// backward: dx = Σ of the dy of the windows whose maximum the entry is. Of equal entries of a window it is the first; of NaN,
/// the last. As torch.nn.MaxPool2d. No parameters. Cache: the tap of every maximum. Where channels could be permuted at each
/// position on their own, those of a window become one group. Throws: Error on construction, as Window does.
template <std::floating_point Scalar>
class MaxPool2d {
 public:
  static constexpr bool scales_units = true, linear = true;

  explicit MaxPool2d(Pool2dOptions options) : o_(std::move(options)), window_(detail::pool_window("MaxPool2d", o_)) {}

  /// The geometry: the number of output positions, and the input under each tap.
  [[nodiscard]] const Window& window() const { return window_; }

  [[nodiscard]] std::string_view kind() const { return "max_pool"; }
  [[nodiscard]] std::string describe() const { return detail::describe_pool(window_); }
  [[nodiscard]] std::optional<Shape> input_shape() const { return o_.inputs; }
  [[nodiscard]] Shape output_shape(const Shape&) const { return {window_.out.rows, window_.out.cols, o_.inputs[2]}; }
  void declare(LayoutBuilder& layout) const { detail::declare_pool(layout, window_); }
  [[nodiscard]] Index cache_size(Index batch) const { return batch * window_.out.size() * o_.inputs[2]; }

  void forward(ForwardArgs<Scalar> a) const {
    const Index size = a.y.cols();
    for (Index i = 0; i < a.x.rows(); ++i)
      simd::max_pool<Scalar>(window_, o_.inputs[2], row_of(a.x, i), row_of(a.y, i), slice(a.cache, i * size, size));
  }
  void backward(BackwardArgs<Scalar> a) const {
    if (!a.dx) return;
    const Index size = a.y.cols();
    for (Index i = 0; i < a.x.rows(); ++i)
      simd::max_pool_backward<Scalar>(window_, o_.inputs[2], slice(a.cache, i * size, size), row_of(a.dy, i), row_of(*a.dx, i));
  }
  /// ẏ = ẋ at the tap of each maximum.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    const Index channels = o_.inputs[2], size = a.y.cols();
    for (Index i = 0; i < a.x.rows(); ++i)
      for (Index j = 0; j < size; ++j) {
        const auto tap = static_cast<Index>(a.cache[static_cast<std::size_t>(i * size + j)]);
        const Index position = j / channels, row = window_.in_row(position / window_.out.cols, tap / window_.kernel.cols),
                    col = window_.in_col(position % window_.out.cols, tap % window_.kernel.cols);
        a.y_tangent(i, j) = a.x_tangent(i, (row * window_.in.cols + col) * channels + j % channels);
      }
  }

 private:
  Pool2dOptions o_;
  Window window_;
};
static_assert(Layer<MaxPool2d<float>, float>);

}  // namespace lmc
