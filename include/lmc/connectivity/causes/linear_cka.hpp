// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/connectivity/causes/detail/cosine.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

namespace detail {

/// X Xᵀ [m, m] for features X [m, width], from whose rows the first is taken away: U-centering takes any such shift back, and
/// features that are the same for all examples give exactly 0. In double, over stretches of the width that stay in a cache.
template <std::floating_point T>
std::vector<double> shifted_gram(std::span<const T> rows, std::size_t m) {
  constexpr std::size_t rows_at_once = 4, lanes = 8, stretch = 128;
  const std::size_t width = rows.size() / m, stride = (m + lanes - 1) / lanes * lanes;
  std::vector<double> units(stretch * stride), gram(m * m);  // units: the transpose, so that examples lie side by side
  for (std::size_t first = 0; first < width; first += stretch) {
    const std::size_t count = std::min(stretch, width - first);
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t u = 0; u < count; ++u)
        units[u * stride + i] = static_cast<double>(rows[i * width + first + u]) - static_cast<double>(rows[first + u]);
    // Tiles of 4 × 8 products, from the diagonal on, so that a number that is loaded is used more than once.
    for (std::size_t i = 0; i < m; i += rows_at_once)
      for (std::size_t j = i / lanes * lanes; j < m; j += lanes) {
        std::array<std::array<double, lanes>, rows_at_once> sum{};
        for (const double* u = units.data(); u != units.data() + count * stride; u += stride)
          for (std::size_t r = 0; r < rows_at_once; ++r)
            for (std::size_t k = 0; k < lanes; ++k) sum[r][k] += u[i + r] * u[j + k];
        for (std::size_t r = 0; r < std::min(rows_at_once, m - i); ++r)
          for (std::size_t k = 0; k < std::min(lanes, m - j); ++k) gram[(i + r) * m + j + k] += sum[r][k];
      }
  }
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < i; ++j) gram[i * m + j] = gram[j * m + i];
  return gram;
}

/// K [m, m], symmetric, m > 3, becomes 0 on the diagonal, and beside it K_ij − r_i/(m − 2) − r_j/(m − 2) + s/((m − 1)(m − 2)), r
/// being the sums of its rows without the diagonal and s that of r. Where that is 0 but for rounding, it becomes 0.
inline void u_center(std::span<double> kernel, std::size_t m) {
  const auto n = static_cast<double>(m);
  std::vector<double> rows(m);
  double before = 0, after = 0, all = 0;
  for (std::size_t i = 0; i < m; ++i) {
    kernel[i * m + i] = 0;
    for (std::size_t j = 0; j < m; ++j) {
      rows[i] += kernel[i * m + j];
      before += kernel[i * m + j] * kernel[i * m + j];
    }
    all += rows[i];
  }
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < m; ++j) {
      if (i == j) continue;
      double& k = kernel[i * m + j];
      k -= (rows[i] + rows[j]) / (n - 2) - all / ((n - 1) * (n - 2));
      after += k * k;
    }
  if (after <= 1e-24 * before) std::fill(kernel.begin(), kernel.end(), 0.0);
}

}  // namespace detail

/// Linear centered kernel alignment: how alike two networks' features are up to a rotation, a reflection, a common scale and a
/// shift. With the Gram matrices K = X Xᵀ and L = Y Yᵀ of the features X and Y of the same examples,
///   CKA = Σ HSIC(K, L) ÷ √(Σ HSIC(K, K) · Σ HSIC(L, L)),   in [−1, 1],
/// where HSIC(K, L) = 1/(m (m − 3)) Σ_i≠j K̃_ij L̃_ij is the unbiased estimate from a batch of m examples, K̃ and L̃ the U-centered
/// Gram matrices, and the sums are over batches, each weighed by its examples. The usual CKA of all examples at once is biased:
/// it goes to 1 where there are fewer examples than units, whatever the features. This one is near 0 there, or below.
///
/// What is added at once is cut into batches of at most 64 examples of nearly equal size, so that memory is m² whatever the
/// width, and time at most 64 multiplications per feature. Batches of fewer than 4 examples tell nothing and are left out.
/// Another division into batches gives another estimate of the same quantity.
/// Source: arXiv:1905.00414; batches and unbiased estimate: arXiv:2010.15327, section 3.1.
class LinearCka {
 public:
  static constexpr std::size_t batch = 64;  // the most examples that are compared with each other

  /// Adds examples: their features in both networks, row-major [examples, width of a] and [examples, width of b].
  /// Throws: Error when examples is not positive, or does not divide both lengths. The values are not looked at.
  template <std::floating_point T>
  void add(std::span<const T> a, std::span<const T> b, Index examples) {
    const auto n = static_cast<std::size_t>(std::max<Index>(examples, 0));
    require(n > 0 && !a.empty() && !b.empty() && a.size() % n == 0 && b.size() % n == 0, "LinearCka: ", a.size(), " and ",
            b.size(), " features of ", examples, " examples; expected a positive number for each example");
    const std::size_t batches = (n + batch - 1) / batch, width_a = a.size() / n, width_b = b.size() / n;
    for (std::size_t i = 0; i < batches; ++i) {
      const std::size_t first = i * n / batches, m = (i + 1) * n / batches - first;
      if (m >= 4) add_batch(a.subspan(first * width_a, m * width_a), b.subspan(first * width_b, m * width_b), m);
    }
  }
  /// Adds the batches of other.
  LinearCka& operator+=(const LinearCka& other) {
    aa_ += other.aa_;
    ab_ += other.ab_;
    bb_ += other.bb_;
    return *this;
  }
  /// The CKA of what was added: exactly 1 for equal features, the same to the bit with a and b swapped. NaN where the features of
  /// one network do not differ between examples, or no batch had 4 of them.
  [[nodiscard]] double value() const { return detail::cosine(ab_, aa_, bb_); }

 private:
  template <std::floating_point T>
  void add_batch(std::span<const T> a, std::span<const T> b, std::size_t m) {
    std::vector<double> k = detail::shifted_gram(a, m), l = detail::shifted_gram(b, m);
    detail::u_center(k, m);
    detail::u_center(l, m);
    double kk = 0, kl = 0, ll = 0;
    for (std::size_t i = 0; i < k.size(); ++i) {
      kk += k[i] * k[i];
      kl += k[i] * l[i];
      ll += l[i] * l[i];
    }
    const double weight = 1 / static_cast<double>(m - 3);  // 1/(m (m − 3)), m times
    aa_ += weight * kk;
    ab_ += weight * kl;
    bb_ += weight * ll;
  }

  double aa_ = 0, ab_ = 0, bb_ = 0;  // Σ m HSIC
};

}  // namespace lmc
