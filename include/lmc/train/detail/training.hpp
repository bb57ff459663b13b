// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/augmentation.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/label_noise.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/optim/clip.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/parameter_group.hpp>
#include <lmc/optim/update_range.hpp>
#include <lmc/simd/vector.hpp>
#include <lmc/train/events.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/step.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc::detail {

/// Where a training from a state begins.
template <std::floating_point Scalar>
Checkpoint<Scalar> beginning(const Network<Scalar>& network, const ModelState<Scalar>& start,
                             const TrainOptions<Scalar>& options) {
  return {start, Optimizer<Scalar>(options.optimizer, network.layout()), 0};
}
/// Where one from a checkpoint begins: there, with the optimizer as it was.
template <std::floating_point Scalar>
Checkpoint<Scalar> beginning(const Network<Scalar>&, const Checkpoint<Scalar>& start, const TrainOptions<Scalar>&) {
  return start;
}

template <std::floating_point Scalar>
const ModelState<Scalar>& state_of_start(const ModelState<Scalar>& start) {
  return start;
}
template <std::floating_point Scalar>
const ModelState<Scalar>& state_of_start(const Checkpoint<Scalar>& start) {
  return start.state;
}

/// Throws: Error when a checkpoint was made with another optimizer than the options name.
template <std::floating_point Scalar>
void require_same_optimizer(const ModelState<Scalar>&, const TrainOptions<Scalar>&) {}
template <std::floating_point Scalar>
void require_same_optimizer(const Checkpoint<Scalar>& start, const TrainOptions<Scalar>& options) {
  require(start.optimizer.options() == options.optimizer, "train: the start is a checkpoint of ", start.optimizer.options(),
          ", but options.optimizer is ", options.optimizer,
          "; give the same, or change the optimizer of the checkpoint, which is what goes on");
}

/// Throws: Error when updates that were made before came out otherwise.
inline void require_repeatable(bool same) {
  require(
      same,
      "train: a loss that was finite is not, now that the updates up to a divergence are repeated; a hook, or a loss of your own, has "
      "to do the same whenever it sees the same (random numbers have addresses: lmc/core/random.hpp)");
}

/// One training in progress: the gradient of the next batch, the update by it, and the way back to an earlier update.
template <std::floating_point Scalar, class Start>
class Training {
 public:
  /// Throws: Error when options, data, start and network do not fit together.
  Training(const Network<Scalar>& network, const Dataset<Scalar>& data, const Start& start, const TrainOptions<Scalar>& options,
           const NoiseSeeds& seeds, std::size_t run)
      : network_(network),
        start_(start),
        options_(checked(options, network, data, state_of_start<Scalar>(start))),
        run_(run),
        labeled_(with_label_noise(data, {.share = options.label_noise, .seed = seeds.label_noise})),
        data_(labeled_, options.augmentation, seeds.augmentation),
        batches_(data.size(), {.batch_size = options.batch_size, .order_seed = seeds.order, .drop_last = options.drop_last}),
        memory_(network, options.batch_size, options.loss),
        ranges_(update_ranges(network.layout(), options.groups)),
        noise_seed_(seeds.dropout),
        now_(beginning(network, start, options)),
        all_steps_(updates(options.epochs, batches_.per_epoch())),
        steps_(options.until.value_or(all_steps_)),
        first_(now_.step) {
    require_same_optimizer<Scalar>(start, options);
    require(steps_ >= 0, "train: until = ", steps_, "; expected a number of updates, at least 0");
    require(steps_ <= all_steps_, "train: until = ", steps_, ", but ", options.epochs, " epochs are ", all_steps_,
            " updates; use more epochs, or a smaller number");
    require(now_.step >= 0 && now_.step <= steps_, "train: the start is a checkpoint after ", now_.step,
            " updates, but this training ends after ", steps_,
            "; use more epochs, a larger until, or the batch_size it was begun with");
    (void)options.schedule.factor(0, all_steps_,
                                  batches_.per_epoch());  // finds what is wrong with it, also where a run goes on
    result_.seeds = seeds;
    begin_epoch();
  }

  [[nodiscard]] bool finished() const { return now_.step >= steps_ || result_.stopped || result_.diverged_at; }
  [[nodiscard]] Index step() const { return now_.step; }
  /// The number of updates of the whole run.
  [[nodiscard]] Index steps() const { return steps_; }
  /// By which the schedule multiplies the learning rate of the next update.
  [[nodiscard]] double rate_factor() const { return options_.schedule.factor(now_.step, all_steps_, batches_.per_epoch()); }
  /// What the options' groups say of the parameters.
  [[nodiscard]] std::span<const UpdateRange> ranges() const { return ranges_; }
  [[nodiscard]] Checkpoint<Scalar>& now() { return now_; }
  [[nodiscard]] std::span<Scalar> gradient() { return memory_.gradient; }

