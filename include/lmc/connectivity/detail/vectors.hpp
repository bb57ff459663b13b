// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

namespace lmc::detail {

/// Σ x_i y_i in eight sums, added in order: one of its own would wait for each addition.
inline double dot(std::span<const double> x, std::span<const double> y) {
  assert(x.size() == y.size());
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= x.size(); i += 8)
    for (std::size_t k = 0; k < 8; ++k) sums[k] += x[i + k] * y[i + k];
  for (std::size_t k = 0; i < x.size(); ++i, ++k) sums[k] += x[i] * y[i];
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

inline double length(std::span<const double> x) { return std::sqrt(dot(x, x)); }

/// x ← x / ‖x‖, of a length that is neither 0 nor infinite.
inline void normalize(std::span<double> x) {
  const double by = length(x);
  for (double& value : x) value /= by;
}

/// x ← x − (x·axis) axis, for an axis of length 1. Returns how long x is then.
inline double remove_component(std::span<const double> axis, std::span<double> x) {
  const double along = dot(axis, x);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] -= along * axis[i];
  return length(x);
}

/// a − b, in double.
template <std::floating_point T>
std::vector<double> difference(std::span<const T> a, std::span<const T> b) {
  assert(a.size() == b.size());
  std::vector<double> d(a.size());
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = static_cast<double>(a[i]) - static_cast<double>(b[i]);
  return d;
}

}  // namespace lmc::detail
