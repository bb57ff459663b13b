// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>

#include <lmc/connectivity/curve.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

namespace detail {

/// The examples that are right somewhere on a path and wrong elsewhere.
inline Index changing_examples(const Curve& curve) {
  const auto& first = curve.points.front().metrics.wrong;
  Index changing = 0;
  for (std::size_t i = 0; i < first.size(); ++i)
    changing += std::ranges::any_of(curve.points, [&](const CurvePoint& p) { return p.metrics.wrong[i] != first[i]; }) ? 1 : 0;
  return changing;
}

}  // namespace detail

/// Whether two curves are of one pair of networks, in either direction, though measured or stored twice: all outcomes of single examples
/// (Metrics::wrong) are equal, in the order of their points, and so many examples change along the path, at least 10, that chance does not
/// make them so. False where a curve has no outcomes.
/// Throws: Error when a curve is none that a barrier can be computed from (make_curve).
inline bool is_same_pair(const Curve& a, const Curve& b) {
  detail::require_curve("is_same_pair", a);
  detail::require_curve("is_same_pair", b);
  const auto equal = [](const CurvePoint& p, const CurvePoint& q) { return p.metrics.wrong == q.metrics.wrong; };
  return (std::ranges::equal(a.points, b.points, equal) ||
          std::equal(a.points.begin(), a.points.end(), b.points.rbegin(), b.points.rend(), equal)) &&
         detail::changing_examples(a) >= 10;
}

}  // namespace lmc
