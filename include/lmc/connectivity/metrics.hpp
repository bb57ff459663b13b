// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Which number of Metrics is meant.
enum class Metric { error, loss };

/// What was measured of one θ on a fixed data set. Means are over examples; a mean of batch means weighs the examples of a
/// short last batch too much. NaN and infinity are data: a network diverged.
struct Metrics {
  double loss = 0;                   // mean loss; loss_name says which
  std::optional<double> error = {};  // share of examples whose predicted class is wrong, in [0, 1]; none for a regression
  Index count = 0;                   // examples
  std::vector<bool> wrong = {};      // optional: one per example, in the same order for every θ; a barrier's interval needs it
  std::string loss_name = {};        // optional: `cross-entropy`, which is in nats, or that of any other loss
  std::vector<float> logits = {};    // optional: [count, classes], row-major; an ensemble and a temperature need them

  /// Throws: Error when the error is asked for and there is none.
  [[nodiscard]] double operator[](Metric metric) const {
    if (metric == Metric::loss) return loss;
    require(error.has_value(), "Metrics: the error was not measured; set Metrics::error, or use the loss");
    return *error;
  }
  friend bool operator==(const Metrics&, const Metrics&) = default;
};

namespace detail {

/// Throws: Error when metrics contradict themselves, or are not of the kind that `first` is, measured at α = 0: on as many
/// examples, and with an error, outcomes of single examples and logits where it has them. The message begins with `who`, as in
/// `linear_path: at α = 0.5 the evaluator gave `.
inline void require_consistent(std::string_view who, const Metrics& metrics, const Metrics& first) {
  const auto n = metrics.wrong.size();
  require(metrics.count > 0, who, "count = ", metrics.count, "; expected the number of examples, at least 1");
  require(metrics.count == first.count, who, "count = ", metrics.count, ", but ", first.count,
          " at α = 0; the same data set must be measured everywhere");
  require(metrics.loss_name == first.loss_name, who, "the loss '", metrics.loss_name, "', but '", first.loss_name,
          "' at α = 0; measure one loss everywhere");
  require(metrics.error.has_value() == first.error.has_value(), who, metrics.error ? "an" : "no", " error, but ",
          first.error ? "one" : "none", " at α = 0; give it everywhere or nowhere");
  require(n == 0 || n == static_cast<std::size_t>(metrics.count), who, n, " outcomes in `wrong` for count = ", metrics.count,
          "; expected one per example, or none");
  require(n == first.wrong.size(), who, n, " outcomes in `wrong`, but ", first.wrong.size(),
          " at α = 0; give them everywhere or nowhere");
  const auto logits = metrics.logits.size(), examples = static_cast<std::size_t>(metrics.count);
  require(logits % examples == 0 && logits != examples, who, logits, " `logits` for count = ", metrics.count,
          "; expected one per example and class, [count, classes] with at least two classes, or none");
  require(logits == first.logits.size(), who, logits, " `logits`, but ", first.logits.size(),
          " at α = 0; give them everywhere or nowhere");
  require(n == 0 || metrics.error, who, n, " outcomes in `wrong`, but no error; set the error to the share that is wrong");
  if (!metrics.error || std::isnan(*metrics.error)) return;
  const double error = *metrics.error;
  require(error >= 0 && error <= 1, who, "error = ", shortest(error),
          "; expected a share in [0, 1], not a percentage or a count");
  const auto wrong = std::count(metrics.wrong.begin(), metrics.wrong.end(), true);
  const double share = n == 0 ? error : static_cast<double>(wrong) / static_cast<double>(n);
  // 1e-12 leaves room for another order of adding, but not for one example.
  require(std::abs(share - error) <= 1e-12, who, "error = ", shortest(error), ", but ", wrong, " of ", n,
          " are true in `wrong`; the error is a mean over examples, not over batches");
}

}  // namespace detail
}  // namespace lmc
