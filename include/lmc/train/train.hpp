// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/digest.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/augmentation.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/label_noise.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/schedule.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/vector.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/step.hpp>

namespace lmc {

/// What an observer sees after every update.
template <class Scalar>
struct StepEvent {
  std::size_t run = 0;                 // position among the runs that are trained together
  Index step = 0;                      // updates so far, at least 1
  Index steps = 0;                     // updates of the whole run
  Index epoch = 0;                     // epoch of this update, from 0
  Index batch = 0;                     // examples in this update
  double loss = 0;                     // mean cross-entropy of the batch, before the update
  std::span<const Scalar> parameters;  // θ after the update; valid during the call alone
};

/// What an observer answers: go on, or end this run here.
enum class Control { proceed, stop };

/// Called after every update, by the thread of its run: runs that are trained together call it at the same time.
template <class Scalar>
using Observer = std::function<Control(const StepEvent<Scalar>&)>;

/// How to train; what differs between the runs of a pair is in NoiseSeeds.
template <class Scalar>
struct TrainOptions {
  Index epochs = 10;                          // passes over the data, > 0
  std::optional<Index> until = {};            // end after so many updates; the schedule is that of all epochs
  Index batch_size = 128;                     // examples per update, in [1, size of the data set]
  bool drop_last = false;                     // leave out the last batch of an epoch where it is short
  OptimizerOptions optimizer = SgdOptions{};  // or the options of any other optimizer in optim/
  Schedule schedule = {};                     // times the optimizer's learning rate
  AugmentationOptions augmentation = {};      // changes of the examples, by NoiseSeeds::augmentation
  double label_noise = 0;  // share of the labels that are wrong, by NoiseSeeds::label_noise (with_label_noise)
  std::vector<Observer<Scalar>> observers = {};  // called after every update, in this order
};

/// A place in a training: everything that the next update depends on, the options and seeds aside.
template <std::floating_point Scalar>
struct Checkpoint {
  ModelState<Scalar> state;     // θ and buffers
  Optimizer<Scalar> optimizer;  // its options and state
  Index step = 0;               // updates that led here
};

/// What became of one training.
template <class Scalar>
struct Run {
  ModelState<Scalar> state = {};                    // the end; of a diverged run, the last state with a finite loss
  std::optional<Optimizer<Scalar>> optimizer = {};  // and its optimizer there
  NoiseSeeds seeds = {};                            // that it was trained with
  Index steps = 0;                                  // updates that led to state
  bool stopped = false;                             // whether an observer stopped it
  std::optional<Index> diverged_at = {};            // number of updates after which loss or parameters were not finite

  /// The end, to go on from. Throws: Error when nothing was trained.
  [[nodiscard]] Checkpoint<Scalar> checkpoint() const {
    require(optimizer.has_value(), "Run: no checkpoint, since nothing was trained");
    return {state, *optimizer, steps};
  }

  /// Names the exact bits of the final parameters.
  [[nodiscard]] std::string digest() const { return lmc::digest(state); }
};

namespace detail {

/// One training in progress. make_start() gives the place that it begins at, and again when it has to be found anew.
template <std::floating_point Scalar, class MakeStart>
class Training {
 public:
  Training(const Network<Scalar>& network, const Dataset<Scalar>& data, const MakeStart& make_start,
           const TrainOptions<Scalar>& options, const NoiseSeeds& seeds)
      : network_(network),
        labeled_(with_label_noise(data, {.share = options.label_noise, .seed = seeds.label_noise})),
        data_(labeled_, options.augmentation, seeds.augmentation),
        schedule_(options.schedule),
        batches_(data.size(), {.batch_size = options.batch_size, .order_seed = seeds.order, .drop_last = options.drop_last}),
        memory_(network, options.batch_size),
        noise_seed_(seeds.dropout),
        make_start_(make_start),
        now_(make_start()),
        all_steps_(updates(options.epochs, batches_.per_epoch())),
        steps_(options.until.value_or(all_steps_)) {
    require(steps_ <= all_steps_, "train: until = ", steps_, ", but ", options.epochs, " epochs are ", all_steps_,
            " updates; use more epochs, or a smaller number");
    require(now_.step >= 0 && now_.step <= steps_, "train: the start is a checkpoint after ", now_.step,
            " updates, but this training ends after ", steps_,
            "; use more epochs, a larger until, or the batch_size it was begun with");
    (void)schedule_.factor(0, all_steps_, batches_.per_epoch());  // finds what is wrong with it also where a run goes on
    begin_epoch();
  }

  [[nodiscard]] Index steps() const { return steps_; }
  [[nodiscard]] Index epoch() const { return now_.step / batches_.per_epoch(); }
  [[nodiscard]] std::span<const Index> batch() const { return batches_.batch(now_.step % batches_.per_epoch()); }
  [[nodiscard]] Checkpoint<Scalar>& now() { return now_; }
  [[nodiscard]] Index step() const { return now_.step; }

  /// The next update, and the mean loss before it. A loss that is not finite is returned without an update.
  double update() {
    if (now_.step % batches_.per_epoch() == 0) begin_epoch();
    const double factor = schedule_.factor(now_.step, all_steps_, batches_.per_epoch());
    const double loss = lmc::step<Scalar>(network_, data_, batch(), now_.state, now_.optimizer, factor, memory_,
                                          {.seed = noise_seed_, .epoch = static_cast<std::uint32_t>(epoch())});
    if (std::isfinite(loss)) ++now_.step;
    return loss;
  }

