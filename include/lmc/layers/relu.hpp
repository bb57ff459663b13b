// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <string_view>

#include <lmc/layers/element_wise.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/relu.hpp>

namespace lmc {

/// Rectified linear unit, element by element: y = max(x, 0); backward: dx = dy where y > 0, else 0. NaN stays NaN.
/// Takes any shape; no parameters, no cache.
template <std::floating_point Scalar>
class Relu : public ElementWise {
 public:
  static constexpr bool works_in_place = true, scales_units = true;
  static constexpr bool linear = true;

  [[nodiscard]] std::string_view kind() const { return "relu"; }
  void forward(ForwardArgs<Scalar> a) const { simd::relu(span_of(a.x), span_of(a.y)); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) simd::relu_backward(span_of(a.y), span_of(a.dy), span_of(*a.dx));
  }
  /// ẏ = ẋ where y > 0, else 0: the derivative almost everywhere; nothing is said of the kink.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    simd::relu_backward(span_of(a.y), span_of(a.x_tangent), span_of(a.y_tangent));
  }
};
static_assert(Layer<Relu<float>, float>);

}  // namespace lmc
