// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <vector>

namespace support {

/// Median and extremes of repeated measurements.
struct Spread {
  double median = 0, least = 0, most = 0;
};

/// The spread of at least one value; the median of an even number of values is the mean of the middle two.
inline Spread spread_of(std::vector<double> values) {
  assert(!values.empty());
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back()};
}

/// √(Σ (x − mean)² / (n − 1)); 0 for fewer than two values.
inline double deviation_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  double mean = 0, squares = 0;
  for (const double x : values) mean += x / static_cast<double>(values.size());
  for (const double x : values) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace support
