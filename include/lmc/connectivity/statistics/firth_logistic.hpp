// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>

namespace lmc {

/// A logistic curve: the probability of an event at x is 1 / (1 + exp(−(intercept + slope x))).
struct LogisticCurve {
  double intercept = 0;  // the log odds at x = 0
  double slope = 0;      // of the log odds, per unit of x

  /// The probability at x.
  [[nodiscard]] double operator()(double x) const { return 1 / (1 + std::exp(-(intercept + slope * x))); }
};

namespace detail {

/// Firth's penalized likelihood of a logistic curve in z, its modified score, and the inverse of the information I.
struct FirthState {
  double likelihood = 0;          // log likelihood + ½ log det I
  double score_a = 0;             // Σ u,   u_i = y_i − π_i + h_i (½ − π_i)
  double score_b = 0;             // Σ u z
  double aa = 0, ab = 0, bb = 0;  // I⁻¹
};

inline FirthState firth_state(const LogisticCurve& curve, std::span<const double> z, const std::vector<bool>& events) {
  double i_aa = 0, i_ab = 0, i_bb = 0;
  FirthState s;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double eta = curve.intercept + curve.slope * z[i], p = curve(z[i]), w = p * (1 - p);
    i_aa += w;
    i_ab += w * z[i];
    i_bb += w * z[i] * z[i];
    // log π of an event, log(1 − π) without one, where neither overflows.
    const double toward = events[i] ? eta : -eta;
    s.likelihood -= toward > 0 ? std::log1p(std::exp(-toward)) : std::log1p(std::exp(toward)) - toward;
  }
  const double determinant = i_aa * i_bb - i_ab * i_ab;
  s.likelihood += std::log(determinant) / 2;
  s.aa = i_bb / determinant;
  s.ab = -i_ab / determinant;
  s.bb = i_aa / determinant;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double p = curve(z[i]), leverage = p * (1 - p) * (s.aa + 2 * s.ab * z[i] + s.bb * z[i] * z[i]);
    const double u = (events[i] ? 1 : 0) - p + leverage * (0.5 - p);
    s.score_a += u;
    s.score_b += u * z[i];
  }
  return s;
}

}  // namespace detail

/// The logistic curve of events over x that maximizes the penalized likelihood
///   log L(a, b) + ½ log det I(a, b),   π_i = 1 / (1 + exp(−(a + b x_i))),   I = Σ π_i (1 − π_i) (1, x_i)ᵀ (1, x_i),
/// which removes the leading bias of the maximum likelihood estimate, and is finite also where the events are separated: where
/// all x with an event lie on one side of all without, at which maximum likelihood has no estimate.
/// Where all x are equal, slope = 0 and intercept = log((y + ½) / (n − y + ½)) with y events of n, the same of the model without x.
/// By Newton's method with halved steps. Throws: Error when there is no x, the lengths differ, or an x is not finite.
/// Source: Firth, "Bias reduction of maximum likelihood estimates", Biometrika 80 (1993); Heinze, Schemper, "A solution to the
/// problem of separation in logistic regression", Statistics in Medicine 21 (2002).
/// Checked against Newton's method with 50 digits: tests/connectivity/firth_logistic_reference.inc.
inline LogisticCurve firth_logistic(std::span<const double> x, const std::vector<bool>& events) {
  require(!x.empty() && x.size() == events.size(), "firth_logistic: ", x.size(), " numbers and ", events.size(),
          " outcomes; expected one outcome for each number, and one at least");
  const auto n = static_cast<double>(x.size());
  double mean = 0, spread = 0;
  for (const double value : x) {
    require(std::isfinite(value), "firth_logistic: x has ", shortest(value), "; expected finite numbers");
    mean += value / n;
  }
  const auto [least, most] = std::minmax_element(x.begin(), x.end());
  if (*least == *most) {
    const auto y = static_cast<double>(std::count(events.begin(), events.end(), true));
    return {.intercept = std::log((y + 0.5) / (n - y + 0.5)), .slope = 0};
  }
  for (const double value : x) spread += (value - mean) * (value - mean) / n;
  spread = std::sqrt(spread);
  std::vector<double> z;  // of mean 0 and variance 1: the maximum is the same, and well conditioned
  for (const double value : x) z.push_back((value - mean) / spread);

  LogisticCurve curve;
  detail::FirthState now = detail::firth_state(curve, z, events);
  for (int iteration = 0; iteration < 200; ++iteration) {
    double a = now.aa * now.score_a + now.ab * now.score_b, b = now.ab * now.score_a + now.bb * now.score_b;
    const double size = std::max(std::abs(a), std::abs(b));
    if (!(size > 1e-13)) break;
    const double shortened = std::min(1.0, 2 / size);
    a *= shortened;
    b *= shortened;
    // The score vanishes before the likelihood can show it: below this, a step is taken as it is.
    bool better = size < 1e-6;
    for (int halving = 0; halving < 40; ++halving) {
      const LogisticCurve next{.intercept = curve.intercept + a, .slope = curve.slope + b};
      const detail::FirthState there = detail::firth_state(next, z, events);
      better = better || there.likelihood > now.likelihood;
      if (better) {
        curve = next;
        now = there;
        break;
      }
      a /= 2;
      b /= 2;
    }
    if (!better) break;
  }
  return {.intercept = curve.intercept - curve.slope * mean / spread, .slope = curve.slope / spread};
}

}  // namespace lmc
