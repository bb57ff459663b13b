// SPDX-License-Identifier: BSD-3-Clause
// Statistics of few replicates. Checked against SciPy: tests/study/statistics_reference.inc, made by
// tests/study/statistics_reference.py.
#pragma once
#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <lmc/connectivity/statistics/interval.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::study {

/// P(T ≥ t) of Student's distribution with `freedom` > 0 degrees of freedom; accurate far out, too.
double student_t_tail(double t, double freedom);

/// The t with P(T ≥ t) = tail, 0 < tail < ½.
double student_t_quantile(double tail, double freedom);

/// A mean, and how sure it is.
struct MeanEstimate {
  std::size_t count = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();   // NaN for no values
  double error = std::numeric_limits<double>::quiet_NaN();  // standard error; of fewer than two values
  Interval interval = {error, error};                       // 95 %; the same
};

/// The mean of n values with its standard error s/√n, s² being the unbiased variance, and the interval mean ± t s/√n, t the
/// 97.5 % quantile of Student's distribution with n − 1 degrees of freedom: exact for normal values, at n = 5, too. Of
/// five skewed ones it is too short: of exponential values, which barriers near 0 may resemble, it covers the mean 88 times in
/// 100, and its upper end is too low 11 times. The interval of equal values has length 0.
MeanEstimate mean_estimate(std::span<const double> values);

/// Two one-sided tests of one null hypothesis: how probable something at least so high, or so low, would be under it.
struct OneSided {
  double above = 1;  // small when what is tested is above what the null hypothesis says
  double below = 1;
};

/// The exact test of a probability: P(X ≥ successes) and P(X ≤ successes) of a binomial X. Throws: Error unless
/// 0 ≤ successes ≤ trials, trials ≥ 1 and 0 < probability < 1.
OneSided binomial_test(Index successes, Index trials, double probability);

/// Holm's adjustment: the p values of m tests, so changed that those below a level reject a true null hypothesis with at most
/// that probability in all, however the tests depend on each other. With p₍₁₎ ≤ … ≤ p₍ₘ₎,
///   adjusted p₍ᵢ₎ = min(1, max over j ≤ i of (m − j + 1) p₍ⱼ₎).
/// Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian J. of Statistics 6 (1979).
std::vector<double> holm(std::span<const double> p);

}  // namespace lmc::study
