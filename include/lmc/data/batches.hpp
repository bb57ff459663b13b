// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc {

/// How Batches cuts an epoch.
struct BatchOptions {
  Index batch_size = 128;        // examples per step, in [1, size of the data set]
  std::uint64_t order_seed = 0;  // seed of the order of the examples, a new one each epoch
  bool drop_last = false;        // leave out the last batch of an epoch where it is short
};

/// Cuts each epoch's order of the examples into batches. The order is a function of (order_seed, epoch) alone: an epoch can be
/// begun anywhere without those before it. Nothing is allocated after construction.
class Batches {
 public:
  /// The batches of epoch 0. Throws: Error when there are no examples, or batch_size is not in [1, examples].
  Batches(Index examples, BatchOptions options) : o_(options) {
    require(examples > 0, "Batches: the data set has ", examples, " examples; expected at least 1");
    require(o_.batch_size > 0, "Batches: batch_size = ", o_.batch_size, "; expected a positive number");
    require(o_.batch_size <= examples, "Batches: batch_size = ", o_.batch_size, " is above the ", examples,
            " examples of the data set; expected at most ", examples);
    order_.resize(static_cast<std::size_t>(examples));
    shuffle(0);
  }

  /// Number of batches in an epoch.
  [[nodiscard]] Index per_epoch() const {
    const auto examples = static_cast<Index>(order_.size());
    return o_.drop_last ? examples / o_.batch_size : (examples + o_.batch_size - 1) / o_.batch_size;
  }

  /// Goes to the order of an epoch.
  void shuffle(std::uint32_t epoch) {
    std::iota(order_.begin(), order_.end(), Index{0});
    lmc::shuffle(Stream{.seed = o_.order_seed, .purpose = Purpose::order, .epoch = epoch}, std::span(order_));
  }

  /// The examples of batch b of the epoch, b in [0, per_epoch()), asserted. Valid until the next shuffle.
  [[nodiscard]] std::span<const Index> batch(Index b) const {
    assert(b >= 0 && b < per_epoch());
    const Index first = b * o_.batch_size;
    return slice(std::span<const Index>(order_), first, std::min(o_.batch_size, static_cast<Index>(order_.size()) - first));
  }

 private:
  BatchOptions o_;
  std::vector<Index> order_;
};

}  // namespace lmc
