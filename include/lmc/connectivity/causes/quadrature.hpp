// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <numbers>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A place on [0, 1], and how much the integrand counts there; the weights of a rule add up to 1.
struct QuadratureNode {
  double x = 0;       // the place, in (0, 1)
  double weight = 0;  // by which the integrand is multiplied there
};

/// Gauss and Legendre's rule of n nodes: ∫₀¹ f ≈ Σ_k weight_k f(x_k), exact for polynomials up to degree 2n − 1. Nodes rise,
/// none is an end. Found by Newton's method from Tricomi's approximation of the roots of the Legendre polynomial P_n. Throws:
/// Error when n is not in [1, 64].
inline std::vector<QuadratureNode> gauss_legendre(Index n) {
  require(n >= 1 && n <= 64, "gauss_legendre: nodes = ", n, "; expected 1 to 64");
  std::vector<QuadratureNode> nodes;
  const auto count = static_cast<double>(n);
  for (Index k = 0; k < n; ++k) {
    double t = -std::cos(std::numbers::pi * (static_cast<double>(k) + 0.75) / (count + 0.5));  // a root of P_n on (−1, 1)
    double slope = 0;                                                                          // P_n'(t)
    for (int iteration = 0; iteration < 8; ++iteration) {                                      // quadratic: four are enough
      double value = 1, before = 0;
      for (Index j = 1; j <= n; ++j) {
        const auto degree = static_cast<double>(j);
        const double next = ((2 * degree - 1) * t * value - (degree - 1) * before) / degree;
        before = value;
        value = next;
      }
      slope = count * (t * value - before) / (t * t - 1);
      t -= value / slope;
    }
    nodes.push_back({(1 + t) / 2, 1 / ((1 - t * t) * slope * slope)});
  }
  return nodes;
}

}  // namespace lmc
