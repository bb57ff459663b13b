// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Measures one θ: a callable (std::span<const T>) → Metrics. It is called on the caller's thread, one θ at a time.
template <class E, class T>
concept Evaluator =
    std::invocable<E&, std::span<const T>> && std::convertible_to<std::invoke_result_t<E&, std::span<const T>>, Metrics>;

/// An Evaluator that measures all points of the line between two θ in one call, in parallel or with work shared between them:
/// the metrics of interpolate(a, b, points[i]), in the order of points.
template <class E, class T>
concept PathEvaluator = Evaluator<E, T> && requires(const std::remove_reference_t<E>& evaluate, std::span<const T> end,
                                                    std::span<const PathWeights> points) {
  { evaluate.evaluate_path(end, end, points) } -> std::same_as<std::vector<Metrics>>;
};

/// Whether a PathEvaluator promises that evaluate_path gives at an end, to the bit, what that end gives alone, by a member
/// `static constexpr bool ends_as_alone = true`: linear_path then measures no end a second time to find out.
template <class E>
inline constexpr bool ends_as_alone = false;
/// For an evaluator with that member: what it says.
template <class E>
  requires requires { std::remove_cvref_t<E>::ends_as_alone; }
inline constexpr bool ends_as_alone<E> = std::remove_cvref_t<E>::ends_as_alone;

/// Where linear_path() measures, and how it checks the ends.
struct PathOptions {
  AlphaGrid alphas = 25;  // a number of even steps, or a list of α from 0 to 1
  double endpoint_tolerance =
      1e-6;  // f(0), f(1) against the ends evaluated alone: difference ÷ max(1, value); 0 asks for equality
};

namespace detail {

template <class T, class E>
std::vector<Metrics> evaluate_path(std::span<const T> a, std::span<const T> b, E& evaluate,
                                   std::span<const PathWeights> points) {
  if constexpr (PathEvaluator<E, T>) {
    return std::as_const(evaluate).evaluate_path(a, b, points);
  } else {
    std::vector<Metrics> measured;
    std::vector<T> theta(a.size());
    for (const PathWeights& weights : points) {
      interpolate<T>(a, b, weights, theta);
      measured.push_back(std::invoke(evaluate, std::span<const T>(theta)));
    }
    return measured;
  }
}

/// Throws: Error when an end of the path was not measured as the same θ alone was.
inline void require_same(const Metrics& on_path, const Metrics& alone, double alpha, double tolerance) {
  for (const Metric metric : {Metric::loss, Metric::error}) {
    if (metric == Metric::error && !alone.error) continue;
    const double x = on_path[metric], y = alone[metric];
    const bool same = x == y || (std::isnan(x) && std::isnan(y)) ||
                      (std::isfinite(x) && std::isfinite(y) && std::abs(x - y) <= tolerance * std::max(1.0, std::abs(y)));
    require(same, "linear_path: at α = ", alpha, " the ", metric == Metric::loss ? "loss" : "error", " is ", shortest(x),
            " on the path, but ", shortest(y), " when that end is evaluated alone (endpoint_tolerance = ", shortest(tolerance),
            "); does the evaluator draw random numbers, or keep statistics?");
  }
}

/// The curve of a path from a to b whose points `measure` measures: std::span<const PathWeights> → std::vector<Metrics>. With
/// ends_known, it is known to give at both ends what they give alone.
template <std::floating_point T, Evaluator<T> E, class Measure>
Curve path_curve(std::span<const T> a, std::span<const T> b, E& evaluate, const PathOptions& options, bool ends_known,
                 Measure measure) {
  require(a.size() == b.size(), "linear_path: a has ", a.size(), " parameters and b ", b.size(),
          "; expected two θ of one network");
  require(!a.empty(), "linear_path: a and b are empty; expected the parameters of two networks");
  require(options.endpoint_tolerance >= 0, "linear_path: endpoint_tolerance = ", options.endpoint_tolerance,
          "; expected 0 for equality, or a small positive number");
  std::vector<PathWeights> points = options.alphas.points();
  const bool midpoint_beside =
      std::none_of(points.begin(), points.end(), [](const PathWeights& w) { return w.alpha == w.alpha_bar; });
  if (midpoint_beside) points.push_back({0.5, 0.5});

  const std::vector<T> a_before(a.begin(), a.end()), b_before(b.begin(), b.end());
  std::optional<Metrics> a_alone, b_alone;
  if (!ends_known) {
    a_alone = std::invoke(evaluate, a);
    b_alone = std::invoke(evaluate, b);
  }
  const auto unchanged = [](std::span<const T> now, std::span<const T> before) {
    return std::ranges::equal(std::as_bytes(now), std::as_bytes(before));
  };
  require(unchanged(a, a_before) && unchanged(b, b_before),
          "linear_path: the evaluator changes a or b; is one of them the memory that it loads θ into? Pass a copy");
  std::vector<Metrics> measured = measure(std::span<const PathWeights>(points));
  require(measured.size() == points.size(), "linear_path: evaluate_path gave ", measured.size(), " metrics for ", points.size(),
          " points");

  Curve curve;
  const Metrics first = a_alone ? *a_alone : measured.front();  // every grid begins with α = 0
  for (std::size_t i = 0; i < points.size(); ++i) {
    require_consistent(concat("linear_path: at α = ", shortest(points[i].alpha), " the evaluator gave "), measured[i], first);
    if (a_alone && points[i].alpha == 0) require_same(measured[i], *a_alone, 0, options.endpoint_tolerance);
    if (b_alone && points[i].alpha_bar == 0) require_same(measured[i], *b_alone, 1, options.endpoint_tolerance);
    curve.points.push_back({points[i].alpha, points[i].alpha_bar, std::move(measured[i])});
  }
  if (midpoint_beside) {
    curve.midpoint = std::move(curve.points.back());
    curve.points.pop_back();
  }
  return curve;
}

}  // namespace detail

/// Measures the straight line θ(α) = (1 − α) a + α b at every α of the grid, and at ½ beside it. Each end is also evaluated
/// alone, and has to give what it gives as an end of the path; but not for an evaluator that promises it (ends_as_alone).
///
/// a and b have one length (T = float or double) and are only read. A plain callable gets one θ at a time, on this thread, in
/// memory that is reused by the next; a PathEvaluator gets the whole line in one call.
/// Throws: Error when a and b are empty or of unequal length; when metrics contradict themselves (see Metrics) or the number of
/// examples changes; when the evaluator writes into a or b; when an end differs from itself evaluated alone. NaN is data, and
/// equal to NaN.
template <std::floating_point T, Evaluator<T> E>
Curve linear_path(std::span<const T> a, std::span<const T> b, E&& evaluate, const PathOptions& options = {}) {
  return detail::path_curve<T>(
      a, b, evaluate, options, PathEvaluator<E, T> && ends_as_alone<E>,
      [&](std::span<const PathWeights> points) { return detail::evaluate_path<T>(a, b, evaluate, points); });
}

/// A vector, an array, …: its T need not be named.
template <class Range>
concept ContiguousFloats = std::ranges::contiguous_range<Range> && std::floating_point<std::ranges::range_value_t<Range>>;

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, Evaluator<std::ranges::range_value_t<Range>> E>
Curve linear_path(const Range& a, const Range& b, E&& evaluate, const PathOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return linear_path<T>(std::span<const T>(a), std::span<const T>(b), std::forward<E>(evaluate), options);
}

}  // namespace lmc
