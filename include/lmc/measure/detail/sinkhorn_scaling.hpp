// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>

namespace lmc::detail {

/// Sinkhorn's scaling of a matrix of logits Z [n, n] to one whose rows and columns sum to 1,
///   P[i, j] = exp(Z[i, j] + f[i] + g[j]),
/// by turns of rows and columns, and the way back from ∂L/∂P to ∂L/∂Z by implicit differentiation:
///   ∂L/∂Z[i, j] = P[i, j] (∂L/∂P[i, j] − x[i] − y[j]),
/// where x and y make its rows and columns sum to 0. Each call goes on from the f and g, or x and y, of the last one, so that few
/// turns are enough where Z moves little. Matrices are row-major.
/// Source: Sinkhorn, "Diagonal equivalence to matrices with prescribed row and column sums", 1967; arXiv:2212.12042.
class SinkhornScaling {
 public:
  /// turns: of rows and columns in each call.
  SinkhornScaling(std::size_t n, int turns) : n_(n), turns_(turns), f_(n), g_(n), x_(n), y_(n) {}

  /// p ← P. Throws: Error when the entries of exp(Z) lie too far apart to be scaled.
  void forward(std::span<const double> z, std::span<double> p) {
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < n_; ++j) p[i * n_ + j] = std::exp(z[i * n_ + j] + f_[i] + g_[j]);
    std::vector<double> u(n_), w(n_, 1);
    const auto inverse = [](double sum) { return 1 / sum; };
    for (int turn = 0; turn < turns_; ++turn) {
      row_sums(p, w, u);
      std::ranges::transform(u, u.begin(), inverse);
      col_sums(p, u, w);
      std::ranges::transform(w, w.begin(), inverse);
    }
    const auto usable = [](double x) { return std::isnormal(x) && x > 0; };
    require(
        std::ranges::all_of(u, usable) && std::ranges::all_of(w, usable),
        "sinkhorn_matching: the logits of a relaxed permutation moved too far to be scaled; expected a smaller learning_rate");
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j < n_; ++j) p[i * n_ + j] *= u[i] * w[j];
      f_[i] += std::log(u[i]);
      g_[i] += std::log(w[i]);
    }
  }

  /// dz ← ∂L/∂Z, from the P of the last forward() and dp = ∂L/∂P.
  void backward(std::span<const double> p, std::span<const double> dp, std::span<double> dz) {
    std::ranges::transform(p, dp, dz.begin(), [](double a, double b) { return a * b; });
    const std::vector<double> ones(n_, 1);
    std::vector<double> rows(n_), cols(n_), sums(n_);
    row_sums(dz, ones, rows);
    col_sums(dz, ones, cols);
    for (int turn = 0; turn < turns_; ++turn) {
      row_sums(p, y_, sums);
      std::ranges::transform(rows, sums, x_.begin(), std::minus<>());
      col_sums(p, x_, sums);
      std::ranges::transform(cols, sums, y_.begin(), std::minus<>());
    }
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < n_; ++j) dz[i * n_ + j] -= p[i * n_ + j] * (x_[i] + y_[j]);
  }

 private:
  // result ← M v.
  void row_sums(std::span<const double> m, std::span<const double> v, std::span<double> result) const {
    for (std::size_t i = 0; i < n_; ++i)
      result[i] = std::transform_reduce(v.begin(), v.end(), m.subspan(i * n_, n_).begin(), 0.0);
  }
  // result ← Mᵀ v.
  void col_sums(std::span<const double> m, std::span<const double> v, std::span<double> result) const {
    std::ranges::fill(result, 0.0);
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t j = 0; j < n_; ++j) result[j] += m[i * n_ + j] * v[i];
  }

  std::size_t n_;
  int turns_;
  std::vector<double> f_, g_, x_, y_;
};

}  // namespace lmc::detail
