// SPDX-License-Identifier: BSD-3-Clause
#include "pair/setting.hpp"

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <limits>
#include <ostream>
#include <string>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/augmentation.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset_digest.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/training_bytes.hpp>

#include "registry/memory_limit.hpp"
#include "registry/named.hpp"
#include "registry/schedules.hpp"

namespace {

using registry::named;
using registry::typed;

// A run as messages call it.
std::string name_of(std::size_t initialization, std::size_t run) {
  const std::string number = run == 0 ? "The first run" : run == 1 ? "The second run" : lmc::concat("Run ", run + 1);
  return number + (initialization == 0 ? "" : " of initialization " + std::to_string(initialization + 1));
}

// Throws: lmc::Error with the option as it was typed, where the training does not fit the data or the network.
void require_trainable(const Options& o, const lmc::Network<float>& net, const lmc::Dataset<float>& data,
                       const lmc::TrainOptions<float>& training) {
  const Index batches = lmc::Batches(data.size(), {.batch_size = training.batch_size}).per_epoch();
  lmc::require(o.epochs <= std::numeric_limits<Index>::max() / batches, "--epochs ", o.epochs, ": with ", batches,
               " updates each, they are more than can be counted");
  registry::require_schedule(o, "--", training.schedule, o.epochs * batches);
  named(typed("--", "augment", o.augment), [&] { lmc::AugmentedDataset<float>(data, training.augmentation, 0); });
  registry::require_groups(o.updates, "--", training, net.layout());
}

// What is trained side by side holds all of a training and its start. What has ended keeps parameters and the optimizer's vectors, while
// each thread measures networks of its own on the line.
void require_memory(const lmc::Network<float>& net, const Plan& plan) {
  const std::size_t runs = plan.seeds.size() * plan.seeds.front().size();
  const auto threads = static_cast<std::size_t>(plan.team.size()), together = std::min(runs, threads);
  const std::size_t theta = sizeof(float) * static_cast<std::size_t>(net.layout().parameter_count());
  const std::size_t each = lmc::training_bytes(net, plan.training.batch_size, plan.training.optimizer);
  const std::size_t ended = lmc::run_bytes(net, plan.training.optimizer);
  const std::size_t bytes = std::max(together * (each + theta) + (runs - together) * ended, runs * ended + threads * theta);
  const std::string how = together > 1 ? lmc::concat(together, " of them side by side") : "one at a time";
  registry::require_memory(static_cast<double>(bytes), lmc::concat("training ", runs, " networks, ", how, ", needs"),
                           lmc::concat("expected a smaller network or --batch-size",
                                       together > 1 ? ", or --threads 1, which trains one at a time" : ""));
}

}  // namespace

Plan make_plan(const Options& o, Results& r) {
  r.options = o;
  parse_alphas(o.alphas);  // a mistake is found before the training
  parse_save_every(o);
  lmc::require(o.epochs > 0, "--epochs ", o.epochs, "; expected a positive number");
  lmc::require(o.batch_size > 0, "--batch-size ", o.batch_size, "; expected a positive number");
  lmc::require(o.label_noise >= 0 && o.label_noise < 1, "--label-noise ", o.label_noise,
               "; expected a share of the labels in [0, 1)");
  Plan plan{.seeds = noise_seeds(o),
            .training = {.epochs = o.epochs,
                         .batch_size = o.batch_size,
                         .optimizer = registry::optimizer_options(o.optimizer, "--"),
                         .augmentation = parse_augmentation(o.augment),
                         .label_noise = o.label_noise,
                         .schedule = registry::make_schedule(o, "--")},
            .init = named(typed("--", "init", o.init), [&] { return lmc::parse_initialization(o.init); }),
            .team = named(typed("--", "threads", o.threads), [&] { return lmc::ThreadTeam(o.threads); })};
  r.init_seeds = init_seeds(o);
  registry::set_updates(o.updates, "--", plan.training);
  r.differing = lmc::differing_noise(plan.seeds[0][0], plan.seeds[0][1]);
  if (r.init_seeds[0][0] != r.init_seeds[0][1]) r.differing.insert(r.differing.begin(), "initialization");
  r.loss = plan.training.loss;
  r.optimizer = lmc::concat(plan.training.optimizer);
  r.schedule = lmc::concat(plan.training.schedule);
  r.augmentation = lmc::concat(plan.training.augmentation);
  r.threads = plan.team.size();
  return plan;
}

Subject load(const Options& o, Plan& plan, Results& r) {
  if (r.differing.empty()) std::cerr << "warning: the noise seeds are equal, so that the two runs will be identical\n";
  lmc::TrainTest<float> data = registry::load_dataset(o.data, o.threads);
  auto made = registry::make_network(o.network, data.train.shape(), data.train.classes(), plan.init, "--");
  r.parameters = made.network.layout().parameter_count();
  r.network = made.description;
  r.examples = {data.train.size(), data.test.size()};
  r.classes = data.train.classes();
  r.input = data.train.standardization();
  r.train_digest = lmc::digest(data.train);
  r.read = data.report;
  if (o.batch_size > data.train.size()) {
    std::cerr << "note: --batch-size " << o.batch_size << " is above the " << data.train.size()
              << " training examples: all of them make one batch\n";
    plan.training.batch_size = r.options.batch_size = data.train.size();
  }
  require_trainable(o, made.network, data.train, plan.training);
  require_memory(made.network, plan);
  return {std::move(data), std::move(made.network)};
}

void train_and_save(const Subject& subject, const Plan& plan, Outputs& outputs, Results& r, const ResumeFolder* folder) {
  const lmc::Network<float>& net = subject.net;
  print_setting(r, net, subject.data);
  train(net, subject.data.train, plan.training, plan.seeds, plan.team, folder, r);
  if (r.interrupted_by != 0) return;
  for (std::size_t i = 0; i < r.runs.size(); ++i)
    for (std::size_t run = 0; run < r.runs[i].size(); ++run) {
      const lmc::Run<float>& ended = r.runs[i][run];
      if (ended.diverged_at)
        std::cerr
            << name_of(i, run) << " diverged: after " << *ended.diverged_at
            << " updates its loss or parameters were not finite. What follows is measured from its last finite state, after "
            << ended.steps << " updates; a lower --learning-rate may help.\n";
      outputs.write(outputs.checkpoint(i, run), [&](std::ostream& out) {
        lmc::write_safetensors<float>(out, net.layout(), ended.state, metadata(r, i, run));
      });
    }
}
