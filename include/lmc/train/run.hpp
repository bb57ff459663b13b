// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc {

/// What became of one training.
template <class Scalar>
struct Run {
  ModelState<Scalar> state = {};                    // the end; of a diverged run, the last state with a finite loss
  std::optional<Optimizer<Scalar>> optimizer = {};  // and its optimizer there
  NoiseSeeds seeds = {};                            // that it was trained with
  Index steps = 0;                                  // updates that led to state
  bool stopped = false;                   // whether an observer, or the end of a run beside it in lockstep, stopped it
  std::optional<Index> diverged_at = {};  // number of updates after which loss or parameters were not finite

  /// The end, to go on from. Throws: Error when nothing was trained.
  [[nodiscard]] Checkpoint<Scalar> checkpoint() const {
    require(optimizer.has_value(), "Run: no checkpoint, since nothing was trained");
    return {state, *optimizer, steps};
  }

  /// Names the exact bits of the final parameters.
  [[nodiscard]] std::string digest() const { return lmc::digest(state); }
};

/// θ of a state, or of the end of a run.
template <class Scalar>
const std::vector<Scalar>& parameters_of(const ModelState<Scalar>& state) {
  return state.parameters;
}
/// The same of a run.
template <class Scalar>
const std::vector<Scalar>& parameters_of(const Run<Scalar>& run) {
  return run.state.parameters;
}
/// A state or a run: what has a θ.
template <class End>
concept HoldsParameters = requires(const End& end) { parameters_of(end); };

}  // namespace lmc
