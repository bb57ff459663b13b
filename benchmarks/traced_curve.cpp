// SPDX-License-Identifier: BSD-3-Clause
// The exact error of deep ReLU networks along a path, by tracing: time and events per example of 28×28 pixels; all threads. The
// ends are two starts that have nothing to do with each other, or a start and the point half way to another, which has about
// the events of two trainings from one start. Each curve is first compared with the evaluator at 101 points.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/traced_curve.hpp>
#include <lmc/models/mlp.hpp>
#include <utility>
#include <vector>

#include "support/images.hpp"

namespace {

using lmc::Index;

const lmc::Shape image{28, 28, 1};

bool has_outcomes(const lmc::ExactErrorCurve& exact, const lmc::Curve& curve) {
  for (const lmc::CurvePoint& point : curve.points) {
    if (point.alpha == 0 || point.alpha_bar == 0) continue;  // the curve says what is behind a place
    std::vector<bool> wrong = exact.wrong;
    for (const lmc::ErrorFlip& flip : exact.flips)
      if (flip.at.alpha < point.alpha) wrong[static_cast<std::size_t>(flip.example)] = flip.wrong;
    if (wrong != point.metrics.wrong) return false;
  }
  return true;
}

void trace(benchmark::State& state, const lmc::Network<double>& net, double apart) {
  // In double, so that the evaluator rounds no flip to the other side of a point.
  const lmc::Dataset<double> data = random_images<double>(32);
  const auto a = net.initialize({.seed = 1}).parameters;
  auto b = net.initialize({.seed = 2}).parameters;
  lmc::interpolate<double>(a, b, {apart, 1 - apart}, b);
  lmc::TracedErrorCurve traced = lmc::traced_error_curve(net, a, b, data);
  if (!has_outcomes(traced.curve, lmc::linear_path(a, b, lmc::evaluator(net, data), {.alphas = 101})))
    return state.SkipWithError("differs from the evaluator");

  double seconds = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(traced = lmc::traced_error_curve(net, a, b, data));
    const double once = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state.SetIterationTime(once);
    seconds += once;
  }
  state.counters["ms_per_example"] = 1e3 * seconds / static_cast<double>(state.iterations() * data.size());
  state.counters["events"] = traced.mean_events();
}

#define TRACE(name, ...) BENCHMARK_CAPTURE(trace, name, __VA_ARGS__)->UseManualTime()->Unit(benchmark::kMillisecond)
TRACE(mlp_2x512_half_way, lmc::mlp<double>({.inputs = image, .hidden = {512, 512}, .outputs = 10}), 0.5);
TRACE(mlp_2x512_independent, lmc::mlp<double>({.inputs = image, .hidden = {512, 512}, .outputs = 10}), 1.0);
TRACE(mlp_3x512_half_way, lmc::mlp<double>({.inputs = image, .hidden = {512, 512, 512}, .outputs = 10}), 0.5);
TRACE(mlp_3x512_independent, lmc::mlp<double>({.inputs = image, .hidden = {512, 512, 512}, .outputs = 10}), 1.0);

}  // namespace

BENCHMARK_MAIN();
