// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// Throws: Error, begun by `who`, unless each of the folds gets an example and leaves others to choose α.
inline void require_folds(std::string_view who, Index folds, Index examples) {
  require(folds >= 2 && folds <= examples, who, ": folds = ", folds, " for ", examples,
          " examples; expected at least 2, since one part chooses α for another, and at most one for each example");
}

/// Which examples are measured at which α. An α is chosen for a fold on all other examples.
struct CrossFit {
  std::vector<std::size_t> fold_of;              // of each example
  std::vector<std::vector<std::size_t>> chosen;  // for each fold, positions in the curve's points: one, or two that tie
  std::vector<double> heights;                   // for each fold, examples of it that are wrong there, less their chord
};

/// Deals the examples to folds in random order, so that sizes differ by one at most. A function of these three numbers.
inline std::vector<std::size_t> deal_to_folds(std::size_t examples, std::size_t folds, std::uint64_t seed) {
  std::vector<std::size_t> order(examples), fold_of(examples);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(Stream{.seed = seed, .purpose = Purpose::folds}, std::span(order));
  for (std::size_t i = 0; i < examples; ++i) fold_of[order[i]] = i % folds;
  return fold_of;
}

/// Examples that are wrong at the k-th point, less their chord, from the numbers of wrong examples at each point.
inline double height_of_counts(const std::vector<double>& wrong, const Curve& curve, std::size_t k) {
  return wrong[k] - chord(wrong.front(), wrong.back(), curve.points[k].weights());
}

/// The highest point; the one nearest to ½ where several are as high; and both where these are α and 1 − α. Points are never
/// preferred by their order, so that a mirrored curve has the mirrored points.
inline std::vector<std::size_t> highest_points(const std::vector<double>& wrong, const Curve& curve) {
  std::vector<std::size_t> chosen;
  double top = -std::numeric_limits<double>::infinity(), from_middle = 0;
  for (std::size_t k = 0; k < wrong.size(); ++k) {
    const double height = height_of_counts(wrong, curve, k);
    const double distance = std::abs(curve.points[k].alpha - curve.points[k].alpha_bar);
    if (height < top || (height == top && distance > from_middle)) continue;
    if (height > top || distance < from_middle) chosen.clear();
    chosen.push_back(k);
    top = height;
    from_middle = distance;
  }
  return chosen;
}

/// The folds of a curve's examples, of which it has outcomes and at least as many as folds; folds ≥ 2.
inline CrossFit cross_fit(const Curve& curve, std::size_t folds, std::uint64_t seed) {
  const std::size_t points = curve.points.size(), examples = curve.points.front().metrics.wrong.size();
  CrossFit fit{.fold_of = deal_to_folds(examples, folds, seed), .chosen = {}, .heights = {}};
  std::vector<std::vector<double>> wrong(folds, std::vector<double>(points));
  std::vector<double> all(points);
  for (std::size_t k = 0; k < points; ++k) {
    for (std::size_t i = 0; i < examples; ++i) wrong[fit.fold_of[i]][k] += curve.points[k].metrics.wrong[i] ? 1 : 0;
    for (const auto& of_fold : wrong) all[k] += of_fold[k];
  }
  for (const auto& of_fold : wrong) {
    std::vector<double> others = all;
    for (std::size_t k = 0; k < points; ++k) others[k] -= of_fold[k];
    const auto& chosen = fit.chosen.emplace_back(highest_points(others, curve));
    const double first = height_of_counts(of_fold, curve, chosen.front());
    fit.heights.push_back((first + height_of_counts(of_fold, curve, chosen.back())) / 2);
  }
  return fit;
}

/// The mean of the folds' heights, weighted by their examples.
inline double cross_fitted_value(const CrossFit& fit) {
  return std::accumulate(fit.heights.begin(), fit.heights.end(), 0.0) / static_cast<double>(fit.fold_of.size());
}

}  // namespace lmc::detail
