// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/paths/simplex.hpp>
#include <lmc/core/error.hpp>

namespace lmc {

namespace detail {

/// The edges e_i = v_i − v_0 of a simplex, by their Gram matrix G = (⟨e_i, e_j⟩), which has the Cholesky factor L.
struct EdgeGram {
  std::size_t n = 0;                // edges
  std::vector<double> factor = {};  // L, [n, n], lower
  bool degenerate = false;          // an edge lies in the span of those before it, up to rounding
};

template <std::floating_point T>
EdgeGram edge_gram(std::string_view who, std::span<const std::vector<T>> vertices) {
  require_vertices(who, vertices);
  EdgeGram gram{.n = vertices.size() - 1};
  const std::size_t n = gram.n;
  gram.factor.assign(n * n, 0);
  std::vector<double>& l = gram.factor;
  const auto edge = [&](std::size_t i, std::size_t at) {
    return static_cast<double>(vertices[i + 1][at]) - static_cast<double>(vertices[0][at]);
  };
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      for (std::size_t at = 0; at < vertices[0].size(); ++at) l[i * n + j] += edge(i, at) * edge(j, at);
  for (std::size_t i = 0; i < n; ++i) {
    const double square = l[i * n + i];
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = l[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
      if (j < i) {
        l[i * n + j] = sum / l[j * n + j];
      } else if (!(sum > 1e-13 * static_cast<double>(n) * square)) {  // what rounding leaves of 0
        gram.degenerate = true;
        return gram;
      } else {
        l[i * n + i] = std::sqrt(sum);
      }
    }
  }
  return gram;
}

}  // namespace detail

/// log V of the simplex of n + 1 vertices, V = √det G / n!, by the Cholesky factor of the edges' Gram matrix G in double: V²'s
/// Cayley-Menger determinant without its cancellation. −∞ where the vertices do not span n dimensions: the height of one above the
/// others is below 3·10⁻⁷ √n of its distance from the first. Throws: Error when vertices are fewer than two, differ in length or
/// are not finite.
template <std::floating_point T>
double log_volume(std::span<const std::vector<T>> vertices) {
  const detail::EdgeGram gram = detail::edge_gram("log_volume", vertices);
  if (gram.degenerate) return -std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t i = 0; i < gram.n; ++i) sum += std::log(gram.factor[i * gram.n + i]) - std::log(static_cast<double>(i + 1));
  return sum;
}

/// The gradient of log V, as the weights of the vertices in it: ∂ log V/∂v_i = Σ_j m_ij v_j, row-major, [n + 1, n + 1], each row and
/// column with the sum 0. With i, j ≥ 1, m_ij is the entry of G⁻¹. Throws: Error also when log V = −∞, where there is none.
template <std::floating_point T>
std::vector<double> log_volume_gradient(std::span<const std::vector<T>> vertices) {
  const detail::EdgeGram gram = detail::edge_gram("log_volume_gradient", vertices);
  require(!gram.degenerate, "log_volume_gradient: the simplex of ", vertices.size(),
          " vertices has no volume, since one lies where the others span; expected vertices in general position, as "
          "train_simplex's `spread` makes them");
  const std::size_t n = gram.n, all = n + 1;
  std::vector<double> m(all * all), inverse(n * n);
  for (std::size_t column = 0; column < n; ++column) {  // L x = e_column, then Lᵀ y = x
    std::vector<double> y(n);
    for (std::size_t i = 0; i < n; ++i) {
      double sum = i == column ? 1 : 0;
      for (std::size_t k = 0; k < i; ++k) sum -= gram.factor[i * n + k] * y[k];
      y[i] = sum / gram.factor[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) y[i] -= gram.factor[k * n + i] * y[k];
      y[i] /= gram.factor[i * n + i];
    }
    for (std::size_t i = 0; i < n; ++i) inverse[i * n + column] = y[i];
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double x = inverse[i * n + j];
      m[(i + 1) * all + j + 1] = x;
      m[(i + 1) * all] -= x;
      m[j + 1] -= x;
      m[0] += x;
    }
  return m;
}

}  // namespace lmc
