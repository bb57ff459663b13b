// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/core/error.hpp>

namespace lmc {

/// H(θ) v from gradients alone, by central differences, for layers, losses and trainers that give nothing else:
///   D(h) = (g(θ + h v) − g(θ − h v)) / 2h      product ← D(h),   h ‖v‖ = ε^(1/3) (1 + ‖θ‖),   ε that of T
/// It returns ‖D(h) − D(2h)‖, an estimate of the error ‖D(h) − H v‖: three times that of D(h) where truncation dominates, about that
/// of D(h) where rounding does. Four gradients for each product. With double h ‖v‖ is some 1e-5 and about ten digits are right for a
/// smooth loss, with float some 1e-2 and four. Near a kink of ReLU the difference has a part of the jump. A product with v = 0 is 0.
template <std::floating_point T, GradientFunction<T> G>
class DifferenceHessian {
 public:
  /// The gradient function is held by value.
  explicit DifferenceHessian(G gradient) : gradient_(std::move(gradient)) {}

  /// product ← D(h); returns the estimate of its error. Throws: Error when lengths are unequal, or a number is not finite.
  double operator()(std::span<const T> theta, std::span<const double> v, std::span<double> product) {
    require(theta.size() == v.size() && theta.size() == product.size() && !theta.empty(), "difference_hessian: θ has ",
            theta.size(), " entries, v ", v.size(), " and the product ", product.size(),
            "; expected equal lengths, at least 1");
    const auto norm = [](const auto& values) {
      double sum = 0;
      for (const auto x : values) sum += static_cast<double>(x) * static_cast<double>(x);
      return std::sqrt(sum);
    };
    const double of_v = norm(v), of_theta = norm(theta);
    require(std::isfinite(of_v) && std::isfinite(of_theta), "difference_hessian: ‖v‖ = ", of_v, ", ‖θ‖ = ", of_theta,
            "; expected finite numbers");
    std::ranges::fill(product, 0.0);
    if (of_v == 0) return 0;
    const double h = std::cbrt(static_cast<double>(std::numeric_limits<T>::epsilon())) * (1 + of_theta) / of_v;
    std::vector<double> twice(theta.size());
    difference(theta, v, h, product);
    difference(theta, v, 2 * h, twice);
    for (std::size_t i = 0; i < twice.size(); ++i) twice[i] -= product[i];
    const double error = norm(twice);
    require(std::isfinite(error), "difference_hessian: a gradient near θ is not finite; did the training diverge?");
    return error;
  }

 private:
  void difference(std::span<const T> theta, std::span<const double> v, double h, std::span<double> product) {
    std::vector<T> moved(theta.size()), gradient(theta.size());
    std::ranges::fill(product, 0.0);
    for (const double sign : {1.0, -1.0}) {
      for (std::size_t i = 0; i < moved.size(); ++i) moved[i] = static_cast<T>(static_cast<double>(theta[i]) + sign * h * v[i]);
      std::invoke(gradient_, std::span<const T>(moved), std::span<T>(gradient));
      for (std::size_t i = 0; i < moved.size(); ++i) product[i] += sign * static_cast<double>(gradient[i]) / (2 * h);
    }
  }

  G gradient_;
};

/// The same, as `difference_hessian<double>(gradient)`.
template <std::floating_point T, GradientFunction<T> G>
DifferenceHessian<T, G> difference_hessian(G gradient) {
  return DifferenceHessian<T, G>(std::move(gradient));
}

}  // namespace lmc
