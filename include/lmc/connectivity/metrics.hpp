// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <vector>

#include <lmc/core/shape.hpp>

namespace lmc {

/// Which number of Metrics is meant.
enum class Metric { error, loss };

/// What was measured of one θ on a fixed data set. Means are over examples; a mean of batch means weighs the examples of a
/// short last batch too much. NaN and infinity are data: a network diverged.
struct Metrics {
  double loss = 0;               // mean cross-entropy in nats, or any other loss
  double error = 0;              // share of examples whose predicted class is wrong, in [0, 1]
  Index count = 0;               // examples
  std::vector<bool> wrong = {};  // optional: one an example, in the same order for every θ; a barrier's interval needs it

  [[nodiscard]] double operator[](Metric metric) const { return metric == Metric::error ? error : loss; }
  friend bool operator==(const Metrics&, const Metrics&) = default;
};

}  // namespace lmc
