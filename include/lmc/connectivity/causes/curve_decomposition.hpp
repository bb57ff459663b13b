// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/connectivity/causes/detail/labelled_logits.hpp>
#include <lmc/connectivity/causes/logit_ensemble.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>

namespace lmc {

/// The height of the error above the chord at one place of a path, as what averaging weights costs and what averaging logits
/// gains: height = function_gap + ensemble_gap, up to rounding.
struct ErrorDecomposition {
  double height = 0;        // err(α) − chord(α), a share of examples
  double function_gap = 0;  // height of the averaged weights above the ensemble of the logits
  double ensemble_gap = 0;  // height of that ensemble above the chord; of either sign, since the error is not convex
};

/// The parts of the heights of loss and error at one place of a path.
struct DecomposedPoint {
  double alpha = 0;                              // the place
  LossDecomposition loss = {};                   // in nats
  std::optional<ErrorDecomposition> error = {};  // none where the curve has no error
};

/// What decompose_curve() gives.
struct CurveDecomposition {
  std::vector<DecomposedPoint> points = {};  // one for each α of the curve
  DecomposedPoint highest = {};              // where the loss barrier is attained, at the smallest such α; NaN where it is NaN
};

/// Divides the height above the chord at every α of a curve with logits into the gap of the averaged weights to the ensemble of
/// the logits, logit_ensemble(curve, labels), and the gap of that ensemble to the chord: the loss by decompose_loss, as D − E_y and
/// −J, and the error by
///   err(α) − chord(α) = [ err(α) − err_ensemble(α) ] + [ err_ensemble(α) − chord(α) ].
/// The heights are those of the curve: to the bit for the error, and for the loss up to the rounding of logits to float.
///
/// labels has one entry per example. No pass over the data; some five exponentials for each α, example and class. Swapping the
/// ends mirrors it to the bit. NaN is data. Throws: Error as logit_ensemble.
inline CurveDecomposition decompose_curve(const Curve& curve, std::span<const std::int32_t> labels) {
  detail::require_labelled_logits("decompose_curve", curve, labels);
  const Curve ensemble = detail::averaged_logits(curve, labels);
  const Metrics &a = curve.points.front().metrics, &b = curve.points.back().metrics;
  CurveDecomposition result;
  for (std::size_t k = 0; k < curve.points.size(); ++k) {
    const CurvePoint& point = curve.points[k];
    DecomposedPoint& parts = result.points.emplace_back(DecomposedPoint{.alpha = point.alpha});
    parts.loss = decompose_loss<float>(a.logits, point.metrics.logits, b.logits, labels, point.weights());
    if (!a.error) continue;
    const double of_ensemble = *ensemble.points[k].metrics.error;
    parts.error = {.height = detail::above_chord(curve, point, Metric::error),
                   .function_gap = *point.metrics.error - of_ensemble,
                   .ensemble_gap = of_ensemble - chord(*a.error, *b.error, point.weights())};
  }
  const detail::Bump top = detail::highest_above_chord(curve, Metric::loss);
  if (top.point != nullptr) {
    result.highest = result.points[static_cast<std::size_t>(top.point - curve.points.data())];
  } else {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    result.highest = {.alpha = nan, .loss = {nan, nan, nan}};
  }
  return result;
}

}  // namespace lmc
