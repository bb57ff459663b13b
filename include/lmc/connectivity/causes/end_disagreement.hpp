// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// How the predictions of two networks differ, as numbers of examples. With differ() = only_a_right + only_b_right +
/// both_wrong_differently, errors of b and a differ by (only_a_right − only_b_right) ÷ examples.
struct EndDisagreement {
  Index examples = 0;                // all that were counted
  Index only_a_right = 0;            // a predicts the label, b another class
  Index only_b_right = 0;            // the other way round
  Index both_wrong_differently = 0;  // neither predicts the label, and they predict different classes

  /// Examples whose predicted classes differ.
  [[nodiscard]] Index differ() const { return only_a_right + only_b_right + both_wrong_differently; }
  /// Their share of all examples, in [0, 1]; also called churn. NaN without examples.
  [[nodiscard]] double share() const { return static_cast<double>(differ()) / static_cast<double>(examples); }
  /// Adds the counts of other examples.
  EndDisagreement& operator+=(const EndDisagreement& other) {
    examples += other.examples;
    only_a_right += other.only_a_right;
    only_b_right += other.only_b_right;
    both_wrong_differently += other.both_wrong_differently;
    return *this;
  }
  friend bool operator==(const EndDisagreement&, const EndDisagreement&) = default;
};

/// The disagreement of two networks on N examples with labels [N], from their logits, row-major [N, C]. The predicted class is
/// that of the greatest logit, the first of several.
/// Throws: Error when there is no example, lengths do not fit, a label is not in [0, C), or a logit is NaN.
template <std::floating_point T>
EndDisagreement end_disagreement(std::span<const T> logits_a, std::span<const T> logits_b,
                                 std::span<const std::int32_t> labels) {
  require(!labels.empty(), "end_disagreement: there are no labels; expected one per example");
  const std::size_t classes = logits_a.size() / labels.size();
  require(classes > 0 && logits_a.size() == classes * labels.size() && logits_b.size() == logits_a.size(),
          "end_disagreement: ", logits_a.size(), " logits of a, ", logits_b.size(), " of b, and ", labels.size(),
          " labels; expected [examples, classes] twice");
  EndDisagreement counts{.examples = static_cast<Index>(labels.size())};
  for (std::size_t n = 0; n < labels.size(); ++n) {
    require(labels[n] >= 0 && static_cast<std::size_t>(labels[n]) < classes, "end_disagreement: example ", n, " has the label ",
            labels[n], "; expected 0 to ", classes - 1);
    const auto predicted = [&](std::span<const T> logits) {
      const std::span<const T> row = logits.subspan(n * classes, classes);
      require(std::none_of(row.begin(), row.end(), [](T z) { return std::isnan(z); }), "end_disagreement: example ", n,
              " has a logit that is NaN; expected numbers; did a training diverge?");
      return static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
    };
    const std::int32_t of_a = predicted(logits_a), of_b = predicted(logits_b);
    if (of_a == of_b) continue;
    ++(of_a == labels[n] ? counts.only_a_right : of_b == labels[n] ? counts.only_b_right : counts.both_wrong_differently);
  }
  return counts;
}

}  // namespace lmc
