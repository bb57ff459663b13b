// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <span>

namespace lmc {

/// A number that was estimated from random vectors, with its standard error.
struct Estimate {
  double value = 0;           // the estimate
  double standard_error = 0;  // over the random vectors, from their own spread
};

/// The mean of independent values, at least 2, and the standard error √(Σ (x − mean)² / (n (n − 1))).
inline Estimate estimate_of(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double x : values) mean += x / n;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return {mean, std::sqrt(squares / (n * (n - 1)))};
}

}  // namespace lmc
