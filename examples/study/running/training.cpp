// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/training.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <lmc/data/augmentation.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/measure/stop_at_loss.hpp>
#include <lmc/train/shared_gradient.hpp>
#include <lmc/train/training_bytes.hpp>
#include <lmc/transfer/lift_checkpoint.hpp>

#include "registry/lists.hpp"
#include "registry/named.hpp"
#include "registry/schedules.hpp"
#include "registry/updates.hpp"

namespace lmc::study {

registry::ChosenNetwork first_network(const RunSpec& s, const Shape& shape, Index classes) {
  return registry::make_network(s.network, shape, classes, parse_initialization(s.init), "");
}

Lift<float> lift_of(const RunSpec& s, const Network<float>& network) {
  if (s.lift == "dense") return lift_to_dense(network);
  if (s.lift == "masked-dense") return lift_to_masked_dense(network);
  std::vector<Extent> sharing = registry::parse_extents("lift", s.lift, 1);
  // Blocks that are larger than a layer's grid, which a small last layer may be, stand for all of it.
  const std::vector<Extent> grids = output_grids(network);
  if (sharing.size() == 1) sharing.assign(grids.size(), sharing[0]);
  for (std::size_t i = 0; i < std::min(sharing.size(), grids.size()); ++i)
    sharing[i] = {std::min(sharing[i].rows, grids[i].rows), std::min(sharing[i].cols, grids[i].cols)};
  return lift_to_tied(network, sharing);
}

registry::ChosenNetwork final_network(const RunSpec& s, const Shape& shape, Index classes) {
  registry::ChosenNetwork chosen = first_network(s, shape, classes);
  if (s.lift == "none") return chosen;
  return {registry::named("lift = " + s.lift, [&] { return lift_of(s, chosen.network); }).network,
          chosen.description + " lifted to " + s.lift};
}

namespace {

Index updates_of_an_epoch(const RunSpec& s, Index examples) {
  const Index batch = std::min(s.batch_size, examples);
  return examples / batch + (examples % batch > 0 ? 1 : 0);
}

/// The hook of a network whose positions share gradients.
GradientHook<float> sharing_of(const RunSpec& s, const Network<float>& network) {
  return registry::named(lmc::concat("shared-gradient = ", *s.shared_gradient), [&] {
    return shared_gradient(network, {.share = *s.shared_gradient, .keep_norm = s.keep_gradient_norm});
  });
}

/// Where every run measures whether it has come to stop_at_loss: all runs on the same examples.
constexpr Index stopping_examples = 1000, stopping_every = 25;

/// Says that a batch is all of the data, once for each data set and size: runs of a study have it by the hundred.
void note_batch(const RunSpec& s, Index examples) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::string note = lmc::concat("note: batch-size = ", s.batch_size, " is above the ", examples,
                                       " training examples of ", s.data.dataset, ": all of them make one batch\n");
  const std::lock_guard lock(mutex);
  if (said.insert(note).second) std::cerr << note;
}

TrainOptions<float> train_options(const RunSpec& s, Index examples) {
  TrainOptions<float> options{
      .epochs = s.epochs,
      .batch_size = std::min(s.batch_size, examples),
      .optimizer = registry::optimizer_options(s.optimizer, ""),
      .augmentation = {.crop_padding = s.crop, .flip = s.flip, .translation = s.translation, .noise = s.input_noise},
      .label_noise = s.label_noise,
      .schedule = registry::make_schedule(s, "")};
  registry::set_updates(s.update, "", options);
  const Index each = updates_of_an_epoch(s, examples);
  if (s.updates > 0) options.epochs = s.updates / each + (s.updates % each > 0 ? 1 : 0);
  return options;
}

}  // namespace

Index last_update(const RunSpec& s, Index examples) {
  if (s.until > 0) return s.until;
  if (s.updates > 0) return s.updates;
  const Index each = updates_of_an_epoch(s, examples);
  require(s.epochs <= std::numeric_limits<Index>::max() / each, "epochs = ", s.epochs, ": with ", each,
          " updates each, they are more than can be counted");
  return s.epochs * each;
}

