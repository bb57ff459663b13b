// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>

#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>

namespace lmc::detail {

/// A data set in chunks of consecutive examples, each a piece of work for one thread.
template <std::floating_point Scalar>
class DatasetChunks {
 public:
  /// Throws: Error when the data set does not fit the network.
  DatasetChunks(const Network<Scalar>& network, const Dataset<Scalar>& data) : network_(&network), data_(&data) {
    require_fit(network, data);
  }

  static constexpr Index size = 256;  // examples; fixed, since it decides the bits of sums over chunks

  [[nodiscard]] const Network<Scalar>& network() const { return *network_; }
  [[nodiscard]] const Dataset<Scalar>& data() const { return *data_; }
  [[nodiscard]] Index examples() const { return data_->size(); }
  [[nodiscard]] Index count() const { return (data_->size() + size - 1) / size; }

  /// How many examples of a chunk are in memory together.
  [[nodiscard]] Index part() const { return cached_part(*network_, std::min(size, examples())); }

  /// Calls visit(first, batch) for every part of chunk c, in order, whose inputs and labels are in memory then.
  template <class Visit>
  void for_parts(Index c, BatchMemory<Scalar>& memory, Visit visit) const {
    const Index last = std::min((c + 1) * size, examples()), part = this->part();
    for (Index first = c * size; first < last; first += part) {
      const Index batch = std::min(part, last - first);
      memory.gather_range(*data_, first, batch);
      visit(first, batch);
    }
  }

 private:
  const Network<Scalar>* network_;
  const Dataset<Scalar>* data_;
};

}  // namespace lmc::detail
