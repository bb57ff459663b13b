// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <ostream>
#include <span>
#include <vector>

#include <lmc/connectivity/statistics/detail/resampled_heights.hpp>
#include <lmc/connectivity/statistics/detail/student_t.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// What permutation_share() takes for dependent, and for no barrier at all.
struct PermutationShareOptions {
  std::vector<Index> initializations = {};  // of each pair, any numbers; equal ones depend on each other; empty: all differ
  double floor = 0;  // height that chance alone gives without a barrier, in the unit of the heights; at least 0
};

/// How much of the barriers between several pairs is gone after an alignment. Each initialization has the same weight.
struct PermutationShare {
  Index initializations = 0;              // different ones
  double before = 0;                      // mean height before the alignment, in the unit of the heights
  double after = 0;                       // and after it
  std::optional<double> share = {};       // 1 − after / before; nothing where `before` may well be the floor
  std::optional<Interval> interval = {};  // of the share, 95 %; nothing without a share, or of one initialization
};

namespace detail {

/// Heights of initializations, each the mean of those of its pairs, by first appearance.
inline std::vector<double> by_initialization(std::span<const double> heights, const std::vector<Index>& initializations) {
  if (initializations.empty()) return {heights.begin(), heights.end()};
  std::vector<Index> known;
  std::vector<double> sums, counts;
  for (std::size_t i = 0; i < heights.size(); ++i) {
    const auto at = static_cast<std::size_t>(std::ranges::find(known, initializations[i]) - known.begin());
    if (at == known.size()) {
      known.push_back(initializations[i]);
      sums.push_back(0);
      counts.push_back(0);
    }
    sums[at] += heights[i];
    ++counts[at];
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= counts[i];
  return sums;
}

/// Σ x / n.
inline double mean_of(std::span<const double> x) {
  double sum = 0;
  for (const double value : x) sum += value;
  return sum / static_cast<double>(x.size());
}
/// The covariance of two means, estimated from n values of each: Σ (x − x̄)(y − ȳ) / (n (n − 1)).
inline double covariance_of_means(std::span<const double> x, std::span<const double> y) {
  const double mean_x = mean_of(x), mean_y = mean_of(y);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean_x) * (y[i] - mean_y);
  const auto n = static_cast<double>(x.size());
  return sum / (n * (n - 1));
}

}  // namespace detail

/// The share of the barrier between two networks that was nothing but the order of units: of pairs i with the heights before[i]
/// between A and B, and after[i] between A and π(B),
///   share = 1 − mean(after) / mean(before):     1, all of it; 0, none; below 0, the alignment raised the barrier.
/// It is a ratio of means and no mean of ratios, which a pair with hardly any barrier would dominate.
///
/// Heights are in any unit, losses or errors. Their mean should be 0 without a barrier, as that of cross_fitted_barrier is; the maximum
/// that error_barrier gives is biased upward, by noise_floor(curve)->mean.
///
/// interval: Fieller's of a ratio, all ρ for which mean(after − ρ before) is not further from 0 than Student's t times its standard
/// error, one degree of freedom fewer than initializations: exact for normal heights, with any correlation, and few of them.
/// It covers what other initializations and orders would have changed; the examples are held fixed. Where the same t does not
/// tell mean(before) from options.floor there is no share: such an interval would have no ends. Of one initialization there is a
/// share where its height exceeds the floor, and no interval; give the floor then that noise_floor calls its quantile.
///
/// Throws: Error when there are no pairs, lists are of different lengths, a height is not finite, or the floor is negative.
/// Source: Fieller, "Some problems in interval estimation", Journal of the Royal Statistical Society B 16 (1954).
inline PermutationShare permutation_share(std::span<const double> before, std::span<const double> after,
                                          const PermutationShareOptions& options = {}) {
  require(!before.empty() && before.size() == after.size(), "permutation_share: ", before.size(), " heights before and ",
          after.size(), " after the alignment; expected one of each for every pair");
  require(options.initializations.empty() || options.initializations.size() == before.size(),
          "permutation_share: ", options.initializations.size(), " initializations for ", before.size(),
          " pairs; expected one number for each pair, or none where each pair has its own");
  require(options.floor >= 0 && std::isfinite(options.floor), "permutation_share: floor = ", options.floor,
          "; expected a height, at least 0");
  for (std::size_t i = 0; i < before.size(); ++i)
    require(std::isfinite(before[i]) && std::isfinite(after[i]), "permutation_share: pair ", i, " has the heights ", before[i],
            " and ", after[i], "; expected finite numbers; leave out pairs that diverged");
  const std::vector<double> x = detail::by_initialization(before, options.initializations);
  const std::vector<double> y = detail::by_initialization(after, options.initializations);
  PermutationShare result{.initializations = std::ssize(x), .before = detail::mean_of(x), .after = detail::mean_of(y)};
  if (!(result.before > options.floor)) return result;
  if (x.size() == 1) {
    result.share = 1 - result.after / result.before;
    return result;
  }
  const double t = detail::student_t_limit(detail::confidence_level, std::ssize(x) - 1);
  const double xx = t * t * detail::covariance_of_means(x, x), xy = t * t * detail::covariance_of_means(x, y);
  const double yy = t * t * detail::covariance_of_means(y, y);
  if (!((result.before - options.floor) * (result.before - options.floor) > xx)) return result;
  result.share = 1 - result.after / result.before;
  // (ȳ − ρ x̄)² = yy − 2 ρ xy + ρ² xx
  const double a = result.before * result.before - xx, b = result.before * result.after - xy;
  const double c = result.after * result.after - yy;
  const double root = std::sqrt(std::max(0.0, b * b - a * c));
  result.interval = Interval{1 - (b + root) / a, 1 - (b - root) / a};
  return result;
}

/// Prints `72 % of the barrier, 95 % [55 %, 90 %]`, or why there is no share.
inline std::ostream& operator<<(std::ostream& out, const PermutationShare& s) {
  const auto percent = [](double share) { return fixed(100 * share, 0) + " %"; };
  if (!s.share) return out << "undefined: the barrier before is not to be told from none";
  out << percent(*s.share) << " of the barrier, ";
  if (!s.interval) return out << "no interval: one initialization";
  return out << "95 % [" << percent(s.interval->low) << ", " << percent(s.interval->high) << ']';
}

}  // namespace lmc