  /// Goes back to where `step` updates had been made: every draw has an address, so that the updates can be repeated to the
  /// bit, and no run has to keep a copy of where it was.
  void rewind(Index step) {
    now_ = make_start_();
    begin_epoch();
    while (now_.step < step) update();
  }

 private:
  static Index updates(Index epochs, Index per_epoch) {
    require(epochs <= std::numeric_limits<Index>::max() / per_epoch, "train: epochs = ", epochs, " of ", per_epoch,
            " updates are more than can be counted; use fewer");
    return epochs * per_epoch;
  }
  void begin_epoch() {
    batches_.shuffle(static_cast<std::uint32_t>(epoch()));
    data_.set_epoch(static_cast<std::uint32_t>(epoch()));
  }

  const Network<Scalar>& network_;
  Dataset<Scalar> labeled_;
  AugmentedDataset<Scalar> data_;
  const Schedule& schedule_;
  Batches batches_;
  StepMemory<Scalar> memory_;
  std::uint64_t noise_seed_;
  const MakeStart& make_start_;
  Checkpoint<Scalar> now_;
  Index all_steps_, steps_;
};

/// make_start() is called once the data are known to fit; its state is checked by the caller.
template <std::floating_point Scalar, class MakeStart>
Run<Scalar> train_from(const Network<Scalar>& network, const Dataset<Scalar>& data, const ModelState<Scalar>& from,
                       const MakeStart& make_start, const TrainOptions<Scalar>& options, const NoiseSeeds& seeds,
                       std::size_t run_number) {
  require_fit(network, data);
  require(options.epochs > 0, "train: epochs = ", options.epochs, "; expected a positive number");
  require(static_cast<Index>(from.parameters.size()) == network.layout().parameter_count() &&
              static_cast<Index>(from.buffers.size()) == network.layout().buffer_count(),
          "train: start has ", from.parameters.size(), " parameters and ", from.buffers.size(),
          " buffer values; the network has ", network.layout().parameter_count(), " and ", network.layout().buffer_count(),
          "; use its initialize()");
  Training<Scalar, MakeStart> training(network, data, make_start, options, seeds);
  const Index first = training.step();
  Run<Scalar> run{.state = {}, .optimizer = {}, .seeds = seeds};
  const auto diverged = [&](Index at) {
    run.diverged_at = at;
    if (at > first) training.rewind(at - 1);
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
                                  .parameters = training.now().state.parameters};
    for (const Observer<Scalar>& observe : options.observers)
      if (observe(event) == Control::stop) run.stopped = true;
  }
  // Nobody has computed a loss from the last update's parameters.
  if (!run.diverged_at && !simd::all_finite<Scalar>(training.now().state.parameters)) diverged(training.step());
  run.steps = training.step();
  run.state = std::move(training.now().state);
  run.optimizer = std::move(training.now().optimizer);
  return run;
}

}  // namespace detail

/// Goes on with a training from a place in it: with the options and seeds that led there, to the bit as if it had not been
/// interrupted; with other seeds, a child that shares the beginning. The optimizer is the checkpoint's, the schedule and the
/// number of epochs are the options'. Otherwise as train() from a start.
template <std::floating_point Scalar>
Run<Scalar> train(const Network<Scalar>& network, const Dataset<Scalar>& data, const Checkpoint<Scalar>& start,
                  const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, std::size_t run_number = 0) {
  return detail::train_from(
      network, data, start.state, [&] { return start; }, options, seeds, run_number);
}

/// Trains network on data from start. The result is a function of the arguments alone, to the bit; observers see every update
/// and may stop the run. A loss or a parameter that becomes NaN or infinite ends the run as a result: diverged_at, and the last
/// state with a finite loss, found again by repeating the updates from the start. Beside data and start, which all runs share,
/// a run holds θ, the gradient, the optimizer's vectors and the activations of a batch. Throws: Error when options, data, start
/// and network do not fit together; what an observer throws.
template <std::floating_point Scalar>
Run<Scalar> train(const Network<Scalar>& network, const Dataset<Scalar>& data, const ModelState<Scalar>& start,
                  const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, std::size_t run_number = 0) {
  const auto make_start = [&] { return Checkpoint<Scalar>{start, Optimizer<Scalar>(options.optimizer, network.layout()), 0}; };
  return detail::train_from(network, data, start, make_start, options, seeds, run_number);
}

/// One run for every entry of seeds, side by side on the threads of team, all from one start or checkpoint: bit-equal to
/// train() one after another.
template <std::floating_point Scalar, class Start>
  requires std::same_as<Start, ModelState<Scalar>> || std::same_as<Start, Checkpoint<Scalar>>
std::vector<Run<Scalar>> train_many(const Network<Scalar>& network, const Dataset<Scalar>& data, const Start& start,
                                    const TrainOptions<Scalar>& options, std::span<const NoiseSeeds> seeds,
                                    ThreadTeam team = ThreadTeam()) {
  std::vector<Run<Scalar>> runs(seeds.size());
  team.for_each(static_cast<Index>(seeds.size()), [&](Index i, int) {
    const auto run = static_cast<std::size_t>(i);
    runs[run] = train(network, data, start, options, seeds[run], run);
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
                        ThreadTeam team = ThreadTeam()) {
  const std::array seeds{a, b};
  auto runs = train_many<Scalar>(network, data, start, options, seeds, team);
  return {std::move(runs[0]), std::move(runs[1])};
}

}  // namespace lmc
