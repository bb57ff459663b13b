// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/views.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/simd/tanh.hpp>

namespace lmc {

/// Hyperbolic tangent, element by element: y = tanh x; backward: dx = dy (1 − y²).
/// Takes any shape; no parameters, no cache.
template <std::floating_point Scalar>
class Tanh {
 public:
  [[nodiscard]] std::string_view kind() const { return "tanh"; }
  [[nodiscard]] std::string describe() const { return ""; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return std::nullopt; }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return in; }
  void declare(LayoutBuilder&) const {}
  void initialize(const InitializeArgs<Scalar>&) const {}
  [[nodiscard]] Index cache_size(Index) const { return 0; }
  [[nodiscard]] Index workspace_size(Index) const { return 0; }
  void forward(ForwardArgs<Scalar> a) const { tanh(span_of(a.x), span_of(a.y)); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) tanh_backward(span_of(a.y), span_of(a.dy), span_of(*a.dx));
  }
};
static_assert(Layer<Tanh<float>, float>);

}  // namespace lmc
