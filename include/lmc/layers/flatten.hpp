// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <string_view>

#include <lmc/layers/element_wise.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// y = x with all axes of an example in one, row-major; backward: dx = dy. A Dense takes an image as it is; what comes after a
/// Flatten still knows the image's axes, so that its weights are [out, rows, cols, channels] with a permutation group each.
/// Takes any shape; no parameters, no cache.
template <std::floating_point Scalar>
class Flatten : public ElementWise {
 public:
  static constexpr bool scales_units = true, linear = true;

  [[nodiscard]] std::string_view kind() const { return "flatten"; }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return in.size(); }  // the axes stay in LayoutBuilder::activation
  void forward(ForwardArgs<Scalar> a) const { std::ranges::copy(span_of(a.x), a.y.data()); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) std::ranges::copy(span_of(a.dy), a.dx->data());
  }
};
static_assert(Layer<Flatten<float>, float>);

}  // namespace lmc
