// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <ostream>
#include <string_view>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/statistics/detail/resampled_heights.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/connectivity/statistics/noise_floor.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

// Every function here is arithmetic on a curve f(α), with chord(α) = (1 − α) f(0) + α f(1) and mean = (f(0) + f(1))/2. The
// largest value on a grid is a lower bound of the sup over all α. All of these functions
//   throw Error when the curve lacks α = 0 or α = 1, or its numbers contradict each other, as linear_path checks them;
//   throw Error when they are about the error, and it was not measured, or about the loss, and it is 0 everywhere though predictions
//     are wrong;
//   are NaN when f is NaN anywhere, or infinite at an end: divergence is data.

namespace lmc {

/// What the 95 % interval of an error barrier says about a threshold.
enum class Verdict {
  connected,  // all of the interval is below the threshold
  broken,     // none of it is
  undecided,  // the threshold is inside, or there is no interval
  none,       // there is nothing to judge: a run diverged, or a loss or an error is NaN, or a loss infinite at an end
};

/// Prints `connected`, `broken`, `undecided` or `none`.
inline std::ostream& operator<<(std::ostream& out, Verdict verdict) {
  constexpr std::string_view names[] = {"connected", "broken", "undecided", "none"};
  return out << names[static_cast<int>(verdict)];
}

/// What error_barrier() compares the interval with.
struct ErrorBarrierOptions {
  double threshold = 0.02;  // error barrier from which two networks count as not connected
};

/// Height of the error over the line between its two ends.
struct ErrorBarrier {
  double value = 0;                       // a share of examples, ≥ 0
  double alpha = 0;                       // where it is attained; the smallest such α
  double normalized = 0;                  // value ÷ mean accuracy of the two ends
  std::optional<Interval> interval = {};  // of value, 95 %; none where error_barrier_interval has none
  Verdict verdict = Verdict::undecided;   // what the interval says about the threshold
  std::optional<NoiseFloor> floor = {};   // the value that chance shows without a barrier; none where there is no interval
};

/// Height of the loss over the line between its two ends.
struct LossBarrier {
  double value = 0;       // in the units of the loss, ≥ 0
  double alpha = 0;       // where it is attained; the smallest such α
  double normalized = 0;  // value ÷ mean loss of the two ends
  bool judgeable = true;  // false where there is nothing to judge: a run diverged, or a loss is NaN, or infinite at an end
};

namespace detail {

/// Whether the loss was measured: Metrics without one have the loss 0, also where predictions are wrong.
inline bool has_loss(const Curve& curve) {
  const auto has_errors_alone = [](const CurvePoint& p) { return p.metrics.loss == 0 && p.metrics.error; };
  const auto is_wrong = [](const CurvePoint& p) { return p.metrics.error > 0; };
  return !std::ranges::all_of(curve.points, has_errors_alone) || std::ranges::none_of(curve.points, is_wrong);
}

/// Throws: Error, begun by `who`, unless the metric of the curve can be summarized.
inline void require_metric(std::string_view who, const Curve& curve, Metric metric) {
  require_curve(who, curve);
  require(
      metric == Metric::error || has_loss(curve), who,
      ": the curve has the loss 0 everywhere, though predictions are wrong: it was not measured; set Metrics::loss, or take the "
      "error");
  require(
      metric == Metric::loss || curve.points.front().metrics.error, who,
      ": the curve has no error, since its metrics have none, as those of a regression; take the loss, Metric::loss, or set Metrics::error");
}

/// The mean of the two ends of a curve that was checked.
inline double mean_of_ends(const Curve& curve, Metric metric) {
  return chord(curve.points.front().metrics[metric], curve.points.back().metrics[metric], {0.5, 0.5});
}

/// Whether the numbers are those of networks that work, so that there is something to judge.
inline bool is_judgeable(const Curve& curve) {
  const auto broken = [](const CurvePoint& p) { return std::isnan(p.metrics.loss) || std::isnan(p.metrics.error.value_or(0)); };
  return !curve.diverged && std::none_of(curve.points.begin(), curve.points.end(), broken) &&
         std::isfinite(curve.points.front().metrics.loss) && std::isfinite(curve.points.back().metrics.loss);
}

struct Bump {
  double value = 0;
  double alpha = 0;
  const CurvePoint* point = nullptr;
};

/// The first point where height(point) is largest; NaN, and no point, where a height is NaN.
template <class Height>
Bump highest(const Curve& curve, Height height) {
  Bump top{.value = -std::numeric_limits<double>::infinity()};
  for (const CurvePoint& p : curve.points) {
    const double value = height(p);
    if (std::isnan(value)) return {value, value, nullptr};
    if (value > top.value) top = {value, p.alpha, &p};
  }
  return top;
}

inline double above_chord(const Curve& curve, const CurvePoint& p, Metric metric) {
  const double a = curve.points.front().metrics[metric], b = curve.points.back().metrics[metric];
  return p.metrics[metric] - chord(a, b, p.weights());
}

/// max over α of [ f(α) − chord(α) ], of a curve that was checked.
inline Bump highest_above_chord(const Curve& curve, Metric metric) {
  return highest(curve, [&](const CurvePoint& p) { return above_chord(curve, p, metric); });
}

/// max over α of f(α), less the mean of the ends.
inline double highest_above_mean(std::string_view who, const Curve& curve, Metric metric) {
  require_metric(who, curve, metric);
  const double mean = mean_of_ends(curve, metric);
  return highest(curve, [&](const CurvePoint& p) { return p.metrics[metric]; }).value - mean;
}

/// Throws: Error when the threshold is no share of examples.
inline void require_threshold(const ErrorBarrierOptions& options) {
  require(options.threshold >= 0 && options.threshold <= 1, "error_barrier: threshold = ", options.threshold,
          "; expected a share of examples in [0, 1]");
}

/// What an interval says about a threshold.
inline Verdict verdict_of(const Interval& interval, double threshold) {
  if (interval.high < threshold) return Verdict::connected;
  return interval.low >= threshold ? Verdict::broken : Verdict::undecided;
}

/// 0 ÷ 0 is 0: nothing is lost where nothing was to be lost.
inline double ratio(double value, double scale) { return value == 0 ? 0 : value / scale; }

}  // namespace detail

/// Error barrier, the default of this library:
///   value      = max over α of [ err(α) − chord(α) ] ≥ 0
///   normalized = value ÷ (1 − mean error of the ends), that is ÷ their mean accuracy; 0 where value is 0, also at accuracy 0
///   interval   : error_barrier_interval, and none where value is NaN
///   floor      : noise_floor, from the same resamples
///   verdict    : what the interval says about the threshold; none where a run diverged, an error or a loss is NaN, or a loss
///                is infinite at an end
/// Source: Entezari et al., arXiv:2110.06296; normalized: Altıntaş et al., arXiv:2312.09832 (11 α).
inline ErrorBarrier error_barrier(const Curve& curve, const ErrorBarrierOptions& options = {}) {
  detail::require_threshold(options);
  detail::require_metric("error_barrier", curve, Metric::error);
  const detail::Bump bump = detail::highest_above_chord(curve, Metric::error);
  ErrorBarrier barrier{.value = bump.value, .alpha = bump.alpha};
  barrier.normalized = detail::ratio(bump.value, 1 - detail::mean_of_ends(curve, Metric::error));
  if (const auto resampled = detail::resampled_heights("error_barrier", curve)) {
    barrier.interval = detail::interval_of(*resampled);
    barrier.floor = detail::floor_of(*resampled);
  }
  if (!detail::is_judgeable(curve)) {
    barrier.verdict = Verdict::none;
    return barrier;
  }
  if (barrier.interval) barrier.verdict = detail::verdict_of(*barrier.interval, options.threshold);
  return barrier;
}

/// Loss barrier:
///   value      = max over α of [ L(α) − chord(α) ] ≥ 0
///   normalized = value ÷ mean loss of the ends; 0 where value is 0, infinite where only the ends have loss 0
/// For a model that is linear in θ and a convex loss it is 0, up to rounding. Source: as error_barrier.
inline LossBarrier loss_barrier(const Curve& curve) {
  detail::require_metric("loss_barrier", curve, Metric::loss);
  const detail::Bump bump = detail::highest_above_chord(curve, Metric::loss);
  return {.value = bump.value,
          .alpha = bump.alpha,
          .normalized = detail::ratio(bump.value, detail::mean_of_ends(curve, Metric::loss)),
          .judgeable = detail::is_judgeable(curve)};
}

/// Linear interpolation instability, max over α of err(α) − mean: at least half the difference of the ends even without a bump,
/// and no further than that from the error barrier. Source: Frankle et al., arXiv:1912.05671 (30 α).
inline double instability(const Curve& curve) { return detail::highest_above_mean("instability", curve, Metric::error); }

/// Git Re-Basin's barrier, max over α of L(α) − mean. Source: Ainsworth et al., arXiv:2209.04836 (25 α).
inline double git_rebasin_barrier(const Curve& curve) { return detail::highest_above_mean("git_rebasin", curve, Metric::loss); }

/// f(α*) − chord(α*) at the highest point α* of f itself, in [0, barrier]. It misses a bump under a higher end: kept to compare
/// with results that were computed so. Source: the code of Altıntaş et al. 2025, gsaltintas/lmc (11 α).
inline double argmax_barrier(const Curve& curve, Metric metric = Metric::error) {
  detail::require_metric("argmax_barrier", curve, metric);
  const detail::Bump top = detail::highest(curve, [&](const CurvePoint& p) { return p.metrics[metric]; });
  return top.point ? detail::above_chord(curve, *top.point, metric) : top.value;
}

/// f(½) − mean; may be negative. Throws: Error when ½ is neither on the grid nor beside it.
/// Source: the code of Entezari et al., arXiv:2110.06296; REPAIR, Jordan et al., arXiv:2211.08403.
inline double midpoint_barrier(const Curve& curve, Metric metric = Metric::error) {
  detail::require_metric("midpoint_barrier", curve, metric);
  const double mean = detail::mean_of_ends(curve, metric);
  const auto is_middle = [](const CurvePoint& p) { return p.alpha == p.alpha_bar; };
  const auto on_grid = std::find_if(curve.points.begin(), curve.points.end(), is_middle);
  require(on_grid != curve.points.end() || curve.midpoint, "midpoint_barrier: the curve has no α = ½ among its ",
          curve.points.size(), " points and no midpoint beside them; linear_path measures one");
  return (on_grid != curve.points.end() ? *on_grid : *curve.midpoint).metrics[metric] - mean;
}

namespace detail {

inline std::ostream& print_barrier(std::ostream& out, double value, double alpha, double normalized) {
  return out << fixed(value, 4) << " at α " << fixed(alpha, 2) << ", normalized " << fixed(normalized, 4);
}

}  // namespace detail

/// Prints `0.0012 at α 0.46, normalized 0.0345`, and why there is nothing to judge.
inline std::ostream& operator<<(std::ostream& out, const LossBarrier& barrier) {
  detail::print_barrier(out, barrier.value, barrier.alpha, barrier.normalized);
  return out << (barrier.judgeable ? "" : ", no barrier: a network diverged, or a loss is not a number");
}

/// Prints `0.0003 at α 0.46, normalized 0.0003, 95 % [0.0000, 0.0011], noise floor 0.0004 (95 %: 0.0011)`, and why there is no
/// interval or nothing to judge.
inline std::ostream& operator<<(std::ostream& out, const ErrorBarrier& barrier) {
  detail::print_barrier(out, barrier.value, barrier.alpha, barrier.normalized);
  if (barrier.interval)
    out << ", 95 % [" << fixed(barrier.interval->low, 4) << ", " << fixed(barrier.interval->high, 4) << ']';
  else
    out << ", no interval: "
        << (std::isnan(barrier.value) ? "an error is NaN"
                                      : "the curve has no outcomes of single examples, or no α between its ends");
  if (barrier.floor)
    out << ", noise floor " << fixed(barrier.floor->mean, 4) << " (95 %: " << fixed(barrier.floor->quantile, 4) << ')';
  return out << (barrier.verdict == Verdict::none ? ", no verdict: a network diverged, or a number is NaN" : "");
}

}  // namespace lmc
