// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <string_view>

#include <lmc/layers/element_wise.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/tanh.hpp>

namespace lmc {

/// Hyperbolic tangent, element by element: y = tanh x; backward: dx = dy (1 − y²).
/// Takes any shape; no parameters, no cache.
template <std::floating_point Scalar>
class Tanh : public ElementWise {
 public:
  static constexpr bool works_in_place = true;

  [[nodiscard]] std::string_view kind() const { return "tanh"; }
  void forward(ForwardArgs<Scalar> a) const { simd::tanh(span_of(a.x), span_of(a.y)); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) simd::tanh_backward(span_of(a.y), span_of(a.dy), span_of(*a.dx));
  }
  /// ẏ = ẋ (1 − y²).
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    simd::tanh_backward(span_of(a.y), span_of(a.x_tangent), span_of(a.y_tangent));
  }
  /// ḋx = ḋy (1 − y²) − 2 y ẏ dy.
  void backward_tangent(BackwardTangentArgs<Scalar> a) const {
    if (!a.dx) return;
    simd::tanh_backward(span_of(a.y), span_of(a.dy), span_of(*a.dx));
    simd::tanh_backward(span_of(a.y), span_of(a.dy_tangent), span_of(*a.dx_tangent));
    a.dx_tangent->array() -= Scalar(2) * a.y.array() * a.y_tangent.array() * a.dy.array();
  }
};
static_assert(Layer<Tanh<float>, float>);

}  // namespace lmc
