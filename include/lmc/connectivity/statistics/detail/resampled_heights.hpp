// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/statistics/detail/outcomes.hpp>
#include <lmc/connectivity/statistics/detail/resampled_outcomes.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// The level of every interval and quantile of one curve.
inline constexpr double confidence_level = 0.95;

/// The heights g of a curve above its chord, and the extremes of each resample g* of them: what its interval and its noise floor
/// are both made from, so that the examples are resampled once.
struct ResampledHeights {
  Index examples = 0;
  bool is_mirrored = false;             // α are those of the path from b to a
  std::vector<double> heights;          // g at each α
  std::vector<double> standard_errors;  // s at each α
  std::vector<double> studentized;      // max over α of |g* − g| / s in each resample; empty where s = 0 everywhere
  std::vector<double> rises;            // max(0, max over α of g* − g) in each resample; empty likewise
};

/// None where the curve does not say of every example where between its ends it is wrong. Throws: Error, begun by `who`, as
/// require_curve.
inline std::optional<ResampledHeights> resampled_heights(std::string_view who, const Curve& curve) {
  require_curve(who, curve);
  if (!has_outcomes_between_ends(curve)) return std::nullopt;
  const Outcomes counted = count_outcomes(curve.points);
  const ResampledOutcomes outcomes(counted);
  ResampledHeights result{.examples = outcomes.examples(),
                          .is_mirrored = counted.is_mirrored,
                          .heights = outcomes.heights(),
                          .standard_errors = outcomes.standard_errors(),
                          .studentized = {},
                          .rises = {}};
  const std::vector<double>&g = result.heights, &s = result.standard_errors;
  if (!outcomes.is_noisy()) return result;
  outcomes.for_each_resample([&](std::span<const double> resampled) {
    double t = 0, rise = 0;
    for (std::size_t k = 0; k < g.size(); ++k) {
      rise = std::max(rise, resampled[k] - g[k]);
      if (s[k] > 0) t = std::max(t, std::abs(resampled[k] - g[k]) / s[k]);
    }
    result.studentized.push_back(t);
    result.rises.push_back(rise);
  });
  return result;
}

/// The smallest of the values that a share confidence_level of them does not exceed; there is at least one.
inline double upper_quantile(std::vector<double> values) {
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(confidence_level * static_cast<double>(values.size()))) - 1;
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

}  // namespace lmc::detail
