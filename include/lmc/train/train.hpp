// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/thread_team.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/schedule.hpp>
#include <lmc/simd/vector.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// What an observer sees after every update.
template <class Scalar>
struct StepEvent {
  std::size_t run = 0;  // position among the runs that are trained together
  Index step = 0;       // updates so far, at least 1
  Index steps = 0;      // of the whole run
  Index epoch = 0;      // of this update, from 0
  Index batch = 0;      // examples in this update
  double loss = 0;      // mean cross-entropy of the batch, before the update
  std::span<const Scalar> parameters;
};

enum class Control { go_on, stop };

/// Called after every update, by the thread of its run: runs that are trained together call it at the same time.
template <class Scalar>
using Observer = std::function<Control(const StepEvent<Scalar>&)>;

template <class Scalar>
struct TrainOptions {
  Index epochs = 10;
  Index batch_size = 128;
  bool drop_last = false;  // leave out the last batch of an epoch where it is short
  OptimizerOptions optimizer = SgdOptions{};
  Schedule schedule = {};  // times the optimizer's learning rate
  std::vector<Observer<Scalar>> observers = {};
};

/// One seed for each source of noise in training.
struct NoiseSeeds {
  std::uint64_t order = 0;    // of the data
  std::uint64_t dropout = 0;  // of the layers that draw noise
  friend bool operator==(const NoiseSeeds&, const NoiseSeeds&) = default;
};

/// What became of one training.
template <class Scalar>
struct Run {
  ModelState<Scalar> state = {};  // the end; of a diverged run, the last state with a finite loss
  NoiseSeeds seeds = {};
  Index steps = 0;                        // updates that led to state
  bool stopped = false;                   // by an observer
  std::optional<Index> diverged_at = {};  // number of updates after which loss or parameters were not finite

  /// Names the exact bits of the final parameters.
  [[nodiscard]] std::string digest() const { return lmc::digest(std::span<const Scalar>(state.parameters)); }
};

namespace detail {

/// One training in progress: everything that the next update depends on.
template <std::floating_point Scalar>
class Training {
 public:
  Training(const Network<Scalar>& network, const Dataset<Scalar>& data, const ModelState<Scalar>& start,
           const TrainOptions<Scalar>& options, const NoiseSeeds& seeds)
      : network_(network),
        data_(data),
        schedule_(options.schedule),
        batches_(data.size(), {.batch_size = options.batch_size, .order_seed = seeds.order, .drop_last = options.drop_last}),
        memory_(network, options.batch_size),
        noise_seed_(seeds.dropout),
        now_{start, Optimizer<Scalar>(options.optimizer, start.parameters.size()), 0},
        steps_(options.epochs * batches_.per_epoch()) {}

  [[nodiscard]] Index steps() const { return steps_; }
  [[nodiscard]] Index epoch() const { return now_.step / batches_.per_epoch(); }
  [[nodiscard]] std::span<const Index> batch() const { return batches_.batch(now_.step % batches_.per_epoch()); }
  [[nodiscard]] ModelState<Scalar>& state() { return now_.state; }
  [[nodiscard]] Index step() const { return now_.step; }

  /// The next update, and the mean loss before it. A loss that is not finite is returned without an update.
  double update() {
    if (now_.step % batches_.per_epoch() == 0) {
      batches_.shuffle(static_cast<std::uint32_t>(epoch()));
      candidate_ = now_;
    }
    const double factor = schedule_.factor(now_.step, steps_);
    const double loss = lmc::step<Scalar>(network_, data_, batch(), now_.state, now_.optimizer, factor, memory_,
                                          {.seed = noise_seed_, .epoch = static_cast<std::uint32_t>(epoch())});
    if (!std::isfinite(loss)) return loss;
    if (now_.step % batches_.per_epoch() == 0) std::swap(snapshot_, candidate_);
    ++now_.step;
    return loss;
  }

  /// Goes back to where `step` updates had been made. The loss there was finite, so that there is a snapshot at or before it:
  /// every draw has an address, and the updates since can be repeated to the bit.
  void rewind(Index step) {
    now_ = *snapshot_;
    batches_.shuffle(static_cast<std::uint32_t>(epoch()));
    while (now_.step < step) update();
  }

