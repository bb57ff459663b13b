// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// What was measured at one place of a path.
struct CurvePoint {
  double alpha = 0;      // α, the share of b in θ(α), in [0, 1]
  double alpha_bar = 1;  // 1 − α
  Metrics metrics = {};  // of θ(α)

  /// α and ᾱ, as interpolate() takes them.
  [[nodiscard]] PathWeights weights() const { return {alpha, alpha_bar}; }
  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};

/// What was measured along a path: all that a barrier is computed from. linear_path makes one; make_curve does so from numbers
/// of your own.
struct Curve {
  std::vector<CurvePoint> points = {};      // by increasing α; a barrier needs α = 0 first and α = 1 last
  std::optional<CurvePoint> midpoint = {};  // α = ½, where it is not among the points
  bool diverged = false;                    // an end is what was left of a training that diverged: there is nothing to judge
  friend bool operator==(const Curve&, const Curve&) = default;
};

namespace detail {

/// Throws: Error, begun by `who`, unless a curve is what a barrier can be computed from: α from 0 to 1, rising, each with
/// weights that add up to 1, and metrics that agree with themselves and with each other, as linear_path checks them.
inline void require_curve(std::string_view who, const Curve& curve) {
  const auto& p = curve.points;
  require(p.size() >= 2 && p.front().alpha == 0 && p.back().alpha_bar == 0, who, ": the curve has ", p.size(), " points",
          p.empty() ? "" : concat(", from α = ", p.front().alpha, " to ", p.back().alpha),
          "; expected α = 0 first and α = 1 last, since a barrier is measured from both ends");
  const auto check = [&](const CurvePoint& point) {
    // Written so that a NaN fails. 1e-12 leaves room for roundings of 1 − α.
    require(point.alpha >= 0 && point.alpha <= 1 && std::abs(point.alpha + point.alpha_bar - 1) <= 1e-12, who,
            ": the curve has a point with alpha = ", shortest(point.alpha), " and alpha_bar = ", shortest(point.alpha_bar),
            "; expected α and 1 − α, in [0, 1]; make_curve sets both");
    require_consistent(concat(who, ": at α = ", shortest(point.alpha), " the curve has "), point.metrics, p.front().metrics);
  };
  for (std::size_t i = 0; i < p.size(); ++i) {
    check(p[i]);
    require(i == 0 || p[i].alpha > p[i - 1].alpha, who, ": the curve has α = ", shortest(p[i].alpha), " behind ",
            shortest(p[i == 0 ? 0 : i - 1].alpha), "; expected rising α, each once");
  }
  if (!curve.midpoint) return;
  check(*curve.midpoint);
  require(curve.midpoint->alpha == curve.midpoint->alpha_bar, who,
          ": the curve's midpoint has α = ", shortest(curve.midpoint->alpha), "; expected ½");
}

}  // namespace detail

/// A curve from numbers of your own: metrics[i] measured at the i-th α of the grid, as in
///   make_curve({0, 0.25, 0.5, 0.75, 1}, metrics)   or, for even steps,   make_curve(5, metrics)
/// Throws: Error when there is not one entry of metrics for each α, or they contradict themselves or each other (see Metrics).
inline Curve make_curve(const AlphaGrid& alphas, std::vector<Metrics> metrics) {
  const std::vector<PathWeights>& weights = alphas.points();
  require(metrics.size() == weights.size(), "make_curve: ", metrics.size(), " metrics for ", weights.size(),
          " α; expected one for each α");
  Curve curve;
  for (std::size_t i = 0; i < weights.size(); ++i)
    curve.points.push_back({weights[i].alpha, weights[i].alpha_bar, std::move(metrics[i])});
  detail::require_curve("make_curve", curve);
  return curve;
}

}  // namespace lmc
