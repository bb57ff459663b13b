// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc::detail {

/// The examples of one place with their labels, which are in [0, classes).
struct LabelledLogits {
  std::span<const float> logits;         // [examples, classes], row-major
  std::span<const std::int32_t> labels;  // [examples]

  [[nodiscard]] std::size_t classes() const { return logits.size() / labels.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t example) const { return logits.subspan(example * classes(), classes()); }
  [[nodiscard]] std::size_t label(std::size_t example) const { return static_cast<std::size_t>(labels[example]); }
};

/// Mean cross-entropy in nats, in double.
inline double mean_cross_entropy(const LabelledLogits& data) {
  std::vector<double> z(data.classes());
  double sum = 0;
  for (std::size_t n = 0; n < data.labels.size(); ++n) {
    std::ranges::copy(data.row(n), z.begin());
    sum += cross_entropy(z, data.label(n));
  }
  return sum / static_cast<double>(data.labels.size());
}

/// Throws: Error, begun by `who`, unless there is one label in [0, classes) for each of `examples`.
inline void require_label_of_each(std::string_view who, std::span<const std::int32_t> labels, std::size_t examples,
                                  std::size_t classes) {
  require(labels.size() == examples, who, ": ", labels.size(), " labels for ", examples, " examples; expected one per example");
  for (std::size_t n = 0; n < labels.size(); ++n)
    require(labels[n] >= 0 && static_cast<std::size_t>(labels[n]) < classes, who, ": example ", n, " has the label ", labels[n],
            "; expected 0 to ", classes - 1);
}

/// Throws: Error, begun by `who`, unless the curve is what a barrier can be computed from, has the logits of at least two
/// examples, with one label for each, and its loss is the cross-entropy of the two: other labels, another order of them or
/// another loss would be accounted for in silence.
inline void require_labelled_logits(std::string_view who, const Curve& curve, std::span<const std::int32_t> labels) {
  require_curve(who, curve);
  const Metrics& first = curve.points.front().metrics;
  require(!first.logits.empty(), who,
          ": the curve has no logits; measure it by evaluator(network, data).with_logits(), or set Metrics::logits");
  const auto examples = static_cast<std::size_t>(first.count);
  require(examples >= 2, who, ": the curve has logits of ", examples, " example; expected at least two");
  require_label_of_each(who, labels, examples, first.logits.size() / examples);
  const auto check = [&](const CurvePoint& point) {
    const double loss = point.metrics.loss, expected = mean_cross_entropy({point.metrics.logits, labels});
    // 1e-3 leaves room for logits and losses in single precision. A loss that is not finite is data.
    require(!std::isfinite(loss) || !std::isfinite(expected) || std::abs(loss - expected) <= 1e-3 * std::max(1.0, expected),
            who, ": at α = ", shortest(point.alpha), " the curve's loss is ", shortest(loss),
            ", but the cross-entropy of its logits and these labels is ", shortest(expected),
            "; expected the labels in the order of the examples, and a curve of the cross-entropy without label smoothing");
  };
  for (const CurvePoint& point : curve.points) check(point);
  if (curve.midpoint) check(*curve.midpoint);
}

}  // namespace lmc::detail
