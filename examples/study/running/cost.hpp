// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <map>
#include <string>

#include <lmc/core/shape.hpp>
#include <lmc/layers/network.hpp>

#include "study/running/datasets.hpp"
#include "study/specification/pair_spec.hpp"
#include "study/specification/run_spec.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

/// Multiplications in the forward pass of one example: a filter bank counts at each position, other weights once per token, or
/// once. Products of activations alone, as in attention, are left out.
double multiplications(const Network<float>& network);

/// What trainings and measurements take, in seconds on one thread: multiplications at a speed that is measured for each network
/// where the store has runs of it, and else guessed from those of others; measurements as many times longer than that as those
/// in the store were.
class CostModel {
 public:
  /// The data sets tell the sizes; they are to outlive the model.
  explicit CostModel(DataSets& data) : data_(&data) {}
  /// Learns what the store has. Where it holds runs of networks or data sets that this program does not know, it learns nothing of them.
  CostModel(DataSets& data, const Store& store);

  /// Seconds of a training from update `from` on.
  [[nodiscard]] double seconds(const RunSpec& s, Index from = 0) const;
  /// Seconds of the curves of a pair, or of one further measurement by its name. An unknown measurement is taken to last as long
  /// as the curves.
  [[nodiscard]] double seconds(const PairSpec& s, const std::string& measurement = "") const;
  /// A training that was done takes that long.
  void learn(const RunSpec& s, Index steps, double seconds);
  /// A measurement that was done takes that long; the curves have no name. After the trainings: it is compared with them.
  void learn(const std::string& measurement, const PairSpec& s, double seconds);

 private:
  struct Speed {
    double work = 0, seconds = 0;
  };
  [[nodiscard]] double forward_seconds(const PairSpec& s) const;
  [[nodiscard]] DataSizes sizes(const DataSpec& s) const;
  static std::string key(const RunSpec& s);
  [[nodiscard]] Index updates(const RunSpec& s) const;
  // Forward, and twice as much backward.
  [[nodiscard]] double per_example(const RunSpec& s) const;
  [[nodiscard]] double work(const RunSpec& s, Index steps) const;
  [[nodiscard]] double seconds_per_multiplication(const RunSpec& s) const;

  DataSets* data_;
  std::map<std::string, DataSizes> stored_;  // of the data sets in the store, by their ids
  std::map<std::string, Speed> of_network_, of_measurement_;
  Speed all_;
  mutable std::map<std::string, double> per_example_;
};

}  // namespace lmc::study
