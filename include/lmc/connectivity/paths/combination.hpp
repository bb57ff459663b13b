// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace lmc {

/// out = Σ_k w_k p_k, a convex combination: w_k ≥ 0 with the sum 1, one for each point; points and out have one length (asserted).
/// Sums are in double, in the order of the points, and rounded to T once. An entry is kept between the smallest and the largest of
/// the points that have a weight, so that equal entries stay, a point with weight 1 is copied, and nothing overflows.
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
  std::array<double, block> sum;
  std::array<T, block> low, high;
  for (std::size_t first = 0; first < out.size(); first += block) {
    const std::size_t n = std::min(block, out.size() - first);
    std::fill_n(sum.begin(), n, 0.0);
    std::fill_n(low.begin(), n, std::numeric_limits<T>::infinity());
    std::fill_n(high.begin(), n, -std::numeric_limits<T>::infinity());
    for (const std::size_t k : used) {
      assert(points[k].size() == out.size());
      const T* const p = points[k].data() + first;
      const double w = weights[k];
      for (std::size_t i = 0; i < n; ++i) {
        sum[i] += w * static_cast<double>(p[i]);
        low[i] = std::min(low[i], p[i]);
        high[i] = std::max(high[i], p[i]);
      }
    }
    for (std::size_t i = 0; i < n; ++i) out[first + i] = std::clamp(static_cast<T>(sum[i]), low[i], high[i]);
  }
}

}  // namespace lmc
