// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/optim/detail/sum_in_eight.hpp>

namespace lmc {

/// The Euclidean norm of a gradient, summed in double in a fixed order.
template <std::floating_point Scalar>
double gradient_norm(std::span<const Scalar> gradient) {
  return std::sqrt(detail::sum_in_eight(gradient.size(), [&](std::size_t i) {
    const auto g = static_cast<double>(gradient[i]);
    return g * g;
  }));
}

/// g ← min(1, limit / (‖g‖ + 10⁻⁶)) g, and returns ‖g‖ from before: as torch.nn.utils.clip_grad_norm_, which is checked. A gradient
/// with a norm that is not finite is left as it is.
template <std::floating_point Scalar>
double clip_by_norm(std::span<Scalar> gradient, double limit) {
  const double norm = gradient_norm(std::span<const Scalar>(gradient));
  const double factor = limit / (norm + 1e-6);
  if (std::isfinite(norm) && factor < 1)
    for (Scalar& g : gradient) g = static_cast<Scalar>(factor * static_cast<double>(g));
  return norm;
}

}  // namespace lmc
