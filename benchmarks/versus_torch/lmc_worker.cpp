// SPDX-License-Identifier: BSD-3-Clause
#include "lmc_worker.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/data/sources/mnist.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/train.hpp>
#include <numeric>
#include <span>
#include <vector>

#include "../support/peak.hpp"

namespace versus {

namespace {

lmc::Network<float> network(const Workload& w) {
  const lmc::Shape image{28, 28, 1};
  switch (w.family) {
    case Family::mlp:
      return lmc::mlp<float>({.inputs = image, .hidden = w.layers, .outputs = 10});
    case Family::cnn:
      return lmc::cnn<float>({.inputs = image, .channels = w.layers, .outputs = 10, .stride = {w.stride}});
    case Family::lcn:
      return lmc::lcn<float>({.inputs = image, .channels = w.layers, .outputs = 10, .stride = {w.stride}});
    case Family::vit:
      break;
  }
  return lmc::vit<float>(
      {.inputs = image, .outputs = 10, .patch = patch, .width = width, .heads = heads, .blocks = 1, .mlp_ratio = mlp_ratio});
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
  const auto data = lmc::load_mnist<float>(job.data);
  const lmc::Network<float> net = network(w);
  const lmc::ModelState<float> start{read_parameters(job.start, static_cast<std::size_t>(net.layout().parameter_count())), {}};
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
  const auto data = lmc::load_mnist<float>(job.data);
  std::vector<Index> first(static_cast<std::size_t>(curve_images));
  std::iota(first.begin(), first.end(), Index{0});
  const lmc::Dataset<float> images = data.test.subset(first);
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

std::size_t write_start(const Workload& workload, const std::string& data, const std::string& path) {
  const lmc::Network<float> net = network(workload);
  const lmc::ModelState<float> start = net.initialize({.seed = 0});
  std::ofstream file(path, std::ios::binary);
  const auto write = [&](std::span<const float> theta) {
    file.write(reinterpret_cast<const char*>(theta.data()), static_cast<std::streamsize>(theta.size_bytes()));
  };
  if (workload.task == Task::training) {
    write(start.parameters);
  } else {
    const auto images = lmc::load_mnist<float>(data);
    const auto pair = lmc::train_pair<float>(net, images.train, start, {.epochs = 1, .optimizer = optimizer(workload.update)},
                                             {.order = 1}, {.order = 2});
    write(pair.a.state.parameters);
    write(pair.b.state.parameters);
  }
  lmc::require(file.flush().good(), "cannot write '", path, "'; is the disk full?");
  return start.parameters.size();
}

}  // namespace versus
