// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/views.hpp>
#include <lmc/layers/layer.hpp>

namespace lmc {

/// y = x with all axes of an example in one, row-major; backward: dx = dy. A Dense takes an image as it is; what comes after a
/// Flatten still knows the image's axes, so that its weights are [out, rows, cols, channels] with a permutation group each.
/// Takes any shape; no parameters, no cache.
template <std::floating_point Scalar>
class Flatten {
 public:
  [[nodiscard]] std::string_view kind() const { return "flatten"; }
  [[nodiscard]] std::string describe() const { return ""; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return std::nullopt; }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return in.size(); }
  void declare(LayoutBuilder&) const {}  // the axes stay in LayoutBuilder::activation
  void initialize(const InitializeArgs<Scalar>&) const {}
  [[nodiscard]] Index cache_size(Index) const { return 0; }
  [[nodiscard]] Index workspace_size(Index) const { return 0; }
  void forward(ForwardArgs<Scalar> a) const { std::ranges::copy(span_of(a.x), a.y.data()); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) std::ranges::copy(span_of(a.dy), a.dx->data());
  }
};
static_assert(Layer<Flatten<float>, float>);

}  // namespace lmc