 private:
  struct Progress {
    ModelState<Scalar> state;
    Optimizer<Scalar> optimizer;
    Index step;
  };
  const Network<Scalar>& network_;
  const Dataset<Scalar>& data_;
  const Schedule& schedule_;
  Batches batches_;
  StepMemory<Scalar> memory_;
  std::uint64_t noise_seed_;
  Progress now_;
  // The beginning of the last epoch whose first loss was finite, and of one whose first loss is still being computed.
  std::optional<Progress> snapshot_, candidate_;
  Index steps_;
};

}  // namespace detail

/// Trains network on data from start. The result is a function of the arguments alone, to the bit; observers see every update
/// and may stop the run. A loss or a parameter that becomes NaN or infinite ends the run as a result: diverged_at, and the last
/// state with a finite loss. Throws: Error when options, data, start and network do not fit together; what an observer throws.
template <std::floating_point Scalar>
Run<Scalar> train(const Network<Scalar>& network, const Dataset<Scalar>& data, const ModelState<Scalar>& start,
                  const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, std::size_t run_number = 0) {
  require_fit(network, data);
  require(options.epochs > 0, "train: epochs = ", options.epochs, "; expected a positive number");
  require(static_cast<Index>(start.parameters.size()) == network.layout().parameter_count() &&
              static_cast<Index>(start.buffers.size()) == network.layout().buffer_count(),
          "train: start has ", start.parameters.size(), " parameters and ", start.buffers.size(),
          " buffer values; the network has ", network.layout().parameter_count(), " and ", network.layout().buffer_count(),
          "; use its initialize()");
  detail::Training<Scalar> training(network, data, start, options, seeds);
  Run<Scalar> run{.state = {}, .seeds = seeds};
  const auto diverged = [&](Index at) {
    run.diverged_at = at;
    if (at > 0) training.rewind(at - 1);
  };
  while (training.step() < training.steps() && !run.stopped) {
    const Index epoch = training.epoch(), before = training.step();
    const auto batch = static_cast<Index>(training.batch().size());
    const double loss = training.update();
    if (training.step() == before) {
      diverged(before);
      break;
    }
    const StepEvent<Scalar> event{.run = run_number,
                                  .step = training.step(),
                                  .steps = training.steps(),
                                  .epoch = epoch,
                                  .batch = batch,
                                  .loss = loss,
                                  .parameters = training.state().parameters};
    for (const Observer<Scalar>& observe : options.observers)
      if (observe(event) == Control::stop) run.stopped = true;
  }
  // Nobody has computed a loss from the last update's parameters.
  if (!run.diverged_at && !all_finite<Scalar>(training.state().parameters)) diverged(training.step());
  run.steps = training.step();
  run.state = std::move(training.state());
  return run;
}

/// One run for every entry of seeds, side by side on the threads of team, all from one start: bit-equal to train() one after
/// another.
template <std::floating_point Scalar>
std::vector<Run<Scalar>> train_many(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                    const ModelState<Scalar>& start, const TrainOptions<Scalar>& options,
                                    std::span<const NoiseSeeds> seeds, ThreadTeam team = ThreadTeam()) {
  std::vector<Run<Scalar>> runs(seeds.size());
  team.for_each(static_cast<Index>(seeds.size()), [&](Index i, int) {
    const auto run = static_cast<std::size_t>(i);
    runs[run] = train(network, data, start, options, seeds[run], run);
  });
  return runs;
}

template <class Scalar>
struct Pair {
  Run<Scalar> a = {}, b = {};
};

/// Two runs from one start, as train_many: the endpoints of a path. With equal seeds they are identical.
template <std::floating_point Scalar>
Pair<Scalar> train_pair(const Network<Scalar>& network, const Dataset<Scalar>& data, const ModelState<Scalar>& start,
                        const TrainOptions<Scalar>& options, const NoiseSeeds& a, const NoiseSeeds& b,
                        ThreadTeam team = ThreadTeam()) {
  const std::array seeds{a, b};
  auto runs = train_many<Scalar>(network, data, start, options, seeds, team);
  return {std::move(runs[0]), std::move(runs[1])};
}

/// The curve between the ends of two runs.
template <std::floating_point Scalar, Evaluator<Scalar> E>
Curve linear_path(const Run<Scalar>& a, const Run<Scalar>& b, E&& evaluate, const PathOptions& options = {}) {
  return linear_path(a.state.parameters, b.state.parameters, std::forward<E>(evaluate), options);
}

}  // namespace lmc