void require_trainable(const RunSpec& s, const Shape& shape, Index classes, Index examples) {
  const Network<float> last = final_network(s, shape, classes).network;
  const TrainOptions<float> options = train_options(s, examples);
  const Index end = last_update(s, examples), each = updates_of_an_epoch(s, examples);
  require(s.until > 0 || s.prefix < end, "prefix = ", s.prefix, ": the run has ", end,
          " updates, so that the two of a pair would be one; use a smaller number, or train longer");
  require(s.until > 0 || s.noise_until.value_or(0) < end, "noise-until = ", s.noise_until.value_or(0), ": the run has ", end,
          " updates; use a smaller number, or leave it out");
  require(s.until > 0 || s.lift_at <= end, "lift-at = ", s.lift_at, ": the run has ", end,
          " updates; use a smaller number, or train longer");
  require(options.epochs <= std::numeric_limits<Index>::max() / each, "updates = ", s.updates, ": with ", each,
          " updates in an epoch, they are more than can be counted");
  registry::require_schedule(s, "", options.schedule, options.epochs * each);
  const std::string augmentation = registry::all_typed("", [&](const auto& visit) {
    visit("crop", "", s.crop);
    visit("flip", "", s.flip);
    visit("translation", "", s.translation);
    visit("input-noise", "", s.input_noise);
  });
  const Dataset<float> one({.shape = shape,
                            .classes = classes,
                            .labels = {0},
                            .features = std::vector<float>(static_cast<std::size_t>(shape.size()))});
  registry::named(augmentation, [&] { const AugmentedDataset<float> fits(one, options.augmentation, 0); });
  registry::require_groups(s.update, "", options, last.layout());
  if (s.shared_gradient) (void)sharing_of(s, last);
  if (s.lift != "none" && s.lift_at > 0)
    registry::require_groups(s.update, "", options, first_network(s, shape, classes).network.layout());
}

std::size_t training_bytes(const RunSpec& s, const Shape& shape, Index classes, Index examples) {
  return lmc::training_bytes(final_network(s, shape, classes).network, std::min(s.batch_size, examples),
                             registry::optimizer_options(s.optimizer, ""));
}

Trained train_run(const RunSpec& s, const Dataset<float>& data, const std::optional<Checkpoint<float>>& start,
                  const std::vector<Observer<float>>& observers) {
  require_trainable(s, data.shape(), data.classes(), data.size());
  Network<float> network = first_network(s, data.shape(), data.classes()).network;
  TrainOptions<float> options = train_options(s, data.size());
  options.observers = observers;
  if (options.batch_size < s.batch_size) note_batch(s, data.size());
  const Index end = last_update(s, data.size());

  Trained result{.end = {{}, Optimizer<float>(options.optimizer, ParameterLayout()), 0}};
  std::vector<double> sums;
  std::vector<Index> examples;
  options.observers.emplace_back([&](const StepEvent<float>& event) {
    const auto epoch = static_cast<std::size_t>(event.epoch);
    sums.resize(std::max(sums.size(), epoch + 1));
    examples.resize(sums.size());
    sums[epoch] += event.loss * static_cast<double>(event.batch);
    examples[epoch] += event.batch;
    return Control::proceed;
  });

  std::optional<Checkpoint<float>> now = start;
  if (!now) {
    ModelState<float> state = network.initialize({.seed = s.init_seed});
    now = Checkpoint<float>{std::move(state), Optimizer<float>(options.optimizer, network.layout()), 0};
  }
  // The run in the stretches between the updates at which something changes.
  std::set<Index> stretches{end};
  if (s.prefix > now->step) stretches.insert(s.prefix);
  if (s.noise_until && *s.noise_until > now->step) stretches.insert(*s.noise_until);
  const bool lifted = s.lift != "none";
  if (lifted) stretches.insert(s.lift_at);
  std::optional<Dataset<float>> measured;
  if (s.stop_at_loss) measured = random_subset(data, std::min(stopping_examples, data.size()), 0);
  for (const Index to : stretches) {
    if (to > now->step && !result.diverged_at && !result.reached_at) {
      const bool of_prefix = s.until == 0 && now->step < s.prefix;
      TrainOptions<float> here = options;
      here.until = to;
      if (s.shared_gradient && now->step >= s.lift_at) here.gradient_hooks.push_back(sharing_of(s, network));
      std::optional<StopAtLoss<float>> stopping;
      if (measured && !of_prefix) {
        stopping.emplace(network, *measured, StopAtLossOptions{.loss = *s.stop_at_loss, .every = stopping_every}, ThreadTeam(1),
                         options.loss);
        here.observers.emplace_back(*stopping);
      }
      const bool in_common = of_prefix || (s.noise_until && now->step >= *s.noise_until);
      Run<float> run = train(network, data, *now, here, in_common ? s.prefix_seeds : s.seeds);
      result.diverged_at = run.diverged_at;
      if (stopping && stopping->crossing()) result.reached_at = run.steps;
      now = run.checkpoint();
    }
    if (lifted && to == s.lift_at) {
      const Lift<float> e = lift_of(s, network);
      now = lift(e, *now);
      network = e.network;
    }
  }
  result.end = std::move(*now);
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (examples[i] > 0) result.epoch_losses.push_back(sums[i] / static_cast<double>(examples[i]));
  return result;
}

}  // namespace lmc::study
