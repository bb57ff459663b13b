// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/exact/detail/flip_finder.hpp>
#include <lmc/connectivity/exact/detail/linear_logits.hpp>
#include <lmc/connectivity/exact/detail/quadratic_logits.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

namespace detail {

/// Throws: Error, begun by `who`, unless there are labels below `classes`, and as many entries at both ends as `width` for each,
/// all finite.
template <class T>
void require_examples(std::string_view who, std::string_view what, std::span<const T> at_a, std::span<const T> at_b,
                      std::span<const std::int32_t> labels, Index width, Index classes) {
  require(!labels.empty(), who, ": there are no labels; expected one per example");
  require(at_a.size() == labels.size() * static_cast<std::size_t>(width) && at_b.size() == at_a.size(), who, ": ", at_a.size(),
          ' ', what, " at a and ", at_b.size(), " at b for ", labels.size(), " labels; expected ", width, " for each example");
  for (std::size_t i = 0; i < labels.size(); ++i)
    require(labels[i] >= 0 && labels[i] < classes, who, ": example ", i, " has the label ", labels[i], "; expected 0 to ",
            classes - 1);
  require_finite_values(who, concat("the ", what, " at a"), at_a);
  require_finite_values(who, concat("the ", what, " at b"), at_b);
}

/// The exact curve from what Logits take at both ends, `width` entries for each example.
template <class T, class Logits>
ExactErrorCurve find_flips(FlipFinder<Logits> finder, std::span<const T> at_a, std::span<const T> at_b,
                           std::span<const std::int32_t> labels, Index width) {
  ExactErrorCurve curve{.wrong = std::vector<bool>(labels.size())};
  const auto entries = static_cast<std::size_t>(width);
  for (std::size_t i = 0; i < labels.size(); ++i)
    curve.wrong[i] = finder.find(at_a.subspan(i * entries, entries), at_b.subspan(i * entries, entries), labels[i],
                                 static_cast<Index>(i), curve.flips);
  sort_flips(curve.flips);
  return curve;
}

}  // namespace detail

/// The error at every α of the line between two networks with one hidden layer, from its pre-activations at both ends, row-major
/// [examples, hidden], and the labels: what overloads for networks compute beside the evaluator, for a trainer of your own.
///
/// A unit changes sign at most once along the line, so that each logit is a quadratic in α on each of at most hidden + 1
/// pieces, and the prediction changes at roots of quadratics. They are found in double, exact to rounding (about 1e-14 in α
/// where two logits cross at an angle; 1e-8 where they touch; a logit is right to some 1e-16 of the greatest that it takes
/// along the path), for the real numbers that are given: a logit that an evaluator rounded differently may put an example that
/// is tied to within rounding on the other side.
///
/// The first of several greatest logits is the prediction. Swapped ends give the mirror image, to the bit. Cost: for each
/// example 4 · classes multiplications for each unit that is active at a, and 20 · classes for each that changes sign. The
/// result has one entry for each flip.
/// Throws: Error when lengths do not fit, a label is not a class, a number is infinite or NaN, or a logit may exceed 1e100.
template <std::floating_point T>
ExactErrorCurve exact_error_curve(const ReadoutPair<T>& readouts, std::span<const T> hidden_a, std::span<const T> hidden_b,
                                  std::span<const std::int32_t> labels) {
  detail::require_readouts("exact_error_curve", readouts);
  detail::require_examples("exact_error_curve", "pre-activations", hidden_a, hidden_b, labels, readouts.hidden,
                           readouts.classes);
  const bool swapped =
      detail::starts_from_b({readouts.weight_a, readouts.bias_a, hidden_a}, {readouts.weight_b, readouts.bias_b, hidden_b});
  const auto curve = [&](const ReadoutPair<T>& r, std::span<const T> a, std::span<const T> b) {
    return detail::find_flips(detail::FlipFinder(detail::QuadraticLogits(r)), a, b, labels, r.hidden);
  };
  return swapped ? mirrored(curve(detail::mirrored(readouts), hidden_b, hidden_a)) : curve(readouts, hidden_a, hidden_b);
}

/// The same where the logits themselves are on the straight line between their values at the ends, row-major
/// [examples, classes], as for logistic regression, or for the ensemble of two networks' logits.
template <std::floating_point T>
ExactErrorCurve exact_error_curve(std::span<const T> logits_a, std::span<const T> logits_b,
                                  std::span<const std::int32_t> labels) {
  require(!labels.empty(), "exact_error_curve: there are no labels; expected one per example");
  const auto classes = static_cast<Index>(logits_a.size() / labels.size());
  require(classes >= 2, "exact_error_curve: ", logits_a.size(), " logits for ", labels.size(),
          " labels; expected at least two for each example");
  detail::require_examples("exact_error_curve", "logits", logits_a, logits_b, labels, classes, classes);
  const auto curve = [&](std::span<const T> a, std::span<const T> b) {
    return detail::find_flips(detail::FlipFinder(detail::LinearLogits(static_cast<std::size_t>(classes))), a, b, labels,
                              classes);
  };
  const bool swapped = detail::starts_from_b<T>({logits_a}, {logits_b});
  return swapped ? mirrored(curve(logits_b, logits_a)) : curve(logits_a, logits_b);
}

}  // namespace lmc
