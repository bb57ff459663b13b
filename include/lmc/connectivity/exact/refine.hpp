// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <optional>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/detail/ends.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// How far refine() goes.
struct RefineOptions {
  Index points = 32;         // α added at most; ≥ 0
  double tolerance = 0.001;  // goes on while the bound is above the maximum by more than this share of examples; ≥ 0
};

/// A curve with more α near its maximum, and how much may still hide between them.
struct RefinedCurve {
  Curve curve = {};             // what was given, and the new points; ½ is among them if it was measured beside them
  double supremum_at_most = 0;  // bound of sup over [0, 1] of err − chord, if no example flips twice between neighbors
};

namespace detail {

/// The points of a curve by rising α, and a bound of err − chord between each and the next.
class BoundedCurve {
 public:
  explicit BoundedCurve(const Curve& curve)
      : points(curve.points), error_a_(*points.front().metrics.error), error_b_(*points.back().metrics.error) {
    for (std::size_t i = 0; i + 1 < points.size(); ++i) bounds.push_back(bound(i));
  }
  /// Adds points between those that there are.
  void insert(std::vector<CurvePoint> added) {
    for (CurvePoint& point : added) {
      const auto next = std::ranges::upper_bound(points, point.alpha, {}, &CurvePoint::alpha);
      const auto i = static_cast<std::size_t>(next - points.begin());  // at least 1, since the first point is α = 0
      points.insert(next, std::move(point));
      bounds[i - 1] = bound(i - 1);
      bounds.insert(bounds.begin() + static_cast<std::ptrdiff_t>(i), bound(i));
    }
  }
  [[nodiscard]] double maximum() const {
    double top = 0;
    for (const CurvePoint& p : points) top = std::max(top, *p.metrics.error - chord_at(p));
    return top;
  }

  std::vector<CurvePoint> points;
  std::vector<double> bounds;

 private:
  [[nodiscard]] double chord_at(const CurvePoint& p) const { return chord(error_a_, error_b_, p.weights()); }
  [[nodiscard]] double bound(std::size_t i) const {
    const std::vector<bool>&left = points[i].metrics.wrong, &right = points[i + 1].metrics.wrong;
    std::size_t either = 0;
    for (std::size_t j = 0; j < left.size(); ++j) either += left[j] || right[j] ? 1 : 0;
    return static_cast<double>(either) / static_cast<double>(left.size()) -
           std::min(chord_at(points[i]), chord_at(points[i + 1]));
  }

  double error_a_, error_b_;
};

}  // namespace detail

/// Adds α to a curve where its maximum may be: halves intervals between neighbors in which the error can still exceed the
/// largest value of err(α) − chord(α) that was measured. With W(α) the examples that are wrong at α, n in number, and no
/// example that flips twice between α_i and α_{i+1},
///   err(α) − chord(α) ≤ |W(α_i) ∪ W(α_{i+1})| / n − min(chord(α_i), chord(α_{i+1}))      for α in [α_i, α_{i+1}],
/// since an example that is right at both is right in between. supremum_at_most is the largest of these bounds, and of the
/// values themselves; an example that is wrong on an interval shorter than a step is missed by both.
///
/// The largest bound comes first; at each step all intervals are halved in one call whose bound exceeds the maximum by at least
/// half of what the largest does, since halving an interval halves its excess, about. Ends when no bound exceeds the maximum by
/// more than the tolerance, or the points are used up. The evaluator is called for the new α alone, for points in parallel where
/// it is a PathEvaluator; the midpoint that a curve holds beside its points becomes one of them. Swapping the ends, and
/// mirroring the curve, mirrors the result to the bit.
///
/// curve: of this line and this evaluator, with the outcomes of single examples (Metrics::wrong).
/// Throws: Error when the curve is not what a barrier can be computed from, has no outcomes, or an error that is NaN; a and b
/// are empty, of unequal length or not finite; an option is out of range; the evaluator gives metrics that do not fit those of
/// the curve, or writes into a or b.
template <std::floating_point T, Evaluator<T> E>
RefinedCurve refine(const Curve& curve, std::span<const T> a, std::span<const T> b, E&& evaluate,
                    const RefineOptions& options = {}) {
  require(options.points >= 0, "refine: points = ", options.points, "; expected the number of α to add, at least 0");
  require(options.tolerance >= 0, "refine: tolerance = ", shortest(options.tolerance), "; expected a share of examples, ≥ 0");
  detail::require_metric("refine", curve, Metric::error);
  require(!curve.points.front().metrics.wrong.empty(),
          "refine: the curve has no outcomes of single examples, which the bound is computed from; set Metrics::wrong");
  const auto require_number = [](const CurvePoint& p) {
    require(!std::isnan(*p.metrics.error), "refine: at α = ", shortest(p.alpha),
            " the error is NaN; there is nothing to judge between networks of which one diverged");
  };
  std::ranges::for_each(curve.points, require_number);
  const detail::Ends<T> ends("refine", a, b);
  // Equal bounds are halved from the same end after a swap.
  const bool from_b = std::ranges::lexicographical_compare(b, a);

  detail::BoundedCurve refined(curve);
  if (curve.midpoint) {
    require_number(*curve.midpoint);
    const bool known = std::ranges::any_of(curve.points, [](const CurvePoint& p) { return p.alpha == p.alpha_bar; });
    if (!known) refined.insert({*curve.midpoint});
  }
  for (Index left = options.points; left > 0;) {
    const double maximum = refined.maximum();
    const double excess = *std::ranges::max_element(refined.bounds) - maximum;
    if (!(excess > options.tolerance)) break;
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < refined.bounds.size(); ++i)
      if (refined.bounds[i] - maximum >= std::max(excess / 2, options.tolerance)) chosen.push_back(i);
    if (from_b) std::ranges::reverse(chosen);
    std::ranges::stable_sort(chosen, std::ranges::greater{}, [&](std::size_t i) { return refined.bounds[i]; });
    chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(left)));

    std::vector<PathWeights> places;
    for (const std::size_t i : chosen) {
      const CurvePoint &low = refined.points[i], &high = refined.points[i + 1];
      const PathWeights middle{std::midpoint(low.alpha, high.alpha), std::midpoint(low.alpha_bar, high.alpha_bar)};
      if (middle.alpha > low.alpha && middle.alpha < high.alpha) places.push_back(middle);
    }
    if (places.empty()) break;  // neighbors are as near as numbers can be
    std::vector<Metrics> measured = detail::evaluate_path<T>(a, b, evaluate, std::span<const PathWeights>(places));
    ends.require_unchanged();
    require(measured.size() == places.size(), "refine: evaluate_path gave ", measured.size(), " metrics for ", places.size(),
            " points");
    std::vector<CurvePoint> added;
    for (std::size_t i = 0; i < places.size(); ++i) {
      detail::require_consistent(concat("refine: at α = ", shortest(places[i].alpha), " the evaluator gave "), measured[i],
                                 curve.points.front().metrics);
      added.push_back({places[i].alpha, places[i].alpha_bar, std::move(measured[i])});
      require_number(added.back());
    }
    left -= std::ssize(added);
    refined.insert(std::move(added));
  }

  const double bound = std::max(refined.maximum(), std::ranges::max(refined.bounds));
  return {{.points = std::move(refined.points), .midpoint = {}, .diverged = curve.diverged}, bound};
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, Evaluator<std::ranges::range_value_t<Range>> E>
RefinedCurve refine(const Curve& curve, const Range& a, const Range& b, E&& evaluate, const RefineOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return refine<T>(curve, std::span<const T>(a), std::span<const T>(b), std::forward<E>(evaluate), options);
}

}  // namespace lmc
