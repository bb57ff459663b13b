// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// How fast something grows or shrinks, by the least squares line of its logarithm.
struct LogSlope {
  double rate = 0;   // d log y / dx, per unit of x
  double start = 0;  // y at x = 0 on that line, in the units of y
  Index points = 0;  // that the line was fitted to
};

/// The line of least squares of log y_i over x_i with low ≤ x_i ≤ high and finite y_i > 0; the others are left out. Nothing where
/// these have fewer than two different x. Throws: Error when the lengths differ.
inline std::optional<LogSlope> log_slope(std::span<const double> x, std::span<const double> y, double low, double high) {
  require(x.size() == y.size(), "log_slope: ", x.size(), " places and ", y.size(), " values; expected as many of each");
  double n = 0, mean_x = 0, mean_log = 0;
  const auto for_each = [&](auto visit) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] >= low && x[i] <= high && y[i] > 0 && std::isfinite(y[i])) visit(x[i], std::log(y[i]));
  };
  for_each([&](double at, double log) {
    ++n;
    mean_x += at;
    mean_log += log;
  });
  mean_x /= n;
  mean_log /= n;
  double xx = 0, xy = 0;
  for_each([&](double at, double log) {
    xx += (at - mean_x) * (at - mean_x);
    xy += (at - mean_x) * (log - mean_log);
  });
  if (!(xx > 0)) return std::nullopt;
  return LogSlope{.rate = xy / xx, .start = std::exp(mean_log - xy / xx * mean_x), .points = static_cast<Index>(n)};
}

}  // namespace lmc
