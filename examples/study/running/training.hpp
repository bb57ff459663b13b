// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/train/train.hpp>
#include <lmc/transfer/lift.hpp>

#include "registry/networks.hpp"
#include "study/specification/run_spec.hpp"

namespace lmc::study {

/// The network that a run begins in, and its description.
registry::ChosenNetwork first_network(const RunSpec& s, const Shape& shape, Index classes);

/// The larger network that the run goes on in from update lift_at on.
Lift<float> lift_of(const RunSpec& s, const Network<float>& network);

/// The network that a run ends in. Throws: Error as make_network and the lifts.
registry::ChosenNetwork final_network(const RunSpec& s, const Shape& shape, Index classes);

/// The number of updates after which the run ends, on so many training examples. Throws: Error when they cannot be counted.
Index last_update(const RunSpec& s, Index examples);

/// Throws: Error with the options that are wrong, where train_run on such data would throw: so many training examples of that shape.
void require_trainable(const RunSpec& s, const Shape& shape, Index classes, Index examples);

/// Bytes that train_run holds for such a run, at least. Throws: Error as final_network.
std::size_t training_bytes(const RunSpec& s, const Shape& shape, Index classes, Index examples);

/// A training's end.
struct Trained {
  Checkpoint<float> end;
  std::optional<Index> diverged_at = {};
  std::optional<Index> reached_at = {};   // the updates after which the loss was that of stop_at_loss
  std::vector<double> epoch_losses = {};  // mean loss of each epoch's updates, before them; that of the prefix is not in it
};

/// Trains a run on data, from `start`, a place in its prefix, or from its initialization. Throws: Error as require_trainable.
Trained train_run(const RunSpec& s, const Dataset<float>& data, const std::optional<Checkpoint<float>>& start,
                  const std::vector<Observer<float>>& observers = {});

}  // namespace lmc::study
