// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace lmc::detail {

/// An eigenvalue and its eigenvector of length 1.
struct EigenPair {
  double value = 0;
  std::vector<double> vector;
};

/// All eigenpairs of a symmetric matrix [n, n], largest eigenvalue first, by Jacobi's rotations, for the few hundred rows that
/// a Gram matrix of checkpoints has. Eigenvalues are off by some 1e-15 of the largest one.
/// Source: Golub and Van Loan, Matrix Computations, 4th edition, section 8.5.
inline std::vector<EigenPair> symmetric_eigen(std::vector<double> a, std::size_t n) {
  assert(a.size() == n * n);
  std::vector<double> v(n * n);  // column j: the eigenvector of a[j, j] in the end
  for (std::size_t i = 0; i < n; ++i) v[i * n + i] = 1;
  double all = 0;
  for (const double x : a) all += x * x;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double beside = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j) beside += a[i * n + j] * a[i * n + j];
    if (beside <= 1e-36 * all) break;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        // The smaller angle that makes a[p, q] 0.
        const double tau = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const double t = std::copysign(1.0, tau) / (std::abs(tau) + std::hypot(1.0, tau));
        const double c = 1 / std::hypot(1.0, t), s = t * c;
        const auto rotate = [&](double& x, double& y) {
          const double before = x;
          x = c * before - s * y;
          y = s * before + c * y;
        };
        for (std::size_t k = 0; k < n; ++k) rotate(a[k * n + p], a[k * n + q]);
        for (std::size_t k = 0; k < n; ++k) rotate(a[p * n + k], a[q * n + k]);
        for (std::size_t k = 0; k < n; ++k) rotate(v[k * n + p], v[k * n + q]);
      }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t i, std::size_t j) { return a[i * n + i] > a[j * n + j]; });
  std::vector<EigenPair> pairs;
  for (const std::size_t j : order) {
    EigenPair& pair = pairs.emplace_back(EigenPair{a[j * n + j], std::vector<double>(n)});
    for (std::size_t i = 0; i < n; ++i) pair.vector[i] = v[i * n + j];
  }
  return pairs;
}

}  // namespace lmc::detail
