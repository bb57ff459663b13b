// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>

namespace lmc {

namespace detail {

/// 1 for the least value, …, n for the greatest; equal values have the mean of the ranks that they take together. Less their
/// mean, (n + 1)/2: a multiple of ½, without rounding. No value is NaN.
inline std::vector<double> centered_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  std::vector<double> ranks(values.size());
  const auto n = static_cast<double>(values.size());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double rank = (static_cast<double>(first + last) - n) / 2;  // ((first + 1) + last)/2 − (n + 1)/2
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

/// The correlation of x and y from their centered ranks: Σ r s / √(Σ r² Σ s²).
inline double correlation_of_ranks(std::span<const double> r, std::span<const double> s) {
  double rr = 0, ss = 0, rs = 0;
  for (std::size_t i = 0; i < r.size(); ++i) {
    rr += r[i] * r[i];
    ss += s[i] * s[i];
    rs += r[i] * s[i];
  }
  return std::clamp(rs / std::sqrt(rr * ss), -1.0, 1.0);  // √(x²) is x: equal orders give 1 exactly
}

/// The correlation of x and y freed from z, from those of each two; NaN where that of z with one of them is ±1.
inline double partial_correlation(double xy, double xz, double yz) {
  const double free = (1 - xz * xz) * (1 - yz * yz);
  return free == 0 ? std::numeric_limits<double>::quiet_NaN() : std::clamp((xy - xz * yz) / std::sqrt(free), -1.0, 1.0);
}

}  // namespace detail

/// Spearman's rank correlation of n pairs (x_i, y_i): with ranks r and s, equal values having the mean of their ranks,
///   ρ = Σ (r_i − r̄)(s_i − s̄) / √(Σ (r_i − r̄)² Σ (s_i − s̄)²),   in [−1, 1].
/// NaN where it is not defined: a value is NaN, or all x or all y are equal, as with fewer than two pairs. 0 and −0 are equal.
/// Time n log n. Throws: Error when there are not as many x as y. As scipy.stats.spearmanr.
inline double rank_correlation(std::span<const double> x, std::span<const double> y) {
  require(x.size() == y.size(), "rank_correlation: ", x.size(), " values of x and ", y.size(), " of y; expected pairs");
  const auto is_nan = [](double v) { return std::isnan(v); };
  if (std::any_of(x.begin(), x.end(), is_nan) || std::any_of(y.begin(), y.end(), is_nan))
    return std::numeric_limits<double>::quiet_NaN();
  return detail::correlation_of_ranks(detail::centered_ranks(x), detail::centered_ranks(y));
}

/// The rank correlation of x and y that is left when each is freed from what the ranks of z say of it: with Spearman's ρ of each
/// two,
///   ρ_xy·z = (ρ_xy − ρ_xz ρ_yz) ÷ √((1 − ρ_xz²)(1 − ρ_yz²)),   in [−1, 1],
/// which is the correlation of the residuals of the ranks of x and y on a straight line in the ranks of z. What depends on z in
/// another way than by such a line leaves a rest. NaN where a ρ is, or x or y has the ranks of z or the opposite ones.
/// Time n log n. Throws: Error when there are not as many x, y and z.
inline double partial_rank_correlation(std::span<const double> x, std::span<const double> y, std::span<const double> z) {
  require(x.size() == y.size() && x.size() == z.size(), "partial_rank_correlation: ", x.size(), " values of x, ", y.size(),
          " of y and ", z.size(), " of z; expected triples");
  return detail::partial_correlation(rank_correlation(x, y), rank_correlation(x, z), rank_correlation(y, z));
}

/// The rank correlation of two numbers for each parameter, within every layer of θ (parameter_layers). Throws: Error when x or
/// y is not as long as θ.
inline std::vector<NamedValue> rank_correlation_by_layer(const ParameterLayout& layout, std::span<const double> x,
                                                         std::span<const double> y) {
  std::vector<NamedValue> by_layer;
  for (const ParameterLayer& layer : parameter_layers(layout)) {
    std::vector<double> of_x, of_y;
    for (const std::size_t segment : layer.segments) {
      const auto append = [&](std::span<const double> from, std::vector<double>& to) {
        const auto part = segment_of(layout, segment, from);
        to.insert(to.end(), part.begin(), part.end());
      };
      append(x, of_x);
      append(y, of_y);
    }
    by_layer.push_back({layer.name, rank_correlation(of_x, of_y)});
  }
  return by_layer;
}

}  // namespace lmc
