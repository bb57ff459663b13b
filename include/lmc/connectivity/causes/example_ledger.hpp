// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/intraclass_correlation.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Where example_ledger() accounts for the height of the error, and into which classes.
struct ExampleLedgerOptions {
  std::optional<double> alpha = {};           // an α of the curve; without one, where the error barrier is attained
  std::span<const std::int32_t> labels = {};  // one per example, at least 0; without them there is no account per class
};

/// Two neighboring α of a curve.
struct AlphaStep {
  double from = 0;  // the smaller α
  double to = 1;    // the greater α
  friend bool operator==(const AlphaStep&, const AlphaStep&) = default;
};

/// How often the outcome of an example, right or wrong, changes along a path.
struct ExampleFlips {
  Index count = 0;                      // changes between neighboring α of the curve; a finer grid may show more
  std::optional<AlphaStep> first = {};  // where it changes first; none where it never does
  std::optional<AlphaStep> last = {};   // where it changes last
  friend bool operator==(const ExampleFlips&, const ExampleFlips&) = default;
};

/// The examples with the same outcomes at the two ends, and what they add to the height of the error.
struct OutcomeGroup {
  bool wrong_at_a = false;  // their outcome at α = 0
  bool wrong_at_b = false;  // their outcome at α = 1
  Index count = 0;          // examples
  Index wrong = 0;          // how many of them are wrong at the ledger's α
  double contribution = 0;  // Σ b_i over them ÷ number of all examples
  friend bool operator==(const OutcomeGroup&, const OutcomeGroup&) = default;
};

/// The examples of one class.
struct ClassAccount {
  std::int32_t label = 0;  // the class
  Index count = 0;         // examples
  double mean = 0;         // of their b_i: the height of the error of the class above its own chord
  friend bool operator==(const ClassAccount&, const ClassAccount&) = default;
};

/// The account of the error's height above the chord at one α, example by example.
struct ExampleLedger {
  double alpha = 0;                         // the α
  double height = 0;                        // err(α) − chord(α)
  std::vector<double> contributions = {};   // b_i, one per example, in [−1, 1]; their mean is the height
  std::vector<ExampleFlips> flips = {};     // one per example
  std::array<OutcomeGroup, 4> groups = {};  // right at both ends, wrong at b, wrong at a, wrong at both; Σ = height
  std::vector<ClassAccount> classes = {};   // those that occur, by label; Σ count ÷ examples × mean = height
};

namespace detail {

/// Throws: Error, begun by `who`, when the curve was not measured at α.
inline const CurvePoint& point_at(std::string_view who, const Curve& curve, double alpha) {
  for (const CurvePoint& point : curve.points)
    if (point.alpha == alpha) return point;
  require(curve.midpoint && alpha == 0.5, who, ": alpha = ", shortest(alpha), " is none of the curve's ", curve.points.size(),
          " α; give one of curve.points, or measure there by PathOptions::alphas");
  return *curve.midpoint;
}

/// Counts of the wrong examples of a part of the data, at both ends and between.
struct WrongCounts {
  Index examples = 0, at_a = 0, at_b = 0, between = 0;
  void add(bool a, bool b, bool at) {
    ++examples;
    at_a += a ? 1 : 0;
    at_b += b ? 1 : 0;
    between += at ? 1 : 0;
  }
  /// Σ b_i over the part.
  [[nodiscard]] double sum(const PathWeights& weights) const {
    return static_cast<double>(between) - chord(static_cast<double>(at_a), static_cast<double>(at_b), weights);
  }
};

/// Throws: Error where the logits of a point, if it has some, say of more than one example in a hundred that its label makes it
/// wrong or right when its outcome does not: the labels are in another order. Fewer may be ties that were rounded.
inline void require_order(const Metrics& metrics, std::span<const std::int32_t> labels) {
  if (metrics.logits.empty() || labels.empty()) return;
  const std::size_t examples = labels.size(), classes = metrics.logits.size() / examples;
  std::size_t contradictions = 0;
  for (std::size_t i = 0; i < examples; ++i) {
    const auto row = metrics.logits.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto predicted = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row;
    contradictions += (predicted != labels[i]) != metrics.wrong[i];
  }
  require(100 * contradictions <= examples, "example_ledger: the outcomes of ", contradictions, " of ", examples,
          " examples contradict their logits and labels; expected the labels in the order of the examples");
}

}  // namespace detail

