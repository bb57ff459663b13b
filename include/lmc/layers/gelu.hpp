// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <numbers>
#include <string_view>

#include <lmc/layers/element_wise.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/gelu.hpp>

namespace lmc {

/// Gaussian error linear unit, element by element: y = x Φ(x), Φ the distribution function of the standard normal distribution;
/// backward: dx = dy (Φ(x) + x φ(x)). The exact one, torch's default, not its tanh approximation.
/// Takes any shape; no parameters, no cache. Source: arXiv:1606.08415.
template <std::floating_point Scalar>
class Gelu : public ElementWise {
 public:
  [[nodiscard]] std::string_view kind() const { return "gelu"; }
  void forward(ForwardArgs<Scalar> a) const { simd::gelu(span_of(a.x), span_of(a.y)); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) simd::gelu_backward(span_of(a.x), span_of(a.dy), span_of(*a.dx));
  }
  /// ẏ = ẋ (Φ(x) + x φ(x)).
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    simd::gelu_backward(span_of(a.x), span_of(a.x_tangent), span_of(a.y_tangent));
  }
  /// ḋx = ḋy (Φ(x) + x φ(x)) + dy ẋ φ(x) (2 − x²).
  void backward_tangent(BackwardTangentArgs<Scalar> a) const {
    if (!a.dx) return;
    simd::gelu_backward(span_of(a.x), span_of(a.dy), span_of(*a.dx));
    simd::gelu_backward(span_of(a.x), span_of(a.dy_tangent), span_of(*a.dx_tangent));
    constexpr auto density = static_cast<Scalar>(0.5 * std::numbers::inv_sqrtpi * std::numbers::sqrt2);  // 1/√(2π)
    const auto square = a.x.array().square();
    a.dx_tangent->array() += a.dy.array() * a.x_tangent.array() * density * (square / Scalar(-2)).exp() * (Scalar(2) - square);
  }
};
static_assert(Layer<Gelu<float>, float>);

}  // namespace lmc
