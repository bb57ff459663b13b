// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// The height of the cross-entropy above the chord at one place of a path, as what averaging weights costs and what averaging
/// logits gains: height = function_gap + ensemble_gap, up to rounding.
struct LossDecomposition {
  double height = 0;        // L(α) − chord(α), in nats
  double function_gap = 0;  // height of the averaged weights above the ensemble of the logits
  double ensemble_gap = 0;  // height of that ensemble above the chord; ≤ 0, since cross-entropy is convex in the logits
};

namespace detail {

/// log Σ_j exp(z_j) − z_y.
inline double cross_entropy(std::span<const double> z, std::size_t y) {
  const double greatest = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (const double v : z) sum += std::exp(v - greatest);
  return std::log(sum) + (greatest - z[y]);
}

}  // namespace detail

/// The logits of N examples over C classes, row-major [N, C], at a, at b and at the place between them whose weights are given,
/// and the labels [N]. With z̄ = ᾱ z_a + α z_b, E = z − z̄, LSE = log Σ exp, y the label, and means over the examples:
///   function_gap = mean [ D − E_y ],   D = LSE(z̄ + E) − LSE(z̄)
///   ensemble_gap = −mean [ J ],        J = ᾱ LSE(z_a) + α LSE(z_b) − LSE(z̄) ≥ 0
/// computed as differences of the cross-entropies of z, z̄, z_a and z_b, in double.
/// Throws: Error when there is no example, lengths do not fit, or a label is not in [0, C).
template <std::floating_point T>
LossDecomposition decompose_loss(std::span<const T> logits_a, std::span<const T> logits, std::span<const T> logits_b,
                                 std::span<const std::int32_t> labels, const PathWeights& weights) {
  require(!labels.empty(), "decompose_loss: there are no labels; expected one per example");
  const std::size_t classes = logits.size() / labels.size();
  require(classes > 0 && logits.size() == classes * labels.size() && logits_a.size() == logits.size() &&
              logits_b.size() == logits.size(),
          "decompose_loss: ", logits_a.size(), " logits at a, ", logits.size(), " between, ", logits_b.size(), " at b, and ",
          labels.size(), " labels; expected [examples, classes] three times");
  std::vector<double> z(classes), mean(classes), a(classes), b(classes);
  LossDecomposition sum;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    require(labels[n] >= 0 && static_cast<std::size_t>(labels[n]) < classes, "decompose_loss: example ", n, " has the label ",
            labels[n], "; expected 0 to ", classes - 1);
    const auto y = static_cast<std::size_t>(labels[n]);
    for (std::size_t j = 0; j < classes; ++j) {
      z[j] = static_cast<double>(logits[n * classes + j]);
      a[j] = static_cast<double>(logits_a[n * classes + j]);
      b[j] = static_cast<double>(logits_b[n * classes + j]);
    }
    interpolate<double>(a, b, weights, mean);
    const double between = detail::cross_entropy(z, y), ensemble = detail::cross_entropy(mean, y);
    const double line = chord(detail::cross_entropy(a, y), detail::cross_entropy(b, y), weights);
    sum.height += between - line;
    sum.function_gap += between - ensemble;
    sum.ensemble_gap += ensemble - line;
  }
  const auto examples = static_cast<double>(labels.size());
  return {sum.height / examples, sum.function_gap / examples, sum.ensemble_gap / examples};
}

}  // namespace lmc
