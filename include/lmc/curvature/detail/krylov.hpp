// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/curvature/detail/vectors.hpp>
#include <lmc/curvature/hessian_function.hpp>
#include <lmc/matrix/detail/eigenvalues.hpp>

namespace lmc::detail {

/// Orthonormal Q with H Q = Q T + r eᵀ, T symmetric and tridiagonal, e the last unit vector: what Lanczos' method makes of a start. Each
/// new vector is made orthogonal to all before it, twice, since the plain recurrence loses that and finds eigenvalues twice.
struct Krylov {
  std::vector<std::vector<double>> basis;  // Q
  std::vector<double> diagonal, beside;    // T: the entries on the diagonal, and those next to it, one fewer
  double residual = 0;                     // ‖r‖
  bool invariant = false;                  // r is 0 to rounding: Q spans an invariant subspace, and T's eigenvalues are H's

  /// T's eigenvalues, ascending, and for each the first and the last entry of its unit eigenvector.
  struct Ritz {
    double value, first, last;
  };
  [[nodiscard]] Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solve() const {
    const auto size = static_cast<Eigen::Index>(diagonal.size());
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
    solver.computeFromTridiagonal(Eigen::Map<const Eigen::VectorXd>(diagonal.data(), size),
                                  Eigen::Map<const Eigen::VectorXd>(beside.data(), size - 1));
    return solver;
  }
  [[nodiscard]] std::vector<Ritz> ritz() const {
    const auto solver = solve();
    std::vector<Ritz> values;
    for (Eigen::Index i = 0; i < solver.eigenvalues().size(); ++i)
      values.push_back(
          {solver.eigenvalues()[i], solver.eigenvectors()(0, i), solver.eigenvectors()(solver.eigenvectors().rows() - 1, i)});
    return values;
  }
  /// Q s, s T's eigenvector of that number: the approximate eigenvector of H.
  [[nodiscard]] std::vector<double> vector(Eigen::Index number) const {
    const auto solver = solve();
    std::vector<double> v(basis.front().size());
    for (std::size_t j = 0; j < basis.size(); ++j)
      add_multiple(solver.eigenvectors()(static_cast<Eigen::Index>(j), number), basis[j], v);
    return v;
  }
};

/// At most `steps` products, fewer where the space is invariant before, or where done(krylov) says so after one.
template <HessianOperator H, class Done>
Krylov lanczos(std::string_view who, H& hessian, std::vector<double> start, Index steps, Done done) {
  Krylov k;
  multiply_by(1 / length(start), start);
  std::vector<double> v = std::move(start), product(v.size());
  double largest = 0;  // of the entries of T
  const auto limit = std::min(static_cast<std::size_t>(steps), v.size());
  while (true) {
    checked_product(who, hessian, v, product);
    k.diagonal.push_back(dot(v, product));
    k.basis.push_back(std::move(v));
    orthogonalize(product, k.basis);
    k.residual = length(product);
    largest = std::max({largest, std::abs(k.diagonal.back()), k.residual});
    k.invariant = k.basis.size() == product.size() || k.residual <= 1e-12 * largest;
    if (k.invariant || k.basis.size() == limit || done(std::as_const(k))) return k;
    k.beside.push_back(k.residual);
    v = product;
    multiply_by(1 / k.residual, v);
  }
}

}  // namespace lmc::detail
