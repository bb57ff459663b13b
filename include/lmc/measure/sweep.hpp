// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/csv.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train.hpp>

namespace lmc {

/// One way to train, and what it is called in the results. Observers are called by several threads at the same time.
template <class Scalar>
struct SweepSetting {
  std::string name;               // in SweepResult::setting
  TrainOptions<Scalar> training;  // of both runs of a pair
};

/// Which pairs sweep() trains and how it measures them.
struct SweepOptions {
  Index replicates = 5;                                   // pairs of each setting
  std::uint64_t first_seed = 0;                           // for the first replicate's initialization
  PairNoise noise = PairNoise::order;                     // what the two runs of a pair differ in
  AlphaGrid alphas = 25;                                  // points of each curve
  std::function<void(Index done, Index all)> progress{};  // called after every pair, by one thread at a time
};

/// What one pair gave, measured on the test set.
struct SweepResult {
  std::string setting = {};  // its name
  std::uint64_t seed = 0;    // seed of the initialization
  double first_error = 0;    // of the first run, a share of the examples
  double second_error = 0;   // of the second run
  ErrorBarrier error = {};   // between the two, a share of the examples
  LossBarrier loss = {};     // between the two, in the loss that they were trained with
};

/// Trains `replicates` pairs with each setting and measures their barriers. Replicate r starts from the initialization seed
/// s = first_seed + r, the same for every setting, and its runs have the noise seeds 2s + 1 and 2s + 2, so that no two replicates
/// share a start or a noise; to observers, the runs of pair i, counted through all settings, are 2i and 2i + 1. Results are in the order of settings, then of seeds, and do not depend on the number of threads.
/// Running statistics, where the network has them, are calibrated on the training set. Throws: Error as train and evaluator, when the
/// data have no classes, so that there is no error, and when there is nothing to do.
template <std::floating_point Scalar>
std::vector<SweepResult> sweep(const Network<Scalar>& network, const Dataset<Scalar>& training, const Dataset<Scalar>& test,
                               const std::vector<SweepSetting<Scalar>>& settings, const SweepOptions& options = {},
                               ThreadTeam team = ThreadTeam()) {
  require(!settings.empty() && options.replicates > 0, "sweep: ", settings.size(), " settings and ", options.replicates,
          " replicates; expected at least one of each");
  require(
      test.classes() > 0,
      "sweep: the data set has only numbers as targets, and what a sweep measures is the error; for a regression, call train_pair, "
      "linear_path and loss_barrier for each setting and seed");
  std::vector<SweepResult> results(settings.size() * static_cast<std::size_t>(options.replicates));
  std::mutex mutex;
  Index done = 0;
  team.for_each(static_cast<Index>(results.size()), [&](Index i, int) {
    const SweepSetting<Scalar>& setting = settings[static_cast<std::size_t>(i / options.replicates)];
    const std::uint64_t seed = options.first_seed + static_cast<std::uint64_t>(i % options.replicates);
    const auto noise = pair_seeds(options.noise, 2 * seed + 1, 2 * seed + 2);
    // Every pair has run numbers of its own, so that observers keep them apart.
    const Pair<Scalar> pair = train_pair(network, training, network.initialize({.seed = seed}), setting.training, noise[0],
                                         noise[1], team, static_cast<std::size_t>(2 * i));
    const Curve curve = linear_path(pair.a, pair.b, evaluator(network, test, training, team, {}, setting.training.loss),
                                    {.alphas = options.alphas});
    results[static_cast<std::size_t>(i)] = {.setting = setting.name,
                                            .seed = seed,
                                            .first_error = curve.points.front().metrics[Metric::error],
                                            .second_error = curve.points.back().metrics[Metric::error],
                                            .error = error_barrier(curve),
                                            .loss = loss_barrier(curve)};
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) options.progress(done, static_cast<Index>(results.size()));
  });
  return results;
}

/// As CSV: setting,seed,first_error,second_error,error_barrier,low,high,verdict,loss_barrier; low and high are empty without an
/// interval.
inline void write_sweep_csv(std::ostream& out, std::span<const SweepResult> results) {
  out << "setting,seed,first_error,second_error,error_barrier,low,high,verdict,loss_barrier\n";
  for (const SweepResult& r : results) {
    const auto& interval = r.error.interval;
    out << csv_field(r.setting) << ',' << r.seed << ',' << shortest(r.first_error) << ',' << shortest(r.second_error) << ','
        << shortest(r.error.value) << ',' << (interval ? shortest(interval->low) : "") << ','
        << (interval ? shortest(interval->high) : "") << ',' << r.error.verdict << ',' << shortest(r.loss.value) << '\n';
  }
}

}  // namespace lmc
