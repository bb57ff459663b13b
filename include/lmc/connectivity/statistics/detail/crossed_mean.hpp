// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <vector>

#include <lmc/connectivity/statistics/detail/resampled_heights.hpp>
#include <lmc/connectivity/statistics/detail/student_t.hpp>
#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// Variance of a mean, and the degrees of freedom with which it is known.
struct MeanVariance {
  double variance = 0;
  double degrees = 0;
};

/// The mean of x[m, n], a row for each initialization and a column for each example, where both are samples: x is a sum of
/// effects of its row, of its column, and of what is peculiar to both. Rows are given one after another; n numbers are held.
class CrossedMean {
 public:
  /// Adds a row; all have the same length.
  void add(const std::vector<double>& row) {
    column_sums_.resize(row.size());
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      column_sums_[i] += row[i];
      sum += row[i];
      squares += row[i] * row[i];
    }
    const auto n = static_cast<double>(row.size());
    row_means_.push_back(sum / n);
    squares_ += squares - sum * sum / n;
  }

  /// The number of rows.
  [[nodiscard]] double rows() const { return static_cast<double>(row_means_.size()); }
  /// The mean of all, NaN where there are none.
  [[nodiscard]] double mean() const { return std::accumulate(row_means_.begin(), row_means_.end(), 0.0) / rows(); }

  /// The unbiased estimate from the variances of row means over m, of column means over n, less that of the residuals over m n,
  /// which is in both, and at least either of the first two. Resampling m − 1 of the rows and n of the columns would give their
  /// sum, with the third added instead. Degrees of freedom by Satterthwaite's formula. At least 2 rows and 2 columns.
  [[nodiscard]] MeanVariance variance() const {
    const double m = rows(), n = static_cast<double>(column_sums_.size()), center = mean();
    double row_squares = 0, column_squares = 0;
    for (const double x : row_means_) row_squares += (x - center) * (x - center);
    for (const double sum : column_sums_) column_squares += (sum / m - center) * (sum / m - center);
    const double of_rows = row_squares / (m * (m - 1)), of_columns = column_squares / (n * (n - 1));
    const double of_both = std::max(0.0, squares_ - m * column_squares) / ((m - 1) * (n - 1) * m * n);
    const double variance = std::max({of_rows, of_columns, of_rows + of_columns - of_both});
    return {variance, variance * variance / (of_rows * of_rows / (m - 1) + of_columns * of_columns / (n - 1))};
  }

  /// mean ± t √variance at confidence_level; none where there are fewer than two rows or columns, or nothing varies.
  [[nodiscard]] std::optional<Interval> interval() const {
    if (row_means_.size() < 2 || column_sums_.size() < 2) return std::nullopt;
    const MeanVariance v = variance();
    if (!(v.variance > 1e-24)) return std::nullopt;  // rounding, as in ResampledOutcomes
    const auto degrees = std::max<Index>(1, static_cast<Index>(v.degrees));
    const double reach = student_t_limit(confidence_level, degrees) * std::sqrt(v.variance);
    return Interval{mean() - reach, mean() + reach};
  }

 private:
  std::vector<double> row_means_, column_sums_;
  double squares_ = 0;  // Σ (x − mean of its row)²
};

}  // namespace lmc::detail
