// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

namespace lmc {

/// out = Σ_k w_k p_k, a convex combination: w_k ≥ 0 with the sum 1, one for each point; points and out have one length (asserted),
/// and out is none of them. Sums are in double, of the first and the last point with a weight, of the second and the last but one, and
/// so on, so that points in reverse order give the same bits, and are rounded to T once. An entry is kept between the smallest and the
/// largest of these points, so that equal entries stay, a point with weight 1 is copied, and nothing overflows.
template <std::floating_point T>
void combine(std::span<const std::vector<T>> points, std::span<const double> weights, std::span<T> out) {
  assert(points.size() == weights.size());
  std::vector<std::size_t> used;
  for (std::size_t k = 0; k < points.size(); ++k)
    if (weights[k] != 0) used.push_back(k);
  if (used.size() == 1) {  // also the sign of a zero stays
    std::copy(points[used[0]].begin(), points[used[0]].end(), out.begin());
    return;
  }
  constexpr std::size_t block = 512;  // stays in the nearest cache for all points
  std::array<double, block> sum, term, other;
  std::array<T, block> low, high;
  for (std::size_t first = 0; first < out.size(); first += block) {
    const std::size_t n = std::min(block, out.size() - first);
    // Loops of one kind each, without functions that take references: compilers vectorize these, and cannot contract a product and a
    // sum into one operation, which would round the terms of a pair differently.
    for (std::size_t at = 0; 2 * at < used.size(); ++at) {
      const std::size_t mirror = used.size() - 1 - at;
      assert(points[used[at]].size() == out.size() && points[used[mirror]].size() == out.size());
      const T* const p = points[used[at]].data() + first;
      const T* const q = points[used[mirror]].data() + first;
      const double w = weights[used[at]], v = weights[used[mirror]];
      for (std::size_t i = 0; i < n; ++i) term[i] = w * static_cast<double>(p[i]);
      if (mirror != at) {
        for (std::size_t i = 0; i < n; ++i) other[i] = v * static_cast<double>(q[i]);
        for (std::size_t i = 0; i < n; ++i) term[i] += other[i];
      }
      if (at == 0) {
        std::copy_n(term.begin(), n, sum.begin());
        std::copy_n(p, n, low.begin());
        std::copy_n(p, n, high.begin());
      } else {
        for (std::size_t i = 0; i < n; ++i) sum[i] += term[i];
        for (std::size_t i = 0; i < n; ++i) low[i] = p[i] < low[i] ? p[i] : low[i];
        for (std::size_t i = 0; i < n; ++i) high[i] = p[i] > high[i] ? p[i] : high[i];
      }
      for (std::size_t i = 0; i < n; ++i) low[i] = q[i] < low[i] ? q[i] : low[i];
      for (std::size_t i = 0; i < n; ++i) high[i] = q[i] > high[i] ? q[i] : high[i];
    }
    T* const to = out.data() + first;
    for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<T>(sum[i]);
    for (std::size_t i = 0; i < n; ++i) to[i] = to[i] < low[i] ? low[i] : to[i];
    for (std::size_t i = 0; i < n; ++i) to[i] = to[i] > high[i] ? high[i] : to[i];
  }
}

}  // namespace lmc
