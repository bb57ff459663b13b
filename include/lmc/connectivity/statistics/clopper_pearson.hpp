// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>

#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

namespace detail {

/// P(X ≥ successes) of a binomial X with 0 < p < 1, and 1 ≤ successes ≤ trials. The terms are added from the first one on, by
/// the ratio of neighbors.
inline double binomial_tail(Index successes, Index trials, double p) {
  const auto n = static_cast<double>(trials);
  auto k = static_cast<double>(successes);
  const double log_first =
      std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) + (n - k) * std::log1p(-p);
  double sum = 1, term = 1;
  for (; k < n; ++k) sum += term *= (n - k) / (k + 1) * (p / (1 - p));
  return std::exp(log_first) * sum;
}

/// The p with P(X ≥ successes) = probability, which rises with p: by bisection, until no number lies between.
inline double binomial_limit(Index successes, Index trials, double probability) {
  if (successes == 0) return 0;
  double low = 0, high = 1;
  for (double middle = 0.5; low < middle && middle < high; middle = (low + high) / 2)
    (binomial_tail(successes, trials, middle) < probability ? low : high) = middle;
  return low;
}

}  // namespace detail

/// Exact confidence limits of a probability p of which `successes` of `trials` independent trials are known: with γ the level
/// and X binomial, low is the p with P(X ≥ successes) = (1 − γ)/2, and high that with P(X ≤ successes) = (1 − γ)/2; 0 without a
/// success, and 1 without a failure. They contain p with a probability of at least γ, whatever p is. The upper end of the limits
/// at 2γ − 1 is the one-sided bound at γ: for 0 of n at 95 %, 1 − 0.05^(1/n), about 3/n.
/// Time: trials × 100. Throws: Error when trials is below 1, successes is not in [0, trials], or level not in (0, 1).
/// Source: Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26
/// (1934). As R's binom.test.
inline Interval clopper_pearson(Index successes, Index trials, double level = 0.95) {
  require(trials >= 1 && successes >= 0 && successes <= trials, "clopper_pearson: ", successes, " successes of ", trials,
          " trials; expected at least one trial, and no more successes than trials");
  require(level > 0 && level < 1, "clopper_pearson: level = ", level, "; expected a probability between 0 and 1, as 0.95");
  const double tail = (1 - level) / 2;
  return {detail::binomial_limit(successes, trials, tail), 1 - detail::binomial_limit(trials - successes, trials, tail)};
}

}  // namespace lmc
