// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/statistics/detail/resampled_heights.hpp>

namespace lmc {

/// A confidence interval.
struct Interval {
  double low = 0;   // its lower end
  double high = 0;  // its upper end, at least low
  friend bool operator==(const Interval&, const Interval&) = default;
};

namespace detail {

/// An interval of a height g above the chord that reaches at least to where kinds of examples could move g that n examples did not
/// show: at 95 % they are a share of at most q = 1 − 0.05^(1/n).
inline Interval with_unseen(const Interval& interval, double g, double n) {
  const double q = -std::expm1(std::log(1 - confidence_level) / n);
  return {std::min(interval.low, g - q * (1 + g)), std::max(interval.high, g + q * (1 - g))};
}

/// The simultaneous band of the heights g: one interval for each α.
inline std::vector<Interval> band_of(const ResampledHeights& resampled) {
  std::vector<Interval> band;
  const auto &g = resampled.heights, &s = resampled.standard_errors;
  const double c = resampled.studentized.empty() ? 0 : upper_quantile(resampled.studentized);
  for (std::size_t k = 0; k < g.size(); ++k) {
    const bool is_end = k == 0 || k + 1 == g.size();
    const Interval at{g[k] - c * s[k], g[k] + c * s[k]};
    band.push_back(is_end ? at : with_unseen(at, g[k], static_cast<double>(resampled.examples)));
  }
  return band;
}

inline Interval interval_of(const ResampledHeights& resampled) {
  Interval interval;
  for (const Interval& at : band_of(resampled)) interval = {std::max(interval.low, at.low), std::max(interval.high, at.high)};
  return interval;
}

}  // namespace detail

/// A 95 % confidence interval of the error barrier, sup over the curve's α of g(α) = err(α) − chord(α), from the outcomes of
/// single examples; none where the curve has no outcomes, no α between its ends, or an error that is NaN. It covers what
/// another sample of examples would have changed for these two networks, and no noise of training.
///
/// A simultaneous band from a paired bootstrap: with s(α) the bootstrap standard error of g(α) over examples (in closed form),
/// and c the smallest number that max over α of |g*(α) − g(α)| / s(α) does not exceed in 95 % of 2000 resamples,
///   [ max(0, max over α of (g − c s)),  max(0, max over α of (g + c s)) ].
/// A percentile interval of the maximum would be wrong: a maximum is biased upward, and its resamples once more.
///
/// A bootstrap knows only the kinds of examples that it is given. Those that n examples did not show are, at 95 %, a share of at most
/// q = 1 − 0.05^(1/n) ≈ 3/n, which can move g to g − q (1 + g) and to g + q (1 − g): between its ends the band reaches at least there.
/// This matters where few examples change along the path; where none does, the interval is [0, q].
///
/// A function of the curve alone (the resampling has a fixed seed), unchanged by swapping the ends and by the order of
/// examples. Cost: 2000 × (examples that change + different rows of outcomes × α). Throws: Error as error_barrier. Source:
/// Montiel Olea, Plagborg-Møller, "Simultaneous confidence bands", J. Applied Econometrics 34 (2019), for the band.
inline std::optional<Interval> error_barrier_interval(const Curve& curve) {
  const auto resampled = detail::resampled_heights("error_barrier_interval", curve);
  if (!resampled) return std::nullopt;
  return detail::interval_of(*resampled);
}

/// The band behind that interval, for figures: where the error at each α of the curve lies, all at once and against its chord, which
/// is held fixed: err ± c s, with no width at the ends. Empty where error_barrier_interval has none. Cost and errors as there.
inline std::vector<Interval> error_band(const Curve& curve) {
  const auto resampled = detail::resampled_heights("error_band", curve);
  if (!resampled) return {};
  std::vector<Interval> band = detail::band_of(*resampled);
  if (resampled->is_mirrored) std::ranges::reverse(band);
  const double a = *curve.points.front().metrics.error, b = *curve.points.back().metrics.error;
  for (std::size_t k = 0; k < band.size(); ++k) {
    const double line = chord(a, b, curve.points[k].weights());
    band[k] = {line + band[k].low, line + band[k].high};
  }
  return band;
}

}  // namespace lmc
