// SPDX-License-Identifier: BSD-3-Clause
#include "study/analysis/statistics.hpp"

#include <cmath>
#include <numeric>
#include <utility>

namespace lmc::study {

namespace {

/// Regularized incomplete beta function I_x(a, b), a, b > 0, 0 ≤ x ≤ 1, by its continued fraction in Lentz's form; a relative
/// error of about 1e-14. Source: Press et al., Numerical Recipes, 3rd edition, section 6.4.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(b, a, 1 - x);  // where the fraction converges fast
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  constexpr double tiny = 1e-300;
  const auto away_from_0 = [](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1, d = 1 / away_from_0(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m < 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double factor = 1;
    for (const double term : {even, odd}) {
      d = 1 / away_from_0(1 + term * d);
      c = away_from_0(1 + term / c);
      factor = c * d;
      fraction *= factor;
    }
    if (std::abs(factor - 1) < 1e-15) break;
  }
  return front * fraction / a;
}

}  // namespace

double student_t_tail(double t, double freedom) {
  if (std::isnan(t)) return t;
  const double both = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
  return t >= 0 ? both / 2 : 1 - both / 2;
}

double student_t_quantile(double tail, double freedom) {
  double low = 0, high = 1;
  while (student_t_tail(high, freedom) > tail) high *= 2;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (student_t_tail(middle, freedom) > tail ? low : high) = middle;
  }
  return high;
}

MeanEstimate mean_estimate(std::span<const double> values) {
  MeanEstimate e{.count = values.size()};
  if (values.empty()) return e;
  const auto n = static_cast<double>(values.size());
  // Equal values have exactly their value as the mean: no rounding that looks like a spread.
  const double first = values.front();
  double sum = 0, squares = 0;
  for (const double v : values) sum += v - first;
  e.mean = first + sum / n;
  if (values.size() < 2) return e;
  for (const double v : values) squares += (v - e.mean) * (v - e.mean);
  e.error = std::sqrt(squares / (n - 1) / n);
  const double half = e.error == 0 ? 0 : student_t_quantile(0.025, n - 1) * e.error;
  e.interval = {e.mean - half, e.mean + half};
  return e;
}

OneSided binomial_test(Index successes, Index trials, double probability) {
  require(trials >= 1 && successes >= 0 && successes <= trials && probability > 0 && probability < 1,
          "binomial_test: ", successes, " successes of ", trials, " trials at ", probability,
          "; expected at least one trial, no more successes than trials, and a probability between 0 and 1");
  const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
  return {.above = successes == 0 ? 1 : incomplete_beta(k, n - k + 1, probability),
          .below = successes == trials ? 1 : incomplete_beta(n - k, k + 1, 1 - probability)};
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return p[i] < p[j]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, static_cast<double>(order.size() - i) * p[order[i]]);
    adjusted[order[i]] = std::min(1.0, largest);
  }
  return adjusted;
}

}  // namespace lmc::study
