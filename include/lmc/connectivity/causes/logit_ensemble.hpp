// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/connectivity/causes/detail/labelled_logits.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>

namespace lmc {

namespace detail {

/// logit_ensemble of a curve and labels that were checked.
inline Curve averaged_logits(const Curve& curve, std::span<const std::int32_t> labels) {
  const LabelledLogits at_a{curve.points.front().metrics.logits, labels}, at_b{curve.points.back().metrics.logits, labels};
  const std::size_t classes = at_a.classes();
  std::vector<double> a(classes), b(classes), mean(classes);
  const auto measure = [&](const CurvePoint& point) {
    Metrics metrics{.count = point.metrics.count, .loss_name = point.metrics.loss_name};
    for (std::size_t n = 0; n < labels.size(); ++n) {
      std::ranges::copy(at_a.row(n), a.begin());
      std::ranges::copy(at_b.row(n), b.begin());
      interpolate<double>(a, b, point.weights(), mean);
      const double loss = cross_entropy(mean, at_a.label(n));
      const auto predicted = static_cast<std::size_t>(std::ranges::max_element(mean) - mean.begin());
      metrics.loss += loss;
      metrics.wrong.push_back(predicted != at_a.label(n) || std::isnan(loss));
    }
    const auto examples = static_cast<double>(labels.size());
    metrics.loss /= examples;
    metrics.error = static_cast<double>(std::ranges::count(metrics.wrong, true)) / examples;
    return CurvePoint{point.alpha, point.alpha_bar, metrics};
  };
  Curve ensemble{.diverged = curve.diverged};
  for (const CurvePoint& point : curve.points) ensemble.points.push_back(measure(point));
  if (curve.midpoint) ensemble.midpoint = measure(*curve.midpoint);
  return ensemble;
}

}  // namespace detail

/// The curve of the ensemble of the two ends whose logits are averaged with the weights of the path, z̄(α) = ᾱ z_a + α z_b, on the
/// α of a curve with logits: what averaging outputs costs where the curve has what averaging parameters costs. It has a loss, an
/// error and outcomes of single examples, so that every barrier and interval can be computed from it. Its loss is nowhere above
/// its chord, since cross-entropy is convex in the logits, and an example that both ends get right stays right; its ends are those
/// of the curve.
///
/// labels has one entry per example, in [0, classes). An example is wrong when its greatest averaged logit, the first of several,
/// is not its label's, or its loss is NaN. No pass over the data; one exponential for each α, example and class. Swapping the ends
/// mirrors the curve to the bit.
/// Throws: Error when the curve has no logits or those of fewer than two examples, the labels do not fit, or the curve's loss is
/// not the cross-entropy of its logits and the labels (to 0.001), as when these are in another order.
inline Curve logit_ensemble(const Curve& curve, std::span<const std::int32_t> labels) {
  detail::require_labelled_logits("logit_ensemble", curve, labels);
  return detail::averaged_logits(curve, labels);
}

}  // namespace lmc
