// SPDX-License-Identifier: BSD-3-Clause
// Training steps of the ladder's networks on 28×28 images with batches of 128: two runs side by side, one thread each, as in a
// pair. Every network's step is first verified against the same step in double. benchmarks/versus_pytorch.py runs it beside
// PyTorch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <cmath>
#include <lmc/core/random.hpp>
#include <lmc/core/thread_team.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/cnn.hpp>
#include <lmc/layers/lcn.hpp>
#include <lmc/layers/mlp.hpp>
#include <lmc/layers/vit.hpp>
#include <lmc/train/step.hpp>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using lmc::Index;

constexpr Index batch = 128, steps = 30, warmup = 3;

template <class Scalar>
lmc::Dataset<Scalar> images() {
  constexpr Index examples = 2 * batch;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(examples * 784));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(lmc::random_bits({.seed = 1}, i)[0]);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
  return lmc::Dataset<Scalar>({.shape = {28, 28, 1},
                               .classes = 10,
                               .labels = std::move(labels),
                               .features = std::move(pixels),
                               .standardization = {.mean = {0.5}, .deviation = {0.3}}});
}

template <class Scalar>
lmc::Network<Scalar> network(std::string_view name) {
  const lmc::Shape inputs{28, 28, 1};
  if (name == "conv_readout") return lmc::cnn<Scalar>({.inputs = inputs, .channels = {32}, .outputs = 10});
  if (name == "cnn") return lmc::cnn<Scalar>({.inputs = inputs, .channels = {32, 64}, .outputs = 10, .stride = {2}});
  if (name == "lcn") return lmc::lcn<Scalar>({.inputs = inputs, .channels = {32, 64}, .outputs = 10, .stride = {2}});
  if (name == "vit")
    return lmc::vit<Scalar>({.inputs = inputs, .outputs = 10, .patch = 7, .width = 64, .heads = 4, .blocks = 1});
  return lmc::mlp<Scalar>({.inputs = inputs, .hidden = {512, 512, 512, 512, 512}, .outputs = 10});
}

template <class Scalar>
struct Trainer {
  const lmc::Dataset<Scalar>* data;
  const lmc::Network<Scalar>* net;
  lmc::ModelState<Scalar> state = net->initialize({.seed = 1});
  lmc::Optimizer<Scalar> optimizer{lmc::SgdOptions{.learning_rate = 0.01}, state.parameters.size()};
  lmc::StepMemory<Scalar> memory{*net, batch};
  std::vector<Index> examples = std::vector<Index>(static_cast<std::size_t>(batch));
  Index first = 0;

  double step() {
    std::iota(examples.begin(), examples.end(), first);
    first = (first + batch) % data->size();
    return lmc::step<Scalar>(*net, *data, examples, state, optimizer, 1.0, memory);
  }
};

// The first step in float against that in double, loss and gradient.
bool verified(std::string_view name) {
  const auto data = images<float>();
  const auto exact_data = images<double>();
  const auto net = network<float>(name);
  const auto exact_net = network<double>(name);
  Trainer<float> trainer{&data, &net};
  Trainer<double> exact{&exact_data, &exact_net};
  double loss = trainer.step(), expected = exact.step(), worst = 0, largest = 0;
  for (std::size_t i = 0; i < trainer.memory.gradient.size(); ++i) {
    worst = std::max(worst, std::abs(double{trainer.memory.gradient[i]} - exact.memory.gradient[i]));
    largest = std::max(largest, std::abs(exact.memory.gradient[i]));
  }
  // Sums of up to 128 · 26 · 26 products in float.
  return std::abs(loss - expected) < 1e-5 && worst < 1e-4 * std::max(1.0, largest);
}

void pair_of_runs(benchmark::State& state, std::string_view name) {
  if (!verified(name)) return state.SkipWithError("differs from the step in double");
  const auto data = images<float>();
  const auto net = network<float>(name);
  using Clock = std::chrono::steady_clock;
  const lmc::ThreadTeam team(2);
  const int runs = team.size();  // 1 inside a parallel region or where there is one core
  for (auto _ : state) {
    std::barrier ready(runs);
    std::array<double, 2> seconds{};
    team.for_each(runs, [&](Index run, int) {
      Trainer<float> trainer{&data, &net};
      for (Index i = 0; i < warmup; ++i) trainer.step();
      ready.arrive_and_wait();
      const auto begin = Clock::now();
      for (Index i = 0; i < steps; ++i) benchmark::DoNotOptimize(trainer.step());
      seconds[static_cast<std::size_t>(run)] = std::chrono::duration<double>(Clock::now() - begin).count();
    });
    state.SetIterationTime(std::max(seconds[0], seconds[1]));
  }
  state.counters["images/s"] =
      benchmark::Counter(static_cast<double>(runs * steps * batch), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(pair_of_runs, conv_readout, "conv_readout")->Name("conv_readout")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, cnn, "cnn")->Name("cnn")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, lcn, "lcn")->Name("lcn")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, vit, "vit")->Name("vit")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, mlp5, "mlp5")->Name("mlp5")->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
