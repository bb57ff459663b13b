// SPDX-License-Identifier: BSD-3-Clause
// One training step on 28×28 images with batches of 128, one thread: gather, forward, backward, update. Each network's step is
// first verified against the same step in double. GFLOP/s, of MLPs, counts the products alone.
#include <benchmark/benchmark.h>

#include <chrono>
#include <lmc/core/window.hpp>
#include <lmc/data/batches.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/batch_memory.hpp>
#include <lmc/train/step.hpp>
#include <vector>

#include "support/trainer.hpp"

namespace {

using lmc::Extent;
using lmc::Index;
using support::batch;

const lmc::Shape image{28, 28, 1};

template <class Make>
void time_steps(benchmark::State& state, const Make& make, const lmc::OptimizerOptions& options) {
  if (!support::verified(make, options)) return state.SkipWithError("differs from the step in double");
  support::Trainer<float> trainer(make.template operator()<float>(), options);
  for (auto _ : state) benchmark::DoNotOptimize(trainer.step());
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(batch), benchmark::Counter::kIsIterationInvariantRate);
}

void mlp(benchmark::State& state, const std::vector<Index>& hidden, const lmc::OptimizerOptions& options) {
  time_steps(
      state, [&]<class T>() { return lmc::mlp<T>({.inputs = 784, .hidden = hidden, .outputs = 10}); }, options);
  double operations = 0;
  Index in = 784;
  std::vector<Index> widths = hidden;
  widths.push_back(10);
  for (const Index out : widths) {
    operations += 2.0 * static_cast<double>(in * out * batch) * (in == 784 ? 2 : 3);  // the first layer has no ∂L/∂x
    in = out;
  }
  state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * operations, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(mlp, logistic_sgd, {}, lmc::SgdOptions{});
BENCHMARK_CAPTURE(mlp, 784_64_10_sgd, {64}, lmc::SgdOptions{});
BENCHMARK_CAPTURE(mlp, 784_512_10_sgd, {512}, lmc::SgdOptions{});
BENCHMARK_CAPTURE(mlp, 784_512_10_momentum, {512}, lmc::SgdOptions{.momentum = 0.9});
BENCHMARK_CAPTURE(mlp, 784_512_10_adam, {512}, lmc::AdamOptions{});
BENCHMARK_CAPTURE(mlp, 5x512_sgd, {512, 512, 512, 512, 512}, lmc::SgdOptions{});

// How much of a step it takes to gather and standardize its batch: as much data as MNIST, as sparse, in random order. Batches
// are gathered beside the steps, others than theirs, so that no cache knows them.
void gathering(benchmark::State& state) {
  const lmc::Dataset<float> data = support::images<float>(60'000, 0.19);
  const auto net = lmc::mlp<float>({.inputs = 784, .hidden = {512}, .outputs = 10});
  lmc::ModelState<float> theta = net.initialize({.seed = 1});
  lmc::Optimizer<float> optimizer(lmc::SgdOptions{}, net.layout());
  lmc::StepMemory<float> memory(net, batch);
  lmc::BatchMemory<float> beside(net, batch);
  lmc::Batches batches(data.size(), {.batch_size = batch, .order_seed = 1, .drop_last = true});
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::duration d) { return std::chrono::duration<double>(d).count(); };
  double of_gathering = 0, of_steps = 0;
  Index next = 0;
  const auto take = [&] { return batches.batch(next++ % batches.per_epoch()); };
  for (auto _ : state) {
    const auto begin = Clock::now();
    data.gather(take(), beside.x(batch), beside.labels(batch));
    const auto between = Clock::now();
    benchmark::DoNotOptimize(lmc::step<float>(net, data, take(), theta, optimizer, 1.0, memory));
    const double step = seconds(Clock::now() - between);
    of_gathering += seconds(between - begin);
    of_steps += step;
    state.SetIterationTime(step);
  }
  state.counters["gathering, s"] = benchmark::Counter(of_gathering, benchmark::Counter::kAvgIterations);
  state.counters["share, %"] = 100 * of_gathering / of_steps;
}
BENCHMARK(gathering)->UseManualTime();

void cnn(benchmark::State& state, const std::vector<Index>& channels, Index stride) {
  time_steps(
      state, [&]<class T>() { return lmc::cnn<T>({.inputs = image, .channels = channels, .outputs = 10, .stride = {stride}}); },
      lmc::SgdOptions{});
}
BENCHMARK_CAPTURE(cnn, 32, {32}, 1);
BENCHMARK_CAPTURE(cnn, 32_64_stride_2, {32, 64}, 2);

// From a filter bank at each position to the same blocks as the convolution.
void lcn(benchmark::State& state, Extent first, Extent second) {
  time_steps(
      state,
      [&]<class T>() {
        return lmc::lcn<T>({.inputs = image, .channels = {32, 64}, .outputs = 10, .stride = {2}, .sharing = {first, second}});
      },
      lmc::SgdOptions{});
}
BENCHMARK_CAPTURE(lcn, local, 1, 1);
BENCHMARK_CAPTURE(lcn, tied_3x3, 3, 3);
BENCHMARK_CAPTURE(lcn, tied_to_convolution, 13, 6);

void vit(benchmark::State& state, Index blocks, lmc::TokenPooling pooling) {
  time_steps(
      state, [&]<class T>() { return lmc::vit<T>({.inputs = image, .outputs = 10, .blocks = blocks, .pooling = pooling}); },
      lmc::SgdOptions{});
}
BENCHMARK_CAPTURE(vit, one_block, 1, lmc::TokenPooling::mean);
BENCHMARK_CAPTURE(vit, one_block_class_token, 1, lmc::TokenPooling::class_token);
BENCHMARK_CAPTURE(vit, four_blocks, 4, lmc::TokenPooling::mean);

void attention(benchmark::State& state) {
  time_steps(
      state, []<class T>() { return lmc::attention<T>({.inputs = image, .outputs = 10}); }, lmc::SgdOptions{});
}
BENCHMARK(attention);

}  // namespace

BENCHMARK_MAIN();
