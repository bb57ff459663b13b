// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/exact/detail/certified_search.hpp>
#include <lmc/connectivity/exact/detail/loss_bounds.hpp>
#include <lmc/connectivity/exact/exact_error.hpp>
#include <lmc/connectivity/exact/readout_pair.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// How closely certified_loss_barrier() encloses a loss barrier, and when it gives up.
struct CertifiedLossOptions {
  double width = 1e-6;  // of the enclosure, in nats, > 0
  int max_passes = 12;  // over the examples, ≥ 1; two or three are usual
};

/// An enclosure of a loss barrier over the continuum of α: what it is in real arithmetic lies between low and high.
struct CertifiedLossBarrier {
  double low = 0;         // in nats, ≥ 0
  double high = 0;        // in nats, ≥ low
  double alpha = 0;       // a place where the loss is at least low above the chord; 0 where low is 0
  int passes = 0;         // over the examples
  Index evaluations = 0;  // places at which the loss was computed, all passes together
  bool converged = true;  // whether high − low ≤ the width that was asked for
  bool diverged = false;  // an end is what was left of a training that diverged: there is nothing to judge
  friend bool operator==(const CertifiedLossBarrier&, const CertifiedLossBarrier&) = default;
};

/// Prints `in [0.2180312, 0.2180318] at α 0.4612`, and why it is no judgement.
inline std::ostream& operator<<(std::ostream& out, const CertifiedLossBarrier& barrier) {
  return out << "in [" << fixed(barrier.low, 7) << ", " << fixed(barrier.high, 7) << "] at α " << fixed(barrier.alpha, 4)
             << (barrier.converged ? "" : ", wider than asked for") << (barrier.diverged ? ", a network diverged" : "");
}

namespace detail {

/// Throws: Error unless the options are what CertifiedLossOptions says.
inline void require_options(const CertifiedLossOptions& options) {
  require(options.width > 0 && std::isfinite(options.width), "certified_loss_barrier: width = ", options.width,
          "; expected a positive number of nats");
  require(options.max_passes >= 1, "certified_loss_barrier: max_passes = ", options.max_passes, "; expected at least 1");
}

/// The barrier from pass(places), which gives the sums of LossBounds; swapped: the path was walked from b to a.
template <class Pass>
CertifiedLossBarrier certify_loss(Index examples, Index classes, const CertifiedLossOptions& options, bool swapped, Pass pass) {
  const Enclosure found =
      enclose_supremum(static_cast<double>(examples), static_cast<double>(classes), options.width, options.max_passes, pass);
  return {.low = found.low,
          .high = found.high,
          .alpha = swapped && found.low > 0 ? 1 - found.alpha : found.alpha,
          .passes = found.passes,
          .evaluations = static_cast<Index>(found.places),
          .converged = found.high - found.low <= options.width};
}

}  // namespace detail

/// Encloses the loss barrier between two networks with one hidden layer over all α,
///   sup over α in [0, 1] of [ L(α) − ((1 − α) L(0) + α L(1)) ] ≥ 0,   L(α) the mean cross-entropy over the examples,
/// from its pre-activations at both ends, row-major [examples, hidden], each at most hidden_error from the real number that it
/// stands for, and the labels: what overloads for networks compute beside the evaluator, for a trainer of your own. The
/// enclosure holds for the function in real arithmetic: everything is computed in double, and bounds of all rounding are added
/// outward. It takes the machine's exp and log to be right to 2 units in the last place. A barrier of at most `width` may not
/// be told apart from none.
///
/// Branch and bound: between two places the height is at most the higher of its values there, plus what curvature and kinks can
/// add, bounded for each example from its own logits, which are quadratics between the α at which a hidden unit switches.
/// Stretches that may hold the supremum are cut again. Where `width` is not reached in max_passes, or rounding keeps it from
/// being reached at all, the enclosure is as wide as it says, and not `converged`.
///
/// Swapped ends give the same low and high, to the bit. Cost: mostly two passes over the examples, each about twice
/// exact_error_curve; more for few examples, where a single kink may be the maximum. Working memory does not depend on the
/// number of examples. Throws: Error when lengths do not fit, a label is not a class, an option is out of range, a number is
/// infinite or NaN, or logits may exceed 1e100.
template <std::floating_point T>
CertifiedLossBarrier certified_loss_barrier(const ReadoutPair<T>& readouts, std::span<const T> hidden_a,
                                            std::span<const T> hidden_b, double hidden_error,
                                            std::span<const std::int32_t> labels, const CertifiedLossOptions& options = {}) {
  constexpr std::string_view who = "certified_loss_barrier";
  detail::require_options(options);
  detail::require_readouts(who, readouts);
  detail::require_examples(who, "pre-activations", hidden_a, hidden_b, labels, readouts.hidden, readouts.classes);
  require(hidden_error >= 0 && std::isfinite(hidden_error), who, ": hidden_error = ", hidden_error,
          "; expected how far a pre-activation may be off, 0 where all are exact");
  const bool swapped =
      detail::starts_from_b({readouts.weight_a, readouts.bias_a, hidden_a}, {readouts.weight_b, readouts.bias_b, hidden_b});
  if (swapped) std::swap(hidden_a, hidden_b);
  detail::LossBounds bounds(swapped ? detail::mirrored(readouts) : readouts);
  const auto width = static_cast<std::size_t>(readouts.hidden);
  return detail::certify_loss(static_cast<Index>(labels.size()), readouts.classes, options, swapped,
                              [&](std::span<const double> places) {
                                std::vector<double> sums(detail::LossBounds::sums_for(places.size()));
                                for (std::size_t i = 0; i < labels.size(); ++i)
                                  bounds.add(hidden_a.subspan(i * width, width), hidden_b.subspan(i * width, width),
                                             hidden_error, labels[i], places, sums);
                                return sums;
                              });
}

}  // namespace lmc
