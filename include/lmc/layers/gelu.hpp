// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/views.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/simd/gelu.hpp>

namespace lmc {

/// Gaussian error linear unit, element by element: y = x Φ(x), Φ the distribution function of the standard normal distribution;
/// backward: dx = dy (Φ(x) + x φ(x)). The exact one, torch's default, not its tanh approximation.
/// Takes any shape; no parameters, no cache. Source: arXiv:1606.08415.
template <std::floating_point Scalar>
class Gelu {
 public:
  [[nodiscard]] std::string_view kind() const { return "gelu"; }
  [[nodiscard]] std::string describe() const { return ""; }
  [[nodiscard]] std::optional<Shape> input_shape() const { return std::nullopt; }
  [[nodiscard]] Shape output_shape(const Shape& in) const { return in; }
  void declare(LayoutBuilder&) const {}
  void initialize(const InitializeArgs<Scalar>&) const {}
  [[nodiscard]] Index cache_size(Index) const { return 0; }
  [[nodiscard]] Index workspace_size(Index) const { return 0; }
  void forward(ForwardArgs<Scalar> a) const { gelu(span_of(a.x), span_of(a.y)); }
  void backward(BackwardArgs<Scalar> a) const {
    if (a.dx) gelu_backward(span_of(a.x), span_of(a.dy), span_of(*a.dx));
  }
};
static_assert(Layer<Gelu<float>, float>);

}  // namespace lmc
