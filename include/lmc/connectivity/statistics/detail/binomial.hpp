// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <vector>

#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// The binomial distribution of n trials of probability p, n ≥ 0, 0 ≤ p ≤ 1, sampled by inversion of a table of its
/// distribution function; exact to rounding.
class Binomial {
 public:
  Binomial(Index n, double p) {
    const auto mode = std::min(n, static_cast<Index>(static_cast<double>(n + 1) * p));
    // Probabilities relative to the mode's, by the ratio of neighbors: no factorial, and nothing too small to be told from 0.
    std::vector<double> weights;
    const auto ratio = [n](Index successes) { return static_cast<double>(successes) / static_cast<double>(n - successes + 1); };
    double weight = 1;
    for (Index k = mode; k > 0 && weight > 1e-20; --k) weights.push_back(weight *= ratio(k) * (1 - p) / p);
    first_ = mode - static_cast<Index>(weights.size());
    std::reverse(weights.begin(), weights.end());
    weights.push_back(weight = 1);
    for (Index k = mode + 1; k <= n && weight > 1e-20; ++k) weights.push_back(weight *= p / (1 - p) / ratio(k));
    double sum = 0;
    for (const double w : weights) cumulative_.push_back(sum += w);
  }
  /// The number of successes below which a share u ∈ [0, 1) of the distribution lies.
  [[nodiscard]] Index operator()(double u) const {
    const auto above = std::upper_bound(cumulative_.begin(), cumulative_.end(), u * cumulative_.back());
    return first_ + (above - cumulative_.begin());
  }

 private:
  Index first_ = 0;
  std::vector<double> cumulative_;  // [i] ∝ P(successes ≤ first_ + i)
};

}  // namespace lmc::detail
