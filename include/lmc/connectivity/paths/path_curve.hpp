// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/paths/bent_path.hpp>

namespace lmc {

/// Measures a bent path at every t of the grid, and at ½ beside it: a Curve as linear_path gives it, with t for α, of which every
/// barrier can be computed; its chord is (1 − t) f(0) + t f(1). along_length() gives it the other coordinate. Each point is evaluated
/// by itself; an evaluator of ours estimates running statistics anew for every θ, as on a line. Throws: Error as linear_path.
template <std::floating_point T, Evaluator<T> E>
Curve path_curve(const BentPath<T>& path, E&& evaluate, const PathOptions& options = {}) {
  const std::span<const T> a = path.points.front(), b = path.points.back();
  return detail::path_curve<T>(a, b, evaluate, options, ends_as_alone<E>, [&](std::span<const PathWeights> places) {
    std::vector<Metrics> measured;
    std::vector<T> theta(a.size());
    for (const PathWeights& t : places) {
      path.at(t, theta);
      measured.push_back(std::invoke(evaluate, std::span<const T>(theta)));
    }
    return measured;
  });
}

/// What is seen of a path as a whole, above zero and not above a chord.
struct PathLevel {
  double mean = 0;     // ∫ f dα over the measured points, straight in between (the trapezoidal rule)
  double maximum = 0;  // the highest measured value
  double alpha = 0;    // where it is; the smallest such α
};

/// Mean and maximum of error or loss along a curve: along t for a path's curve, along the length for one of along_length(). NaN
/// where a value is NaN. Throws: Error as error_barrier.
inline PathLevel path_level(const Curve& curve, Metric metric) {
  detail::require_metric("path_level", curve, metric);
  const detail::Bump top = detail::highest(curve, [&](const CurvePoint& p) { return p.metrics[metric]; });
  PathLevel level{.maximum = top.value, .alpha = top.alpha};
  for (std::size_t i = 1; i < curve.points.size(); ++i) {
    const CurvePoint &left = curve.points[i - 1], &right = curve.points[i];
    level.mean += (right.alpha - left.alpha) * (left.metrics[metric] / 2 + right.metrics[metric] / 2);
  }
  return level;
}

}  // namespace lmc
