// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>

#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/relu.hpp>

namespace lmc::detail {

/// ReLU, or what a slope makes of it.
template <std::floating_point Scalar>
AnyLayer<Scalar> rectifier(double slope) {
  if (slope == 0) return Relu<Scalar>();
  return LeakyRelu<Scalar>({.slope = slope});
}

}  // namespace lmc::detail