  /// The mean loss of the next batch, and, where it is finite, its gradient, after the hooks.
  double compute_gradient() {
    if (now_.step % batches_.per_epoch() == 0) begin_epoch();
    loss_ = loss_and_gradient<Scalar>(network_, data_, batch(), now_.state, memory_.batch, memory_.gradient,
                                      {.seed = noise_seed_, .epoch = static_cast<std::uint32_t>(epoch())});
    if (!std::isfinite(loss_)) return loss_;
    for (const GradientHook<Scalar>& hook : options_.gradient_hooks)
      hook({.run = run_,
            .step = now_.step,
            .steps = steps_,
            .epoch = epoch(),
            .loss = loss_,
            .gradient = memory_.gradient,
            .parameters = now_.state.parameters,
            .layout = &network_.layout()});
    return loss_;
  }
  /// The update by that gradient.
  void update() {
    if (options_.clip_norm) clip_by_norm<Scalar>(memory_.gradient, *options_.clip_norm);
    now_.optimizer.step(memory_.gradient, now_.state.parameters, rate_factor(), ranges_);
    ++now_.step;
  }
  /// Shows the observers the last update; they may stop the run.
  void observe() {
    const Index last = now_.step - 1, of_epoch = last % batches_.per_epoch();
    const StepEvent<Scalar> event{.run = run_,
                                  .step = now_.step,
                                  .steps = steps_,
                                  .epoch = last / batches_.per_epoch(),
                                  .end_of_epoch = of_epoch + 1 == batches_.per_epoch(),
                                  .batch = static_cast<Index>(batches_.batch(of_epoch).size()),
                                  .loss = loss_,
                                  .parameters = now_.state.parameters,
                                  .buffers = now_.state.buffers,
                                  .optimizer = &now_.optimizer};
    for (const Observer<Scalar>& observer : options_.observers)
      if (observer(event) == Control::stop) result_.stopped = true;
  }

  /// Ends the run here, because the run beside it has ended.
  void stop() { result_.stopped = result_.stopped || now_.step < steps_; }
  /// Ends the run as diverged after that many updates.
  void diverge(Index at) { result_.diverged_at = at; }
  [[nodiscard]] bool diverged() const { return result_.diverged_at.has_value(); }
  [[nodiscard]] bool stopped() const { return result_.stopped; }
  /// Whether the parameters are finite; nobody has computed a loss from those of the last update.
  [[nodiscard]] bool is_finite() const { return simd::all_finite<Scalar>(now_.state.parameters); }

  /// The number of updates that had led to the last finite loss, where the loss or the parameters after `at` are not finite.
  [[nodiscard]] Index before(Index at) const { return at > first_ ? at - 1 : first_; }
  /// Goes back to the start: every draw has an address, so that the updates can be repeated to the bit, and no run has to keep a
  /// copy of where it was.
  void restart() {
    now_ = beginning(network_, start_, options_);
    begin_epoch();
  }

  /// What became of it.
  [[nodiscard]] Run<Scalar> result() && {
    result_.steps = now_.step;
    result_.state = std::move(now_.state);
    result_.optimizer = std::move(now_.optimizer);
    return std::move(result_);
  }

 private:
  // The options, once they are known to be good; everything else that can be wrong is found by the members after them.
  static const TrainOptions<Scalar>& checked(const TrainOptions<Scalar>& options, const Network<Scalar>& network,
                                             const Dataset<Scalar>& data, const ModelState<Scalar>& start) {
    require_fit(network, data, options.loss);
    require(options.epochs > 0, "train: epochs = ", options.epochs, "; expected a positive number");
    require(options.label_noise == 0 || data.target_size() == 0 || options.loss.targets() == TargetKind::labels,
            "train: label_noise = ", options.label_noise, " changes labels, but the loss ", options.loss.name(),
            " is of the numbers that the data set has as targets; leave label_noise out, or the numbers");
    require(options.clip_norm.value_or(1) > 0, "train: clip_norm = ", options.clip_norm.value_or(1),
            "; expected a positive number, or none");
    require(static_cast<Index>(start.parameters.size()) == network.layout().parameter_count() &&
                static_cast<Index>(start.buffers.size()) == network.layout().buffer_count(),
            "train: start has ", start.parameters.size(), " parameters and ", start.buffers.size(),
            " buffer values; the network has ", network.layout().parameter_count(), " and ", network.layout().buffer_count(),
            "; use its initialize()");
    for (const auto& hook : options.gradient_hooks)
      require(hook != nullptr, "train: a gradient hook is empty; give it a function");
    for (const auto& observer : options.observers)
      require(observer != nullptr, "train: an observer is empty; give it a function");
    return options;
  }
  static Index updates(Index epochs, Index per_epoch) {
    require(epochs <= std::numeric_limits<Index>::max() / per_epoch, "train: epochs = ", epochs, " of ", per_epoch,
            " updates are more than can be counted; use fewer");
    return epochs * per_epoch;
  }
  [[nodiscard]] Index epoch() const { return now_.step / batches_.per_epoch(); }
  [[nodiscard]] std::span<const Index> batch() const { return batches_.batch(now_.step % batches_.per_epoch()); }
  void begin_epoch() {
    batches_.shuffle(static_cast<std::uint32_t>(epoch()));
    data_.set_epoch(static_cast<std::uint32_t>(epoch()));
  }

  const Network<Scalar>& network_;
  const Start& start_;
  const TrainOptions<Scalar>& options_;
  std::size_t run_;
  Dataset<Scalar> labeled_;
  AugmentedDataset<Scalar> data_;
  Batches batches_;
  StepMemory<Scalar> memory_;
  std::vector<UpdateRange> ranges_;
  std::uint64_t noise_seed_;
  Checkpoint<Scalar> now_;
  Index all_steps_, steps_, first_;
  double loss_ = 0;
  Run<Scalar> result_;
};

}  // namespace lmc::detail
