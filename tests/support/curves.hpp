// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/core/random.hpp>

namespace testing {

/// A curve on an even grid with these errors and losses.
inline lmc::Curve curve(const std::vector<double>& errors, const std::vector<double>& losses) {
  lmc::Curve curve;
  const lmc::AlphaGrid grid(errors.size());
  for (std::size_t k = 0; k < errors.size(); ++k)
    curve.points.push_back(
        {grid.points()[k].alpha, grid.points()[k].alpha_bar, {.loss = losses[k], .error = errors[k], .count = 1000}});
  return curve;
}
inline lmc::Curve curve(const std::vector<double>& values) { return curve(values, values); }

/// A curve on an even grid with these losses and no errors, as of a regression.
inline lmc::Curve loss_curve(const std::vector<double>& losses) {
  std::vector<lmc::Metrics> metrics;
  for (const double loss : losses) metrics.push_back({.loss = loss, .count = 1000});
  return lmc::make_curve(losses.size(), metrics);
}

/// A curve on an even grid from the outcomes of examples: rows[i][k] says whether example i is wrong at the k-th α.
inline lmc::Curve curve(const std::vector<std::vector<bool>>& rows) {
  lmc::Curve curve;
  const lmc::AlphaGrid grid(rows.front().size());
  for (std::size_t k = 0; k < grid.points().size(); ++k) {
    lmc::Metrics metrics{.count = static_cast<lmc::Index>(rows.size())};
    for (const auto& row : rows) metrics.wrong.push_back(row[k]);
    const auto wrong = std::count(metrics.wrong.begin(), metrics.wrong.end(), true);
    metrics.error = static_cast<double>(wrong) / static_cast<double>(rows.size());
    curve.points.push_back({grid.points()[k].alpha, grid.points()[k].alpha_bar, std::move(metrics)});
  }
  return curve;
}

/// The curve seen from the other end: α ↦ 1 − α.
inline lmc::Curve mirrored(lmc::Curve curve) {
  std::reverse(curve.points.begin(), curve.points.end());
  for (lmc::CurvePoint& p : curve.points) std::swap(p.alpha, p.alpha_bar);
  return curve;
}

/// Count random values in [0, 1).
inline std::vector<double> random_values(std::size_t count, std::uint64_t seed) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(lmc::uniform({.seed = seed}, i));
  return values;
}

}  // namespace testing
