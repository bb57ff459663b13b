// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/detail/training.hpp>
#include <lmc/train/events.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc {

namespace detail {

template <std::floating_point Scalar, class Start>
Run<Scalar> train_from(const Network<Scalar>& network, const Dataset<Scalar>& data, const Start& start,
                       const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, std::size_t run_number) {
  Training<Scalar, Start> training(network, data, start, options, seeds, run_number);
  // Repeats the updates up to `end`, or to the first one after which parameters are not finite.
  const auto repeat = [&](Index end, bool look_at_parameters) {
    training.restart();
    while (training.step() < end) {
      require_repeatable(std::isfinite(training.compute_gradient()));
      training.update();
      if (look_at_parameters && !training.is_finite()) return;
    }
  };
  const auto diverged = [&](Index at) {
    repeat(training.before(at), false);
    if (!training.is_finite()) {  // the loss did not show it
      repeat(training.step(), true);
      at = training.step();
      repeat(training.before(at), false);
    }
    training.diverge(at);
  };
  while (!training.finished()) {
    if (!std::isfinite(training.compute_gradient())) {
      diverged(training.step());
    } else {
      training.update();
      training.observe();
    }
  }
  if (!training.diverged() && !training.is_finite()) diverged(training.step());
  return std::move(training).result();
}

}  // namespace detail

/// Goes on with a training from a place in it: with the options and seeds that led there, to the bit as if it had not been
/// interrupted; with other seeds, a child that shares the beginning. The optimizer is the checkpoint's; the schedule, the number
/// of epochs and everything else are the options'. Otherwise as train() from a start.
template <std::floating_point Scalar>
Run<Scalar> train(const Network<Scalar>& network, const Dataset<Scalar>& data, const Checkpoint<Scalar>& start,
                  const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, std::size_t run_number = 0) {
  return detail::train_from(network, data, start, options, seeds, run_number);
}

/// Trains network on data from start. The result is a function of the arguments alone, to the bit; observers see every update
/// and may stop the run, gradient hooks may change every gradient. A loss or a parameter that becomes NaN or infinite ends the run
/// as a result: diverged_at, and the last state with a finite loss, found again by repeating the updates from the start. Beside data
/// and start, which all runs share, a run holds θ, the gradient, the optimizer's vectors and the activations of a batch.
/// Throws: Error when options, data, start and network do not fit together; what an observer or a hook throws.
template <std::floating_point Scalar>
Run<Scalar> train(const Network<Scalar>& network, const Dataset<Scalar>& data, const ModelState<Scalar>& start,
                  const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, std::size_t run_number = 0) {
  return detail::train_from(network, data, start, options, seeds, run_number);
}

/// One run for every entry of seeds, side by side on the threads of team, all from one start or checkpoint: bit-equal to
/// train() one after another. To observers and hooks, they are the runs from first_run on.
template <std::floating_point Scalar, class Start>
  requires std::same_as<Start, ModelState<Scalar>> || std::same_as<Start, Checkpoint<Scalar>>
std::vector<Run<Scalar>> train_many(const Network<Scalar>& network, const Dataset<Scalar>& data, const Start& start,
                                    const TrainOptions<Scalar>& options, std::span<const NoiseSeeds> seeds,
                                    ThreadTeam team = ThreadTeam(), std::size_t first_run = 0) {
  std::vector<Run<Scalar>> runs(seeds.size());
  team.for_each(static_cast<Index>(seeds.size()), [&](Index i, int) {
    const auto run = static_cast<std::size_t>(i);
    runs[run] = train(network, data, start, options, seeds[run], first_run + run);
  });
  return runs;
}

/// Two trainings, the ends of a path.
template <class Scalar>
struct Pair {
  Run<Scalar> a = {};  // at α = 0
  Run<Scalar> b = {};  // at α = 1
};

/// Two runs from one start, as train_many: the endpoints of a path. With equal seeds they are identical.
template <std::floating_point Scalar, class Start>
  requires std::same_as<Start, ModelState<Scalar>> || std::same_as<Start, Checkpoint<Scalar>>
Pair<Scalar> train_pair(const Network<Scalar>& network, const Dataset<Scalar>& data, const Start& start,
                        const TrainOptions<Scalar>& options, const NoiseSeeds& a, const NoiseSeeds& b,
                        ThreadTeam team = ThreadTeam(), std::size_t first_run = 0) {
  const std::array seeds{a, b};
  auto runs = train_many<Scalar>(network, data, start, options, seeds, team, first_run);
  return {std::move(runs[0]), std::move(runs[1])};
}

}  // namespace lmc
