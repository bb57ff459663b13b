// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/detail/labelled_logits.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>

namespace lmc {

/// A softmax temperature that was fitted to examples.
struct TemperatureFit {
  double temperature = 1;  // T in [0.01, 100]; above 1 where the logits are overconfident
  bool at_limit = false;   // T is 0.01 or 100, and the minimum lies beyond
  friend bool operator==(const TemperatureFit&, const TemperatureFit&) = default;
};

namespace detail {

/// The mean cross-entropy of logits · β over chosen examples, and its first and second derivative by β.
struct ScaledCrossEntropy {
  double loss = 0, slope = 0, curvature = 0;
};
inline ScaledCrossEntropy scaled_cross_entropy(const LabelledLogits& data, std::span<const std::size_t> examples, double beta) {
  ScaledCrossEntropy sum;
  for (const std::size_t n : examples) {
    const std::span<const float> z = data.row(n);
    const auto greatest = static_cast<double>(*std::ranges::max_element(z));
    double weights = 0, first = 0, second = 0;
    for (const float logit : z) {
      const double below = static_cast<double>(logit) - greatest, weight = std::exp(beta * below);
      weights += weight;
      first += weight * below;
      second += weight * below * below;
    }
    const double mean = first / weights, of_label = static_cast<double>(z[data.label(n)]) - greatest;
    sum.loss += std::log(weights) - beta * of_label;
    sum.slope += mean - of_label;
    sum.curvature += second / weights - mean * mean;
  }
  const auto count = static_cast<double>(examples.size());
  return {sum.loss / count, sum.slope / count, sum.curvature / count};
}

/// Newton's method on log β for the root of the slope, which rises with β. A root stays bracketed, and where a step leaves the
/// bracket or does not halve the one before, the bracket is halved.
inline TemperatureFit fit_temperature(const LabelledLogits& data, std::span<const std::size_t> examples) {
  constexpr double greatest = 100;  // of T and of β = 1/T
  const auto at = [&](double beta) { return scaled_cross_entropy(data, examples, beta); };
  const double slope_at_low = at(1 / greatest).slope, slope_at_high = at(greatest).slope;
  if (std::isnan(slope_at_low) || std::isnan(slope_at_high)) return {.temperature = std::numeric_limits<double>::quiet_NaN()};
  if (slope_at_low == 0 && slope_at_high == 0) return {};
  if (slope_at_high <= 0) return {1 / greatest, true};
  if (slope_at_low >= 0) return {greatest, true};
  double low = -std::log(greatest), high = -low, log_beta = 0, step = high - low;
  while (std::abs(step) > 1e-12) {
    const double before = std::abs(step), beta = std::exp(log_beta);
    const ScaledCrossEntropy value = at(beta);
    if (value.slope == 0) break;
    (value.slope < 0 ? low : high) = log_beta;
    step = -value.slope / (value.curvature * beta);
    // Written so that a NaN fails.
    const bool converges = std::abs(step) <= before / 2 && log_beta + step >= low && log_beta + step <= high;
    if (!converges) step = std::midpoint(low, high) - log_beta;
    log_beta += step;
  }
  return {.temperature = std::exp(-log_beta)};
}

}  // namespace detail

/// The softmax temperature T in [0.01, 100] that minimizes the mean cross-entropy of logits/T [examples, classes], row-major, with
/// labels [examples]. The loss is convex in 1/T, whose minimum is found to a relative 1e-10. Logits · s have T · s.
///
/// At a limit where the minimum lies beyond, as at 0.01 where every label has the greatest logit; 1 where every T gives the same
/// loss; NaN where a logit is not finite. Some 10 exponentials for each example and class.
/// Throws: Error when there is no example, lengths do not fit or a label is not in [0, classes).
/// Source: Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", arXiv:1706.04599.
inline TemperatureFit fit_temperature(std::span<const float> logits, std::span<const std::int32_t> labels) {
  require(!labels.empty() && logits.size() >= labels.size() && logits.size() % labels.size() == 0,
          "fit_temperature: ", logits.size(), " logits and ", labels.size(),
          " labels; expected [examples, classes] and [examples]");
  detail::require_label_of_each("fit_temperature", labels, labels.size(), logits.size() / labels.size());
  std::vector<std::size_t> all(labels.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return detail::fit_temperature({logits, labels}, all);
}

/// Which examples calibrated_barrier() fits a temperature to.
struct CalibrationOptions {
  std::uint64_t seed = 0;  // of the two folds
};

/// One place of a path, with temperatures of its own.
struct CalibratedPoint {
  double alpha = 0;                              // the place
  double loss = 0;                               // the curve's, in nats
  double calibrated_loss = 0;                    // at the fitted temperatures
  std::array<TemperatureFit, 2> temperatures{};  // [k]: that of fold k, fitted to the other fold
  friend bool operator==(const CalibratedPoint&, const CalibratedPoint&) = default;
};

/// The loss barrier beside that of calibrated networks.
struct CalibratedBarrier {
  std::vector<CalibratedPoint> points = {};  // one for each α of the curve
  LossBarrier plain = {};                    // loss_barrier(curve)
  LossBarrier calibrated = {};               // the same of the calibrated losses
  double difference = 0;  // plain.value − calibrated.value, in nats; negative where the ends' overconfidence hides it
};

/// The loss barrier when at every α the logits are divided by a softmax temperature T fitted there, from a curve with logits and
/// the labels [examples]: what is left of it once no network on the path is over- or underconfident as a whole. A positive
/// difference is the part of the plain barrier that comes from networks in between which are worse calibrated than the ends; it is
/// negative where overconfident ends raise the chord, and so hide a barrier. T does not change what is predicted: the error
/// barrier stays.
///
/// Two-fold cross-fitting: the examples are divided at random, but alike at every α, into halves (of n/2, and n − n/2). The loss of
/// a half is taken at the T fitted to the other (fit_temperature), so that T owes nothing to the examples it is judged by. A
/// calibrated loss can therefore exceed the plain one by what estimating T costs, some 1/n nats where the logits are calibrated.
/// An infinite T̂ or 1/T̂ is cut off at the limits, and at_limit says so. NaN is data: where a logit is not finite, T and the
/// calibrated loss are NaN, and so is the calibrated barrier.
///
/// No pass over the data; some 10 exponentials for each α, example and class. A function of the curve, the labels and the seed;
/// swapping the ends mirrors it to the bit. Throws: Error as logit_ensemble.
inline CalibratedBarrier calibrated_barrier(const Curve& curve, std::span<const std::int32_t> labels,
                                            const CalibrationOptions& options = {}) {
  detail::require_labelled_logits("calibrated_barrier", curve, labels);
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(Stream{.seed = options.seed, .purpose = Purpose::split, .part = 1}, std::span(order));
  const auto middle = order.begin() + std::ssize(order) / 2;
  std::sort(order.begin(), middle);
  std::sort(middle, order.end());
  const std::array<std::span<const std::size_t>, 2> folds{std::span(order.begin(), middle), std::span(middle, order.end())};

  CalibratedBarrier result{.plain = loss_barrier(curve)};
  Curve calibrated{.diverged = curve.diverged};
  for (const CurvePoint& point : curve.points) {
    const detail::LabelledLogits data{point.metrics.logits, labels};
    CalibratedPoint at{.alpha = point.alpha, .loss = point.metrics.loss};
    for (const std::size_t fold : {std::size_t{0}, std::size_t{1}}) {
      at.temperatures[fold] = detail::fit_temperature(data, folds[1 - fold]);
      at.calibrated_loss += detail::scaled_cross_entropy(data, folds[fold], 1 / at.temperatures[fold].temperature).loss *
                            static_cast<double>(folds[fold].size()) / static_cast<double>(labels.size());
    }
    calibrated.points.push_back({point.alpha, point.alpha_bar, {.loss = at.calibrated_loss, .count = point.metrics.count}});
    result.points.push_back(at);
  }
  result.calibrated = loss_barrier(calibrated);
  result.difference = result.plain.value - result.calibrated.value;
  return result;
}

}  // namespace lmc
