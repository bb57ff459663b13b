// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/layers/element_wise.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/layers/tangent.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/relu.hpp>

namespace lmc {

/// The slope of a LeakyRelu.
struct LeakyReluOptions {
  double slope = 0.01;  // y / x for negative x, in [0, 1]: 0 is ReLU, 1 the identity
};

/// Leaky rectified linear unit, element by element: y = x where x > 0, else slope · x; backward: dx = dy where y > 0, else
/// slope · dy. NaN stays NaN. Takes any shape; no parameters, no cache.
/// Throws: Error on construction, when slope is outside [0, 1].
template <std::floating_point Scalar>
class LeakyRelu : public ElementWise {
 public:
  static constexpr bool works_in_place = true, scales_units = true;
  static constexpr bool linear = true;

  explicit LeakyRelu(LeakyReluOptions options) : o_(options) {
    require(o_.slope >= 0 && o_.slope <= 1, "LeakyRelu: slope = ", o_.slope, "; expected 0 (ReLU) to 1 (identity)");
  }
  /// y / x for negative x.
  [[nodiscard]] Scalar slope() const { return static_cast<Scalar>(o_.slope); }

  [[nodiscard]] std::string_view kind() const { return "leaky_relu"; }
  [[nodiscard]] std::string describe() const { return concat("slope ", o_.slope); }
  void forward(ForwardArgs<Scalar> a) const { simd::leaky_relu(span_of(a.x), slope(), span_of(a.y)); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) simd::leaky_relu_backward(span_of(a.y), span_of(a.dy), slope(), span_of(*a.dx));
  }
  /// ẏ = ẋ where y > 0, else slope · ẋ: the derivative almost everywhere; nothing is said of the kink.
  void forward_tangent(ForwardTangentArgs<Scalar> a) const {
    simd::leaky_relu_backward(span_of(a.y), span_of(a.x_tangent), slope(), span_of(a.y_tangent));
  }

 private:
  LeakyReluOptions o_;
};
static_assert(Layer<LeakyRelu<float>, float>);

}  // namespace lmc
