// SPDX-License-Identifier: BSD-3-Clause
#include "lmc_worker.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/sources/cifar.hpp>
#include <lmc/data/sources/mnist.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "../support/peak.hpp"

namespace versus {

namespace {

lmc::Network<float> network(const Workload& w) {
  const lmc::Shape image{w.side(), w.side(), w.channels()};
  switch (w.family) {
    case Family::mlp:
      return lmc::mlp<float>({.inputs = image, .hidden = w.layers, .outputs = 10});
    case Family::cnn:
      return lmc::cnn<float>({.inputs = image, .channels = w.layers, .outputs = 10, .stride = {w.stride}});
    case Family::lcn:
      return lmc::lcn<float>({.inputs = image, .channels = w.layers, .outputs = 10, .stride = {w.stride}});
    case Family::resnet:
      return lmc::resnet<float>({.inputs = image, .outputs = 10, .blocks = resnet_blocks, .width = resnet_width});
    case Family::vgg:
      return lmc::vgg<float>({.inputs = image, .outputs = 10, .channels = w.layers});
    case Family::vit:
      break;
  }
  return lmc::vit<float>(
      {.inputs = image, .outputs = 10, .patch = patch, .width = width, .heads = heads, .blocks = 1, .mlp_ratio = mlp_ratio});
}

/// The test set without what is behind its first test_images().
lmc::TrainTest<float> load(const Workload& w, const std::string& folder) {
  lmc::TrainTest<float> data = w.on_cifar() ? lmc::load_cifar10<float>(folder) : lmc::load_mnist<float>(folder);
  std::vector<Index> first(static_cast<std::size_t>(std::min(data.test.size(), w.test_images())));
  std::iota(first.begin(), first.end(), Index{0});
  return {std::move(data.train), data.test.subset(first)};
}

std::vector<float> read_parameters(const std::string& path, std::size_t count) {
  std::vector<float> theta = read_numbers<float>(path);
  lmc::require(theta.size() == count, "'", path, "' holds ", theta.size(), " floats; expected ", count);
  return theta;
}

lmc::OptimizerOptions optimizer(Update update) {
  if (update == Update::adam) return lmc::AdamOptions{.learning_rate = adam_rate};
  if (update == Update::momentum) return lmc::SgdOptions{.learning_rate = momentum_rate, .momentum = momentum};
  return lmc::SgdOptions{.learning_rate = sgd_rate};
}

std::vector<lmc::NoiseSeeds> orders(const std::vector<std::uint64_t>& seeds) {
  std::vector<lmc::NoiseSeeds> all;
  std::ranges::transform(seeds, std::back_inserter(all), [](std::uint64_t seed) { return lmc::NoiseSeeds{.order = seed}; });
  return all;
}

Outcome train(const Workload& w, const Job& job) {
  const auto data = load(w, job.data);
  const lmc::Network<float> net = network(w);
  lmc::ModelState<float> start = net.initialize({.seed = 0});  // for its buffers
  start.parameters = read_parameters(job.start, start.parameters.size());
  const std::vector<lmc::NoiseSeeds> seeds = orders(job.seeds);
  const lmc::ThreadTeam team(job.threads);
  lmc::TrainOptions<float> options{.epochs = 1, .until = 3, .batch_size = w.batch, .optimizer = optimizer(w.update)};

  Outcome outcome;
  outcome.first_losses.resize(seeds.size());
  options.observers.emplace_back([&](const lmc::StepEvent<float>& event) {
    if (event.step == 1) outcome.first_losses[event.run] = event.loss;
    return lmc::Control::proceed;
  });
  lmc::train_many<float>(net, data.train, start, options, seeds, team);
  options.observers.clear();
  options.until = job.steps;
  std::vector<lmc::Run<float>> runs;
  wait_for_start();
  outcome.seconds = seconds_of([&] {
    for (Index repeat = 0; repeat < job.repeats; ++repeat)
      runs = lmc::train_many<float>(net, data.train, start, options, seeds, team);
  });
  outcome.peak_megabytes = peak_megabytes();
  if (!job.evaluate) return outcome;
  for (const lmc::Run<float>& run : runs) outcome.losses.push_back(lmc::evaluate(net, run.state, data.test, team).loss);
  return outcome;
}

Outcome measure_curve(const Workload& w, const Job& job) {
  const lmc::Dataset<float> images = load(w, job.data).test;
  const lmc::Network<float> net = network(w);
  const auto count = static_cast<std::size_t>(net.layout().parameter_count());
  const std::vector<float> ends = read_parameters(job.start, 2 * count);
  const std::span<const float> a = std::span(ends).first(count), b = std::span(ends).last(count);
  const lmc::ThreadTeam team(job.threads);
  const auto evaluate = lmc::evaluator(net, images, team);

  Outcome outcome;
  lmc::Curve curve = lmc::linear_path<float>(a, b, evaluate, {.alphas = 2});
  wait_for_start();
  outcome.seconds = seconds_of([&] {
    for (Index repeat = 0; repeat < job.repeats; ++repeat)
      curve = lmc::linear_path<float>(a, b, evaluate, {.alphas = curve_points});
  });
  outcome.peak_megabytes = peak_megabytes();
  for (const lmc::CurvePoint& point : curve.points) {
    outcome.losses.push_back(point.metrics.loss);
    outcome.errors.push_back(point.metrics.error.value());
  }
  return outcome;
}

// GFLOP/s of all cores at once.
double measured_peak() {
  constexpr int rounds = 400, calls = 50'000;  // 0.05 s
  double best = 0;
  const lmc::ThreadTeam team(cores);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const double seconds = seconds_of([&] {
      team.for_each(cores, [](Index, int) {
        support::MultiplyAddChains chains;
        for (int call = 0; call < calls; ++call) chains.run(rounds);
      });
    });
    best = std::max(best, cores * calls * support::MultiplyAddChains::operations(rounds) / seconds / 1e9);
  }
  return best;
}

}  // namespace

