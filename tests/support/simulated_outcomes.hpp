// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <lmc/core/random.hpp>

namespace testing {

/// What happens to a sample of examples along the line between two networks.
struct SimulatedOutcomes {
  std::size_t examples = 1000;
  std::size_t alphas = 11;
  double churn = 0;  // share of examples that change once: half from right to wrong, half back, each at an α anywhere
  double bump = 0;   // share of examples that are wrong from ½ − x to ½ + x alone, x anywhere in (0, ½)
  std::uint64_t seed = 0;
};

/// The height of the true error above its chord, which the examples that change once lie on.
inline double true_height(const SimulatedOutcomes& o, double alpha) { return o.bump * (1 - std::abs(2 * alpha - 1)); }

/// A row for each example: whether it is wrong at each α of an even grid.
inline std::vector<std::vector<bool>> simulated_outcomes(const SimulatedOutcomes& o) {
  std::vector<std::vector<bool>> rows(o.examples, std::vector<bool>(o.alphas));
  for (std::size_t i = 0; i < o.examples; ++i) {
    const double kind = lmc::uniform({.seed = o.seed}, 2 * i), x = lmc::uniform({.seed = o.seed}, 2 * i + 1);
    for (std::size_t k = 0; k < o.alphas; ++k) {
      const double alpha = static_cast<double>(k) / static_cast<double>(o.alphas - 1);
      if (kind < o.churn)
        rows[i][k] = (kind < o.churn / 2) == (alpha <= x);
      else if (kind < o.churn + o.bump)
        rows[i][k] = std::abs(2 * alpha - 1) < x;
    }
  }
  return rows;
}

}  // namespace testing
