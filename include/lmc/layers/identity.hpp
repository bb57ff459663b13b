// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <string_view>

#include <lmc/layers/element_wise.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// y = x; backward: dx = dy. In the place of a non-linearity it makes a deep linear network; it is also the usual shortcut of a
/// Residual. Takes any shape; no parameters, no cache.
template <std::floating_point Scalar>
class Identity : public ElementWise {
 public:
  static constexpr bool scales_units = true, linear = true;

  [[nodiscard]] std::string_view kind() const { return "identity"; }
  void forward(ForwardArgs<Scalar> a) const { std::ranges::copy(span_of(a.x), a.y.data()); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) std::ranges::copy(span_of(a.dy), a.dx->data());
  }
};
static_assert(Layer<Identity<float>, float>);

}  // namespace lmc
