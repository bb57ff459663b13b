// SPDX-License-Identifier: BSD-3-Clause
// A plane of 51 × 51 networks on 10,000 images of 28×28, through three networks as far apart as independent starts; all threads. Some
// places are first compared with θ(u, v) by itself. one_by_one_ms: what the plane would take in such places.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/plane_grid.hpp>
#include <lmc/connectivity/plane/plane_surface.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <span>
#include <vector>

#include "support/images.hpp"

namespace {

const lmc::Shape image{28, 28, 1};

double seconds(const auto& measure) {
  const auto begin = std::chrono::steady_clock::now();
  benchmark::DoNotOptimize(measure());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void plane(benchmark::State& state, const lmc::Network<float>& net) {
  static const lmc::Dataset<float> data = random_images<float>(10'000);
  const auto parameters = [&](std::uint64_t seed) { return net.initialize({.seed = seed}).parameters; };
  const lmc::MarkedPlane<float> found = lmc::plane_through(parameters(1), parameters(2), parameters(3));
  const lmc::Plane<float>& through = found.plane;
  const auto side = state.range(0);
  const lmc::PlaneGrid grid = lmc::grid_around(found.marks, {.columns = side, .rows = side});
  const auto evaluate = lmc::evaluator(net, data);
  const lmc::PlaneSurface surface = lmc::measure_plane(through, grid, evaluate);
  std::vector<float> theta(through.size());
  constexpr std::size_t compared = 5;
  double alone_seconds = 0;
  for (std::size_t i = 0; i < compared; ++i) {
    const std::size_t k = i * (grid.size() - 1) / (compared - 1);
    through.at(grid.point(k), theta);
    alone_seconds += seconds([&] {
      const double loss = evaluate(std::span<const float>(theta)).loss;
      if (!(std::abs(surface.values[k]->loss - loss) < 1e-5 * loss)) state.SkipWithError("differs from the network alone");
      return loss;
    });
  }
  std::vector<double> times;
  for (auto _ : state) {
    times.push_back(seconds([&] { return lmc::measure_plane(through, grid, evaluate); }));
    state.SetIterationTime(times.back());
  }
  state.counters["one_by_one_ms"] = 1e3 * alone_seconds / static_cast<double>(compared) * static_cast<double>(grid.size());
}

#define PLANE(name, side, ...) \
  BENCHMARK_CAPTURE(plane, name, __VA_ARGS__)->Arg(side)->UseManualTime()->Unit(benchmark::kMillisecond)
PLANE(mlp_512, 51, lmc::mlp<float>({.inputs = image, .hidden = {512}, .outputs = 10}));
PLANE(mlp_3x512, 5, lmc::mlp<float>({.inputs = image, .hidden = {512, 512, 512}, .outputs = 10}));
PLANE(cnn_32, 5, lmc::cnn<float>({.inputs = image, .channels = {32}, .outputs = 10}));

}  // namespace

BENCHMARK_MAIN();
