// SPDX-License-Identifier: BSD-3-Clause
// One training step of an MLP on 28×28 images with batches of 128, one thread: gather, forward, backward, update. Each
// network's step is first verified against the same step in double. Times are of the whole step; GFLOP/s counts the products
// alone.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/mlp.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/step.hpp>
#include <numeric>
#include <span>
#include <vector>

namespace {

using lmc::Index;

constexpr Index batch = 128;

template <class Scalar>
lmc::Dataset<Scalar> images() {
  constexpr Index examples = 1024;
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
struct Trainer {
  lmc::Dataset<Scalar> data = images<Scalar>();
  lmc::Network<Scalar> net;
  lmc::ModelState<Scalar> state;
  lmc::Optimizer<Scalar> optimizer;
  lmc::StepMemory<Scalar> memory{net, batch};
  std::vector<Index> examples = std::vector<Index>(batch);

  Trainer(const std::vector<Index>& hidden, const lmc::OptimizerOptions& options)
      : net(lmc::mlp<Scalar>({.inputs = 784, .hidden = hidden, .outputs = 10})),
        state(net.initialize({.seed = 1})),
        optimizer(options, state.parameters.size()) {
    std::iota(examples.begin(), examples.end(), Index{0});
  }
  double step() { return lmc::step<Scalar>(net, data, examples, state, optimizer, 1.0, memory); }
};

void training_step(benchmark::State& state, const std::vector<Index>& hidden, const lmc::OptimizerOptions& options) {
  Trainer<float> trainer(hidden, options);
  {
    Trainer<double> reference(hidden, options);
    const double loss = trainer.step(), expected = reference.step();
    double worst = 0;
    for (std::size_t i = 0; i < trainer.memory.gradient.size(); ++i)
      worst = std::max(worst, std::abs(double{trainer.memory.gradient[i]} - reference.memory.gradient[i]));
    // Gradients are below 1 here; sums of 128 float products of normalized activations.
    if (std::abs(loss - expected) > 1e-5 || worst > 1e-5) return state.SkipWithError("differs from the step in double");
  }
  Index first = 0;
  for (auto _ : state) {
    std::iota(trainer.examples.begin(), trainer.examples.end(), first);
    first = (first + batch) % 1024;
    benchmark::DoNotOptimize(trainer.step());
  }
  double operations = 0;
  Index in = 784;
  std::vector<Index> widths = hidden;
  widths.push_back(10);
  for (const Index out : widths) {
    operations += 2.0 * static_cast<double>(in * out * batch) * (in == 784 ? 2 : 3);  // the first layer has no ∂L/∂x
    in = out;
  }
  state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * operations, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(batch), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK_CAPTURE(training_step, logistic_sgd, {}, lmc::SgdOptions{});
BENCHMARK_CAPTURE(training_step, 784_64_10_sgd, {64}, lmc::SgdOptions{});
BENCHMARK_CAPTURE(training_step, 784_512_10_sgd, {512}, lmc::SgdOptions{});
BENCHMARK_CAPTURE(training_step, 784_512_10_momentum, {512}, lmc::SgdOptions{.momentum = 0.9});
BENCHMARK_CAPTURE(training_step, 784_512_10_adam, {512}, lmc::AdamOptions{});
BENCHMARK_CAPTURE(training_step, 5x512_sgd, {512, 512, 512, 512, 512}, lmc::SgdOptions{});

}  // namespace

BENCHMARK_MAIN();
