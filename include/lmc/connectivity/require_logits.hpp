// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// For numbers that somebody gives for logits, in one or more parts, each row-major [examples, classes], as at each α: throws Error when
/// in all parts those of every example are at least 0 and have the sum 1, or 100, within 0.1 % of it for the rounding of what wrote
/// them. Such are probabilities, whose cross-entropy as logits would be another number. `who` begins the message, as in "the
/// evaluator gave". Logits of no example are none of them.
inline void require_logits(std::string_view who, std::span<const std::span<const double>> parts, Index examples) {
  if (examples == 0) return;
  const auto have_sum = [&](double total) {
    for (const std::span<const double> part : parts) {
      const std::size_t classes = part.size() / static_cast<std::size_t>(examples);
      for (std::size_t first = 0; first < part.size(); first += classes) {
        const auto row = part.subspan(first, classes);
        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
        if (std::ranges::any_of(row, [](double v) { return v < 0; }) || !(std::abs(sum - total) <= 1e-3 * total)) return false;
      }
    }
    return true;
  };
  require(!have_sum(1), who,
          " numbers of at least 0, with the sum 1 for each example: these are probabilities, and logits are expected; give "
          "their logarithms, log(p)");
  require(
      !have_sum(100), who,
      " numbers of at least 0, with the sum 100 for each example: these are probabilities in percent, and logits are expected; "
      "give their logarithms, log(p / 100)");
}

}  // namespace lmc
