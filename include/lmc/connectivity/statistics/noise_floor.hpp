// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <numeric>
#include <optional>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/statistics/detail/resampled_heights.hpp>

namespace lmc {

/// The error barrier that chance alone shows where there is none.
struct NoiseFloor {
  double mean = 0;      // its mean, a share of examples
  double quantile = 0;  // its 95 % quantile: one barrier in twenty exceeds it by chance
  friend bool operator==(const NoiseFloor&, const NoiseFloor&) = default;
};

namespace detail {

inline NoiseFloor floor_of(const ResampledHeights& resampled) {
  const std::vector<double>& rises = resampled.rises;
  if (rises.empty()) return {};
  return {.mean = std::accumulate(rises.begin(), rises.end(), 0.0) / static_cast<double>(rises.size()),
          .quantile = upper_quantile(rises)};
}

}  // namespace detail

/// The error barrier that as many examples with as many changes along the path would show if the true error lay on its chord
/// everywhere: mean and 95 % quantile of
///   max(0, max over α of (g*(α) − g(α))),   g(α) = err(α) − chord(α),
/// over the resamples g* of error_barrier_interval, on the curve's α. A maximum of a noisy curve is positive without any barrier:
/// its floor grows with the share of examples on which the ends disagree and as 1/√examples, and so do the barriers of data sets
/// with many classes or few test examples. Read a barrier against its floor, and rank no barriers that are near their floors.
/// (0.0005 for 10,000 examples, 11 α and ends that disagree on 1.2 % of them; 0.004 for 2,000 and 18 %.)
///
/// Where the true error dips below its chord, as it can between runs from one start, the barrier stays below its floor.
/// With a barrier, examples that are wrong in the middle alone add to the noise, and so to the floor. It is 0 where all examples
/// deviate alike from their chords, as where none changes along the path: these examples show no noise, which does not say that
/// others would show no barrier; the interval does, with its 3/n.
///
/// None where error_barrier_interval has none. Unchanged by swapping the ends and by the order of examples. Cost: that of the
/// interval; error_barrier gives both for the price of one. Throws: Error as error_barrier.
inline std::optional<NoiseFloor> noise_floor(const Curve& curve) {
  const auto resampled = detail::resampled_heights("noise_floor", curve);
  if (!resampled) return std::nullopt;
  return detail::floor_of(*resampled);
}

}  // namespace lmc
