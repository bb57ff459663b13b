// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// A confidence interval.
struct Interval {
  double low = 0;   // its lower end
  double high = 0;  // its upper end, at least low
  friend bool operator==(const Interval&, const Interval&) = default;
};

namespace detail {

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

/// Examples counted by what happens to them along the path. An example that is always right or always wrong is in the number of
/// examples only, since it is on its chord everywhere.
struct Outcomes {
  std::vector<PathWeights> weights;
  std::map<std::vector<bool>, Index> rows;  // wrong or not at each α ↦ examples
  Index examples = 0;
};

/// The examples of a curve, or of the mirrored curve, whichever comes first in lexicographic order: so that swapping the two
/// ends of a path changes nothing, random numbers included.
inline Outcomes count_outcomes(const std::vector<CurvePoint>& points) {
  Outcomes counted, mirrored;
  const std::size_t examples = points.front().metrics.wrong.size();
  for (const CurvePoint& p : points) {
    counted.weights.push_back(p.weights());
    mirrored.weights.insert(mirrored.weights.begin(), {p.alpha_bar, p.alpha});
  }
  counted.examples = mirrored.examples = static_cast<Index>(examples);
  std::vector<bool> row(points.size());
  for (std::size_t i = 0; i < examples; ++i) {
    for (std::size_t k = 0; k < points.size(); ++k) row[k] = points[k].metrics.wrong[i];
    if (std::count(row.begin(), row.end(), row[0]) == std::ssize(row)) continue;
    ++counted.rows[row];
  }
  for (const auto& [r, count] : counted.rows) mirrored.rows[{r.rbegin(), r.rend()}] = count;
  return counted.rows <= mirrored.rows ? counted : mirrored;
}

}  // namespace detail

/// A 95 % confidence interval of the error barrier, sup over the curve's α of g(α) = err(α) − chord(α), from the outcomes of
/// single examples; none where the curve has no outcomes, no α between its ends, or an error that is NaN. It covers what
/// another sample of examples would have changed for these two networks, and no noise of training.
///
/// A simultaneous band from a paired bootstrap: with s(α) the bootstrap standard error of g(α) over examples (in closed form),
/// and c the smallest number that max over α of |g*(α) − g(α)| / s(α) does not exceed in 95 % of 2000 resamples,
///   [ max(0, max over α of (g − c s)),  max(0, max over α of (g + c s)) ].
/// A percentile interval of the maximum would be wrong: a maximum is biased upward, and its resamples once more.
///
/// Where s = 0 everywhere, as when no example changes along the path, the bootstrap has nothing to go by. Then kinds of
/// examples that n examples did not show are, at 95 %, a share of at most q = 1 − 0.05^(1/n) ≈ 3/n, and the ends are those of g
/// moved by that share: without a changing example [0, q].
///
/// A function of the curve alone (the resampling has a fixed seed), unchanged by swapping the ends and by the order of
/// examples. Cost: 2000 × (examples that change + different rows of outcomes × α). Throws: Error as error_barrier. Source:
/// Montiel Olea, Plagborg-Møller, "Simultaneous confidence bands", J. Applied Econometrics 34 (2019), for the band.
inline std::optional<Interval> error_barrier_interval(const Curve& curve) {
  constexpr double level = 0.95;
  constexpr std::uint32_t resamples = 2000;
  detail::require_curve("error_barrier_interval", curve);
  const auto has_no_error = [](const CurvePoint& p) { return std::isnan(p.metrics[Metric::error]); };
  if (curve.points.size() < 3 || curve.points.front().metrics.wrong.empty() || std::ranges::any_of(curve.points, has_no_error))
    return std::nullopt;
  const detail::Outcomes outcomes = detail::count_outcomes(curve.points);
  const std::size_t alphas = outcomes.weights.size();
  const auto n = static_cast<double>(outcomes.examples);

  std::vector<std::uint32_t> row_of;  // the row of each example that changes
  std::vector<double> deviation;      // [rows, alphas]: outcome − chord of outcomes
  std::vector<double> g(alphas), s(alphas);
  for (const auto& [row, count] : outcomes.rows) {
    row_of.insert(row_of.end(), static_cast<std::size_t>(count), static_cast<std::uint32_t>(deviation.size() / alphas));
    for (std::size_t k = 0; k < alphas; ++k) {
      const double d = row[k] - chord(row.front(), row.back(), outcomes.weights[k]);
      deviation.push_back(d);
      g[k] += static_cast<double>(count) * d / n;
    }
  }
  bool noisy = false;
  for (std::size_t k = 0; k < alphas; ++k) {
    double squares = (n - static_cast<double>(row_of.size())) * g[k] * g[k];
    for (std::size_t i = 0; const auto& [row, count] : outcomes.rows)
      squares += static_cast<double>(count) * std::pow(deviation[i++ * alphas + k] - g[k], 2);
    s[k] = std::sqrt(squares) / n;
    if (s[k] < 1e-12) s[k] = 0;  // rounding: one example of a million that differs by 0.001 gives 1e-9
    noisy = noisy || s[k] > 0;
  }
  Interval interval;
  const auto extend = [&](double low, double high) { interval = {std::max(interval.low, low), std::max(interval.high, high)}; };
  if (!noisy) {
    const double q = -std::expm1(std::log(1 - level) / n);
    for (std::size_t k = 1; k + 1 < alphas; ++k) extend(g[k] - q * (1 + g[k]), g[k] + q * (1 - g[k]));
    return interval;
  }

  const detail::Binomial changing(outcomes.examples, static_cast<double>(row_of.size()) / n);
  std::vector<double> largest, copies(outcomes.rows.size()), sum(alphas);
  for (std::uint32_t resample = 0; resample < resamples; ++resample) {
    const Stream stream{.seed = 0, .purpose = Purpose::bootstrap, .epoch = resample};
    std::fill(copies.begin(), copies.end(), 0.0);
    Index left = changing(uniform(stream, 0));
    for (std::uint64_t index = 1; left > 0; ++index)
      for (const std::uint64_t word : random_bits(stream, index))
        if (left-- > 0) ++copies[row_of[word * row_of.size() >> 32]];
    std::fill(sum.begin(), sum.end(), 0.0);
    for (std::size_t r = 0; r < copies.size(); ++r)
      if (copies[r] != 0)
        for (std::size_t k = 0; k < alphas; ++k) sum[k] += copies[r] * deviation[r * alphas + k];
    double t = 0;
    for (std::size_t k = 0; k < alphas; ++k)
      if (s[k] > 0) t = std::max(t, std::abs(sum[k] / n - g[k]) / s[k]);
    largest.push_back(t);
  }
  const auto quantile = largest.begin() + static_cast<std::ptrdiff_t>(std::ceil(level * resamples)) - 1;
  std::nth_element(largest.begin(), quantile, largest.end());
  for (std::size_t k = 0; k < alphas; ++k) extend(g[k] - *quantile * s[k], g[k] + *quantile * s[k]);
  return interval;
}

}  // namespace lmc
