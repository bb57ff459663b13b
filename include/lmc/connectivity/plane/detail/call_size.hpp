// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>

namespace lmc::detail {

/// How many places of a plane one call of an evaluator measures, so that a call takes about `seconds`. The time of a call with n places
/// is taken for F + c n: an evaluator that shares work between places, such as passes of the examples through the first layer, does it
/// once a call. The first two calls, of one row and of two, show F and c; the others take max(`seconds`, 4 F) for their places, so that
/// at most a fifth of their time is F.
class CallSize {
 public:
  CallSize(std::size_t row, std::size_t all, double seconds) : row_(row), all_(all), next_(row), seconds_(seconds) {}

  /// The places that the next call is to measure.
  [[nodiscard]] std::size_t next() const { return std::clamp<std::size_t>(next_, 1, all_); }

  /// Learns from the seconds that the last call took.
  void took(double time) {
    ++calls_;
    if (calls_ == 1) {
      one_row_ = time;
      next_ = 2 * row_;
    } else if (calls_ == 2) {
      const double per_row = std::max({time - one_row_, time / 20, 1e-9});  // the clock's noise may not make it 0
      const double fixed = std::max(0.0, one_row_ - per_row);
      const double rows = std::max(seconds_, 4 * fixed) / per_row;
      next_ = static_cast<std::size_t>(std::min(std::ceil(rows * static_cast<double>(row_)), static_cast<double>(all_)));
    }
  }

 private:
  std::size_t row_, all_, next_;
  double seconds_, one_row_ = 0;
  std::size_t calls_ = 0;
};

}  // namespace lmc::detail
