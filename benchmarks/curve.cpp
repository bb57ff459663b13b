// SPDX-License-Identifier: BSD-3-Clause
// A curve of 25 points on 10,000 images of 28×28, beside the same points measured one by one; all threads. The images are three
// quarters black, as handwritten digits are. Each curve is first compared with the points by themselves. Then the exact curve of
// MLP 784-512-10 beside its curve of 25 points, for ends as near to each other as those of two runs from one start, of which some
// 40 units change sign for an example, and for independent ones.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/exact_error.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/vit.hpp>
#include <span>
#include <utility>
#include <vector>

#include "support/images.hpp"

namespace {

using lmc::Index;

const lmc::Shape image{28, 28, 1};

const lmc::Dataset<float>& images() {
  static const lmc::Dataset<float> data = random_images<float>(10'000);
  return data;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double seconds(const auto& measure) {
  const auto begin = std::chrono::steady_clock::now();
  benchmark::DoNotOptimize(measure());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void curve(benchmark::State& state, const lmc::Network<float>& net) {
  const auto a = net.initialize({.seed = 1}).parameters, b = net.initialize({.seed = 2}).parameters;
  const auto evaluate = lmc::evaluator(net, images());
  const auto as_path = [&] { return lmc::linear_path(a, b, evaluate, {.alphas = 25}); };
  const auto one_by_one = [&] {
    return lmc::linear_path(a, b, [&](std::span<const float> theta) { return evaluate(theta); }, {.alphas = 25});
  };
  const lmc::Curve path = as_path(), points = one_by_one();
  for (std::size_t i = 0; i < 25; ++i)
    if (!(std::abs(path.points[i].metrics.loss - points.points[i].metrics.loss) < 1e-6 * points.points[i].metrics.loss))
      return state.SkipWithError("differs from the points one by one");

  std::vector<double> of_path, of_points;
  for (auto _ : state) {
    of_path.push_back(seconds(as_path));
    of_points.push_back(seconds(one_by_one));
    state.SetIterationTime(of_path.back());
  }
  state.counters["median_ms"] = 1e3 * median(of_path);
  state.counters["one_by_one_ms"] = 1e3 * median(of_points);
  state.counters["times_faster"] = median(of_points) / median(of_path);
}

#define CURVE(name, ...) BENCHMARK_CAPTURE(curve, name, __VA_ARGS__)->UseManualTime()->Unit(benchmark::kMillisecond)
CURVE(logistic, lmc::logistic_regression<float>({.inputs = image, .outputs = 10}));
CURVE(mlp_512, lmc::mlp<float>({.inputs = image, .hidden = {512}, .outputs = 10}));
CURVE(mlp_5x512, lmc::mlp<float>({.inputs = image, .hidden = {512, 512, 512, 512, 512}, .outputs = 10}));
CURVE(cnn_32, lmc::cnn<float>({.inputs = image, .channels = {32}, .outputs = 10}));
CURVE(cnn_32_64_stride_2, lmc::cnn<float>({.inputs = image, .channels = {32, 64}, .outputs = 10, .stride = {2}}));
CURVE(lcn_32_64_stride_2, lmc::lcn<float>({.inputs = image, .channels = {32, 64}, .outputs = 10, .stride = {2}}));
CURVE(vit, lmc::vit<float>({.inputs = image, .outputs = 10, .blocks = 1}));

// b is a with a share `moved` of another start.
void exact(benchmark::State& state, double moved) {
  const auto net = lmc::mlp<float>({.inputs = image, .hidden = {512}, .outputs = 10});
  const auto a = net.initialize({.seed = 1});
  auto b = net.initialize({.seed = 2});
  for (std::size_t i = 0; i < a.parameters.size(); ++i)
    b.parameters[i] = a.parameters[i] + static_cast<float>(moved) * (b.parameters[i] - a.parameters[i]);
  const auto evaluate = lmc::evaluator(net, images());
  const auto grid = [&] { return lmc::linear_path(a, b, evaluate, {.alphas = 25}); };
  const auto continuum = [&] { return lmc::exact_error_curve(net, a, b, images()); };
  // A point that is no flip has the same outcomes; a few examples may be tied to within rounding.
  const auto steps = lmc::error_steps(continuum());
  const lmc::Curve curve = grid();
  for (std::size_t i = 1; i < 24; ++i) {
    const auto at =
        std::ranges::find_if(steps, [&](const lmc::ErrorStep& step) { return step.to.alpha >= curve.points[i].alpha; });
    if (std::abs(static_cast<double>(at->wrong) - 1e4 * *curve.points[i].metrics.error) > 2)
      return state.SkipWithError("differs from the curve on a grid");
  }
  std::vector<double> of_grid, of_continuum;
  for (auto _ : state) {
    of_continuum.push_back(seconds(continuum));
    of_grid.push_back(seconds(grid));
    state.SetIterationTime(of_continuum.back());
  }
  state.counters["median_ms"] = 1e3 * median(of_continuum);
  state.counters["grid_ms"] = 1e3 * median(of_grid);
  state.counters["times_the_grid"] = median(of_continuum) / median(of_grid);
}
BENCHMARK_CAPTURE(exact, near, 0.2)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);
BENCHMARK_CAPTURE(exact, independent, 1.0)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);

}  // namespace

BENCHMARK_MAIN();
