// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

namespace lmc::detail {

/// The cosine ⟨x, y⟩ ÷ (‖x‖ ‖y‖), in [−1, 1], from xy = ⟨x, y⟩, xx = ‖x‖² and yy = ‖y‖²; NaN where x or y is 0. Equal x and y
/// give exactly 1, and swapping them changes no bit.
inline double cosine(double xy, double xx, double yy) {
  if (xx == 0 || yy == 0) return std::numeric_limits<double>::quiet_NaN();
  const double lengths = xx == yy ? xx : std::sqrt(xx) * std::sqrt(yy);  // a square root that is squared rounds
  return std::clamp(xy / lengths, -1.0, 1.0);
}

}  // namespace lmc::detail
