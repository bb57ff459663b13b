// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// Whether a curve that was checked says of every example where between its ends it is wrong: it has outcomes, an α between its
/// ends, and no error that is NaN.
inline bool has_outcomes_between_ends(const Curve& curve) {
  const auto has_no_error = [](const CurvePoint& p) { return std::isnan(p.metrics[Metric::error]); };
  return curve.points.size() >= 3 && !curve.points.front().metrics.wrong.empty() &&
         std::none_of(curve.points.begin(), curve.points.end(), has_no_error);
}

/// Examples counted by what happens to them along the path. An example that is always right or always wrong is in the number of
/// examples only, since it is on its chord everywhere.
struct Outcomes {
  std::vector<PathWeights> weights;
  std::map<std::vector<bool>, Index> rows;  // wrong or not at each α ↦ examples
  Index examples = 0;
  bool is_mirrored = false;  // the path was walked from b to a
};

/// The examples of a curve, or of the mirrored curve, whichever comes first in lexicographic order: so that swapping the two
/// ends of a path changes nothing, random numbers included.
inline Outcomes count_outcomes(const std::vector<CurvePoint>& points) {
  Outcomes counted, mirrored;
  mirrored.is_mirrored = true;
  const std::size_t examples = points.front().metrics.wrong.size();
  for (const CurvePoint& p : points) {
    counted.weights.push_back(p.weights());
    mirrored.weights.insert(mirrored.weights.begin(), {p.alpha_bar, p.alpha});
  }
  counted.examples = mirrored.examples = static_cast<Index>(examples);
  std::vector<bool> row(points.size());
  for (std::size_t i = 0; i < examples; ++i) {
    for (std::size_t k = 0; k < points.size(); ++k) row[k] = points[k].metrics.wrong[i];
    if (std::count(row.begin(), row.end(), row[0]) == std::ssize(row)) continue;
    ++counted.rows[row];
  }
  for (const auto& [r, count] : counted.rows) mirrored.rows[{r.rbegin(), r.rend()}] = count;
  const auto by_alpha = [](const PathWeights& x, const PathWeights& y) {
    return std::pair(x.alpha, x.alpha_bar) < std::pair(y.alpha, y.alpha_bar);
  };
  if (counted.rows != mirrored.rows) return counted.rows < mirrored.rows ? counted : mirrored;
  return std::ranges::lexicographical_compare(mirrored.weights, counted.weights, by_alpha) ? mirrored : counted;
}

}  // namespace lmc::detail
