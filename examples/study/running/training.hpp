// SPDX-License-Identifier: BSD-3-Clause
#pragma once
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

/// A training's end.
struct Trained {
  Checkpoint<float> end;
  std::optional<Index> diverged_at = {};
  std::vector<double> epoch_losses = {};  // mean loss of each epoch's updates, before them; that of the prefix is not in it
};

/// Trains a run on data, from `start`, a place in its prefix, or from its initialization. Throws: Error as train, and when a
/// prefix or an embedding lies behind the end.
Trained train_run(const RunSpec& s, const Dataset<float>& data, const std::optional<Checkpoint<float>>& start,
                  const std::vector<Observer<float>>& observers = {});

}  // namespace lmc::study
