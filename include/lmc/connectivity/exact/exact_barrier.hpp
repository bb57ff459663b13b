// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string_view>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/exact/detail/exact_walk.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/statistics/detail/binomial.hpp>
#include <lmc/connectivity/statistics/detail/resampled_heights.hpp>
#include <lmc/connectivity/statistics/detail/resampled_outcomes.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// From which side of a place a step function comes near its supremum there.
enum class Side { before, behind };

/// Prints `before` or `behind`.
inline std::ostream& operator<<(std::ostream& out, Side side) { return out << (side == Side::before ? "before" : "behind"); }

/// Height of the error over the line between its two ends, over the continuum of α.
struct ExactErrorBarrier {
  double value = 0;                      // a share of examples, ≥ 0: the supremum
  double alpha = 0;                      // where it is; the smallest such α
  Side side = Side::behind;              // it is the limit from places just before that α, or just behind it
  double normalized = 0;                 // value ÷ mean accuracy of the two ends
  Interval interval = {};                // of value, 95 %
  Verdict verdict = Verdict::undecided;  // what the interval says about the threshold
};

/// A 95 % confidence interval of the supremum over all α in [0, 1] of g(α) = err(α) − chord(α): what error_barrier_interval is on a
/// grid, on the continuum. The band is simultaneous over all α. Between two flips g is linear in α, and its bootstrap variance
/// s² a quadratic, so that the extremes of |g* − g| ÷ s and of g − c s inside such a piece have closed forms, while g + c s is
/// convex and has none.
///
/// A function of the curve alone (the resampling has a fixed seed), unchanged by swapping the ends. Cost: 2000 × (examples that
/// change + flips). Throws: Error when the curve contradicts itself. Source: as error_barrier_interval.
inline Interval error_barrier_interval(const ExactErrorCurve& curve) {
  detail::require_exact_curve("error_barrier_interval", curve);
  const detail::ExactWalk walk(curve);
  const double n = walk.examples();
  const auto& pieces = walk.pieces();

  struct Heights {
    double begin, end;  // g at both ends of a piece
  };
  std::vector<Heights> g;
  std::vector<detail::PieceVariance> s;
  bool noisy = false;
  walk.for_each_piece(std::vector<double>(walk.changing(), 1.0), [&](std::size_t i, const detail::DeviationSums& sums) {
    const auto variance = [&](const PathWeights& at) { return (sums.squares(at) - sums.sum(at) * sums.sum(at) / n) / (n * n); };
    g.push_back({sums.sum(pieces[i].from) / n, sums.sum(pieces[i].to) / n});
    s.emplace_back(variance(pieces[i].from), variance(pieces[i].middle()), variance(pieces[i].to));
    noisy = noisy || s.back().deviation(0) > 0 || s.back().deviation(0.5) > 0;
  });
  Interval interval;
  const auto extend = [&](double low, double high) { interval = {std::max(interval.low, low), std::max(interval.high, high)}; };
  // As on a grid, kinds of examples that were not seen count, too.
  double low = 0;
  for (const Heights& h : g) {
    const double highest = std::max(h.begin, h.end);
    const Interval unseen = detail::with_unseen({highest, highest}, highest, n);
    low = std::max(low, unseen.low);
    extend(0, unseen.high);
  }
  if (!noisy) return {low, interval.high};

  const detail::Binomial changing(static_cast<Index>(curve.examples()), static_cast<double>(walk.changing()) / n);
  std::vector<double> largest, copies(walk.changing());
  for (std::uint32_t resample = 0; resample < detail::resamples; ++resample) {
    std::ranges::fill(copies, 0.0);
    detail::draw_changing(changing, copies.size(), resample, [&](std::size_t example) { ++copies[example]; });
    double t = 0;
    walk.for_each_piece(copies, [&](std::size_t i, const detail::DeviationSums& sums) {
      t = std::max(t, s[i].highest_ratio(sums.sum(pieces[i].from) / n - g[i].begin, sums.sum(pieces[i].to) / n - g[i].end));
    });
    largest.push_back(t);
  }
  const double c = detail::upper_quantile(largest);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    extend(s[i].highest_below(g[i].begin, g[i].end, c),
           std::max(g[i].begin + c * s[i].deviation(0), g[i].end + c * s[i].deviation(1)));
  }
  return {std::min(low, interval.low), interval.high};
}

/// Error barrier over the continuum, sup over α in [0, 1] of [ err(α) − chord(α) ] ≥ 0, chord being the line between the errors
/// just behind α = 0 and just before α = 1; normalized and verdict as for a curve on a grid, which it is never below but for
/// examples that are tied to within rounding. Between two flips the error is constant and its chord a line, so that the
/// supremum is the limit at one end of such a piece.
/// Throws: Error when the curve contradicts itself, or the threshold is outside [0, 1].
inline ExactErrorBarrier error_barrier(const ExactErrorCurve& curve, const ErrorBarrierOptions& options = {}) {
  detail::require_threshold(options);
  const std::vector<ErrorStep> steps = error_steps(curve);
  const auto share = [&](const ErrorStep& step) {
    return static_cast<double>(step.wrong) / static_cast<double>(curve.examples());
  };
  const double a = share(steps.front()), b = share(steps.back());
  ExactErrorBarrier barrier{.value = -std::numeric_limits<double>::infinity()};
  const auto take = [&](const ErrorStep& step, const PathWeights& at, Side side) {
    const double value = share(step) - chord(a, b, at);
    if (value > barrier.value) barrier = {.value = value, .alpha = at.alpha, .side = side};
  };
  for (const ErrorStep& step : steps) {
    take(step, step.from, Side::behind);
    take(step, step.to, Side::before);
  }
  barrier.normalized = detail::ratio(barrier.value, 1 - chord(a, b, {0.5, 0.5}));
  barrier.interval = error_barrier_interval(curve);
  barrier.verdict = curve.diverged ? Verdict::none : detail::verdict_of(barrier.interval, options.threshold);
  return barrier;
}

/// Prints `0.0003 behind α 0.4612, normalized 0.0003, 95 % [0.0000, 0.0011]`, and why there is no verdict.
inline std::ostream& operator<<(std::ostream& out, const ExactErrorBarrier& barrier) {
  return out << fixed(barrier.value, 4) << ' ' << barrier.side << " α " << fixed(barrier.alpha, 4) << ", normalized "
             << fixed(barrier.normalized, 4) << ", 95 % [" << fixed(barrier.interval.low, 4) << ", "
             << fixed(barrier.interval.high, 4) << ']'
             << (barrier.verdict == Verdict::none ? ", no verdict: a network diverged" : "");
}

}  // namespace lmc
