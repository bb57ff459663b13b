// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/curvature/detail/vectors.hpp>
#include <lmc/curvature/estimate.hpp>
#include <lmc/curvature/hessian_function.hpp>

namespace lmc {

/// How many products hessian_trace() takes.
struct TraceOptions {
  Index products = 30;     // in all, a multiple of 3, at least 6
  std::uint64_t seed = 0;  // seed of the random signs
};

/// The sum of the eigenvalues of H, and that of their squares.
struct HessianTrace {
  Estimate trace;         // tr H
  Estimate square_trace;  // tr H² = ‖H‖_F²
  Index products = 0;     // products with H
};

/// tr H and tr H² of a symmetric H of that size by Hutch++, from the same products. With k = products / 3, Q an orthonormal basis of H S,
/// S [size, k] and G [size, k] random signs, g⊥ = (I − Q Qᵀ) g for the columns g of G:
///   tr H  ≈ Σ_j q_jᵀ H q_j + 1/k Σ_g g⊥ᵀ H g⊥        tr H² ≈ Σ_j ‖H q_j‖² + 1/k Σ_g ‖H g⊥‖²
/// Both are unbiased; the standard errors are those of the second sums, k − 1 degrees of freedom, and say little for k below 10 or so.
/// Where the eigenvalues fall fast, the first sum has nearly all. Memory: k + 3 vectors. Source: Meyer, Musco, Musco, Woodruff,
/// arXiv:2010.09649. Throws: Error when size or products are out of range, or a product is not finite.
template <HessianOperator H>
HessianTrace hessian_trace(H&& hessian, Index size, const TraceOptions& options = {}) {
  require(size >= 1, "hessian_trace: size = ", size, "; expected at least 1, the length of θ");
  require(options.products >= 6 && options.products % 3 == 0, "hessian_trace: products = ", options.products,
          "; expected a multiple of 3, at least 6");
  const Index k = options.products / 3;
  HessianTrace result;
  std::vector<double> product(static_cast<std::size_t>(size));
  const auto multiply = [&](const std::vector<double>& v) {
    detail::checked_product("hessian_trace", hessian, v, product);
    ++result.products;
  };
  std::vector<std::vector<double>> basis;
  for (Index j = 0; j < k && j < size; ++j) {
    multiply(detail::sign_probe(size, detail::probe_stream(options.seed, detail::Probe::sketch, j)));
    const double before = detail::length(product);
    std::vector<double> q = product;
    detail::orthogonalize(q, basis);
    const double after = detail::length(q);
    if (after <= 1e-12 * before) continue;  // H S has a lower rank
    detail::multiply_by(1 / after, q);
    basis.push_back(std::move(q));
  }
  for (const std::vector<double>& q : basis) {
    multiply(q);
    result.trace.value += detail::dot(q, product);
    result.square_trace.value += detail::dot(product, product);
  }
  std::vector<double> of_trace, of_square;
  for (Index j = 0; j < k; ++j) {
    std::vector<double> g = detail::sign_probe(size, detail::probe_stream(options.seed, detail::Probe::residual, j));
    detail::orthogonalize(g, basis);
    multiply(g);
    of_trace.push_back(detail::dot(g, product));
    of_square.push_back(detail::dot(product, product));
  }
  for (const auto& [to, values] : {std::pair(&result.trace, &of_trace), std::pair(&result.square_trace, &of_square)}) {
    const Estimate rest = estimate_of(*values);
    to->value += rest.value;
    to->standard_error = rest.standard_error;
  }
  return result;
}

}  // namespace lmc
