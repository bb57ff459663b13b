// SPDX-License-Identifier: BSD-3-Clause
// Training steps of the ladder's networks on 28×28 images with batches of 128: two runs side by side, one thread each, as in a
// pair. Every network's step is first verified against the same step in double. benchmarks/versus_pytorch.py runs it beside
// PyTorch.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <lmc/core/thread_team.hpp>
#include <lmc/layers/cnn.hpp>
#include <lmc/layers/lcn.hpp>
#include <lmc/layers/mlp.hpp>
#include <lmc/layers/vit.hpp>
#include <lmc/optim/sgd.hpp>
#include <string_view>

#include "support/trainer.hpp"

namespace {

using lmc::Index;

constexpr Index steps = 30, warmup = 3;
const lmc::SgdOptions sgd{.learning_rate = 0.01};

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

void pair_of_runs(benchmark::State& state, std::string_view name) {
  if (!support::verified([&]<class T>() { return network<T>(name); }, sgd))
    return state.SkipWithError("differs from the step in double");
  using Clock = std::chrono::steady_clock;
  const lmc::ThreadTeam team(2);
  const int runs = team.size();  // 1 inside a parallel region or where there is one core
  for (auto _ : state) {
    std::barrier ready(runs);
    std::array<double, 2> seconds{};
    team.for_each(runs, [&](Index run, int) {
      support::Trainer<float> trainer(network<float>(name), sgd);
      for (Index i = 0; i < warmup; ++i) trainer.step();
      ready.arrive_and_wait();
      const auto begin = Clock::now();
      for (Index i = 0; i < steps; ++i) benchmark::DoNotOptimize(trainer.step());
      seconds[static_cast<std::size_t>(run)] = std::chrono::duration<double>(Clock::now() - begin).count();
    });
    state.SetIterationTime(std::max(seconds[0], seconds[1]));
  }
  state.counters["images/s"] =
      benchmark::Counter(static_cast<double>(runs * steps * support::batch), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(pair_of_runs, conv_readout, "conv_readout")->Name("conv_readout")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, cnn, "cnn")->Name("cnn")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, lcn, "lcn")->Name("lcn")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, vit, "vit")->Name("vit")->UseManualTime();
BENCHMARK_CAPTURE(pair_of_runs, mlp5, "mlp5")->Name("mlp5")->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