nlohmann::json lmc_work(const Job& job) {
  if (job.task == "peak") return measured_peak();
  const Workload w = workload_named(job.workload);
  return w.task == Task::curve ? measure_curve(w, job) : train(w, job);
}

void write_start(const Workload& workload, const std::string& data, const std::string& path) {
  const lmc::Network<float> net = network(workload);
  const lmc::ModelState<float> start = net.initialize({.seed = 0});
  if (workload.task == Task::training) return write_numbers<float>(path, start.parameters);
  const auto pair = lmc::train_pair<float>(net, load(workload, data).train, start,
                                           {.epochs = 1, .optimizer = optimizer(workload.update)}, {.order = 1}, {.order = 2});
  std::vector<float> ends = pair.a.state.parameters;
  ends.insert(ends.end(), pair.b.state.parameters.begin(), pair.b.state.parameters.end());
  write_numbers<float>(path, ends);
}

Index export_data(const Workload& workload, const std::string& data, const std::string& folder) {
  const auto sets = load(workload, data);
  const auto write = [&](const lmc::Dataset<float>& set, const std::string& part) {
    const Index features = workload.side() * workload.side() * workload.channels();
    std::vector<float> images(static_cast<std::size_t>(set.size() * features));
    std::vector<std::int32_t> labels(static_cast<std::size_t>(set.size()));
    set.gather_range(0, lmc::matrix_view(std::span(images), set.size(), features), labels);
    write_numbers<float>(folder + "/" + part + ".images", images);
    write_numbers<std::int64_t>(folder + "/" + part + ".labels", std::vector<std::int64_t>(labels.begin(), labels.end()));
  };
  write(sets.train, "train");
  write(sets.test, "test");
  return sets.train.size();
}

void write_order(Index examples, std::uint64_t seed, const std::string& path) {
  const lmc::Batches whole(examples, {.batch_size = examples, .order_seed = seed});
  const std::span<const Index> order = whole.batch(0);
  write_numbers<std::int64_t>(path, std::vector<std::int64_t>(order.begin(), order.end()));
}

}  // namespace versus