/// Divides the height of the error above the chord at one α of a curve with outcomes (Metrics::wrong) among the examples:
///   b_i = wrong_i(α) − ( ᾱ wrong_i(0) + α wrong_i(1) ),     mean of b_i = err(α) − chord(α),
/// which is the error barrier where the options name no α. It says which examples flip along the path, and where; what the
/// examples add that have equal outcomes at the ends; and the same for each class, where there are labels. An example that is
/// right at both ends and wrong between has b_i = 1; one that is wrong at both ends and right between has −1.
///
/// Sums are of counts, so that they do not depend on the order of examples. Swapping the ends mirrors the ledger to the bit, with
/// `first` and `last` exchanged. Between neighboring α, an example that flips twice is not seen. b_i is a fact about these two
/// networks; intraclass_correlation of several ledgers says how much of it is about the example.
/// No pass over the data; time and memory are of the size of the outcomes. Throws: Error as error_barrier; when the curve has no
/// outcomes, or an error that is NaN; when the α is none of the curve's; when labels do not fit, or contradict the logits of the curve.
inline ExampleLedger example_ledger(const Curve& curve, const ExampleLedgerOptions& options = {}) {
  detail::require_metric("example_ledger", curve, Metric::error);
  const std::vector<CurvePoint>& points = curve.points;
  const std::vector<bool>&at_a = points.front().metrics.wrong, &at_b = points.back().metrics.wrong;
  const std::size_t examples = at_a.size();
  require(examples > 0,
          "example_ledger: the curve has no outcomes of single examples; measure it by evaluator(network, data), or set "
          "Metrics::wrong");
  require(options.labels.empty() || options.labels.size() == examples, "example_ledger: ", options.labels.size(),
          " labels for ", examples, " examples; expected one per example, or none");
  const CurvePoint* const place = options.alpha ? &detail::point_at("example_ledger", curve, *options.alpha)
                                                : detail::highest_above_chord(curve, Metric::error).point;
  const double height = place == nullptr ? std::nan("") : detail::above_chord(curve, *place, Metric::error);
  require(!std::isnan(height),
          "example_ledger: an error of the curve is NaN, as of a network that diverged; there is no height to divide");
  const CurvePoint& at = *place;
  detail::require_order(at.metrics, options.labels);

  ExampleLedger ledger{.alpha = at.alpha, .height = height};
  ledger.flips.resize(examples);
  std::array<detail::WrongCounts, 4> groups;
  std::map<std::int32_t, detail::WrongCounts> classes;
  for (std::size_t i = 0; i < examples; ++i) {
    const bool a = at_a[i], b = at_b[i], wrong = at.metrics.wrong[i];
    ledger.contributions.push_back((wrong ? 1 : 0) - chord(a, b, at.weights()));
    groups[(a ? 2U : 0U) + (b ? 1U : 0U)].add(a, b, wrong);
    if (options.labels.empty()) continue;
    require(options.labels[i] >= 0, "example_ledger: example ", i, " has the label ", options.labels[i],
            "; expected at least 0");
    classes[options.labels[i]].add(a, b, wrong);
  }
  for (std::size_t k = 0; k + 1 < points.size(); ++k) {
    const std::vector<bool>&here = points[k].metrics.wrong, &next = points[k + 1].metrics.wrong;
    const AlphaStep step{points[k].alpha, points[k + 1].alpha};
    for (std::size_t i = 0; i < examples; ++i) {
      if (here[i] == next[i]) continue;
      ExampleFlips& flips = ledger.flips[i];
      if (flips.count++ == 0) flips.first = step;
      flips.last = step;
    }
  }
  for (std::size_t g = 0; g < 4; ++g)
    ledger.groups[g] = {.wrong_at_a = g >= 2,
                        .wrong_at_b = g % 2 == 1,
                        .count = groups[g].examples,
                        .wrong = groups[g].between,
                        .contribution = groups[g].sum(at.weights()) / static_cast<double>(examples)};
  for (const auto& [label, counts] : classes)
    ledger.classes.push_back(
        {.label = label, .count = counts.examples, .mean = counts.sum(at.weights()) / static_cast<double>(counts.examples)});
  return ledger;
}

/// How reliable b_i is over initializations: intraclass_correlation of the contributions of one ledger for each initialization,
/// on the same examples in one order. Each is at its own α, unless ExampleLedgerOptions named one for all.
/// Throws: Error when there are fewer than two ledgers or examples, or the ledgers have unequal numbers of examples.
inline IntraclassCorrelation intraclass_correlation(const std::vector<ExampleLedger>& ledgers) {
  std::vector<std::vector<double>> values;
  for (const ExampleLedger& ledger : ledgers) values.push_back(ledger.contributions);
  return intraclass_correlation(values);
}

}  // namespace lmc
