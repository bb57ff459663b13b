// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// The highest degree of a polynomial below.
inline constexpr std::size_t max_degree = 16;

/// Coefficients of a polynomial; those above its degree are not used.
using Coefficients = std::array<double, max_degree + 1>;

/// Row n, column k: n over k.
inline constexpr auto binomials = [] {
  std::array<Coefficients, max_degree + 1> rows{};
  for (std::size_t n = 0; n <= max_degree; ++n) {
    rows[n][0] = 1;
    for (std::size_t k = 1; k <= n; ++k) rows[n][k] = rows[n - 1][k - 1] + rows[n - 1][k];
  }
  return rows;
}();

/// The polynomials on a path are Σ_m c_m ᾱ^(d−m) α^m. The matrix that makes of c the Bernstein coefficients b of the same polynomial
/// on a piece of the path, where it is Σ_k b_k (d over k) (1−t)^(d−k) t^k with t from 0 to 1: it lies between the least and the
/// greatest of them. All its entries are at least 0, so that nothing cancels.
class PieceBasis {
 public:
  PieceBasis(const PathWeights& from, const PathWeights& to, std::size_t degree) : degree_(degree) {
    // Row k holds the polar form: Π of d − k factors (ᾱ + α s) at `from` and k at `to`, of which the coefficient of s^m counts
    // for c_m ÷ (d over m).
    for (std::size_t k = 0; k <= degree; ++k) {
      Coefficients& row = rows_[k];
      row[0] = 1;
      for (std::size_t factor = 0; factor < degree; ++factor) {
        const PathWeights& at = factor < k ? to : from;
        row[factor + 1] = at.alpha * row[factor];
        for (std::size_t m = factor; m > 0; --m) row[m] = at.alpha_bar * row[m] + at.alpha * row[m - 1];
        row[0] *= at.alpha_bar;
      }
      for (std::size_t m = 1; m < degree; ++m) row[m] /= binomials[degree][m];
    }
  }

  [[nodiscard]] std::size_t degree() const { return degree_; }
  /// What c_m counts for b_k.
  [[nodiscard]] double operator()(std::size_t k, std::size_t m) const { return rows_[k][m]; }

 private:
  std::size_t degree_;
  std::array<Coefficients, max_degree + 1> rows_;
};

/// The sign of the first of these numbers that is not 0, or of the last: that of the polynomial just behind the beginning of
/// the piece, or just before its end. 0 for none.
inline int first_sign(std::span<const double> b) {
  for (const double x : b)
    if (x != 0) return x > 0 ? 1 : -1;
  return 0;
}
/// See first_sign.
inline int last_sign(std::span<const double> b) {
  for (std::size_t k = b.size(); k-- > 0;)
    if (b[k] != 0) return b[k] > 0 ? 1 : -1;
  return 0;
}

/// How often the sign changes from one number to the next, zeros left out. A polynomial has at most as many roots inside its
/// piece as its Bernstein coefficients have changes, and differs from that by an even number.
inline int sign_variations(std::span<const double> b) {
  int sign = 0, variations = 0;
  for (const double x : b) {
    if (x == 0) continue;
    const int next = x > 0 ? 1 : -1;
    variations += sign != 0 && next != sign;
    sign = next;
  }
  return variations;
}

/// The one root inside the piece, whose coefficients change sign once: Newton's method, kept inside a bracket.
inline double only_root(std::span<const double> b) {
  const std::size_t d = b.size() - 1;
  const bool rises = first_sign(b) < 0;
  double low = 0, high = 1;
  double t = b[0] / (b[0] - b[d]);  // where the straight line between the ends has it
  for (int step = 1; step < 250; ++step) {
    if (!(low < t && t < high) || step % 4 == 0) t = (low + high) / 2;  // every fourth halves the bracket, so that it ends
    if (!(low < t && t < high)) break;                                  // no number is left between
    Coefficients c;                                                     // de Casteljau
    for (std::size_t k = 0; k <= d; ++k) c[k] = b[k];
    double slope = 0;
    for (std::size_t left = d; left > 0; --left) {
      slope = c[1] - c[0];
      for (std::size_t k = 0; k < left; ++k) c[k] = (1 - t) * c[k] + t * c[k + 1];
    }
    if (c[0] == 0) break;
    ((c[0] < 0) == rises ? low : high) = t;
    const double next = t - c[0] / (static_cast<double>(d) * slope);
    if (std::abs(next - t) <= 0x1p-52 * t) break;
    t = next;
  }
  return t;
}

/// Appends the t in (0, 1) at which a polynomial changes sign, rising, given by its Bernstein coefficients b: roots that it
/// touches are none. Signs that change back within `narrowest` are not told apart from a touch. from, to: where t = 0 and 1 of
/// b lie in what is appended.
inline void append_sign_changes(std::span<const double> b, double narrowest, std::vector<double>& places, double from = 0,
                                double to = 1) {
  const int variations = sign_variations(b);
  if (variations == 0) return;
  if (variations == 1) {
    places.push_back(from + (to - from) * only_root(b));
    return;
  }
  const double middle = (from + to) / 2;
  const bool too_narrow = to - from <= narrowest || !(from < middle && middle < to);
  if (too_narrow) {
    if (variations % 2 == 1) places.push_back(middle);
    return;
  }
  // de Casteljau at ½ gives the coefficients of both halves.
  const std::size_t d = b.size() - 1;
  Coefficients left, right;
  for (std::size_t k = 0; k <= d; ++k) right[k] = b[k];
  for (std::size_t k = 0; k <= d; ++k) {
    left[k] = right[0];
    for (std::size_t j = 0; j < d - k; ++j) right[j] = (right[j] + right[j + 1]) / 2;
  }
  const std::span<const double> before(left.data(), d + 1), behind(right.data(), d + 1);
  append_sign_changes(before, narrowest, places, from, middle);
  if (last_sign(before) * first_sign(behind) < 0) places.push_back(middle);  // a root there
  append_sign_changes(behind, narrowest, places, middle, to);
}

}  // namespace lmc::detail
