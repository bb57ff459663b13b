// SPDX-License-Identifier: BSD-3-Clause
// A product of the Hessian with a vector beside a gradient of the same loss, 1024 images of 28×28, one thread. Each network's product is
// first verified: in double, against gradient differences, with tanh for ReLU; in float, against double.
#include <benchmark/benchmark.h>

#include <cmath>
#include <lmc/curvature/difference_hessian.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/hessian_vector.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <vector>

#include "support/trainer.hpp"

namespace {

using lmc::ThreadTeam;

struct Mlp {
  std::vector<lmc::Index> hidden;
  template <class T>
  [[nodiscard]] lmc::Network<T> make(bool smooth) const {
    std::vector<lmc::LayerRecipe<T>> layers{lmc::flatten()};
    for (const lmc::Index width : hidden) {
      layers.push_back(lmc::dense(width));
      layers.push_back(smooth ? lmc::LayerRecipe<T>(lmc::tanh()) : lmc::LayerRecipe<T>(lmc::relu()));
    }
    layers.push_back(lmc::dense(10));
    return lmc::sequential<T>({28, 28, 1}, layers);
  }
};
struct Cnn {
  template <class T>
  [[nodiscard]] lmc::Network<T> make(bool smooth) const {
    const auto activation = smooth ? lmc::LayerRecipe<T>(lmc::tanh()) : lmc::LayerRecipe<T>(lmc::relu());
    return lmc::sequential<T>(
        {28, 28, 1}, {lmc::conv2d(16, {.kernel = 3, .padding = 1}), activation, lmc::average_pool2d(),
                      lmc::conv2d(32, {.kernel = 3, .padding = 1}), activation, lmc::average_pool2d(), lmc::dense(10)});
  }
};

std::vector<double> direction(std::size_t n) {
  std::vector<double> v;
  for (std::size_t i = 0; i < n; ++i) v.push_back(lmc::normal({.seed = 2}, i) / std::sqrt(static_cast<double>(n)));
  return v;
}
double relative_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / norm);
}
template <class T, class Maker>
std::vector<double> product(const Maker& maker, bool smooth, lmc::Index examples) {
  const auto data = support::images<T>(examples);
  const auto network = maker.template make<T>(smooth);
  const auto state = network.initialize({.seed = 1});
  return lmc::hessian_vector_product<T>(network, state, data, direction(state.parameters.size()), ThreadTeam(1));
}
template <class Maker>
bool verified(const Maker& maker) {
  const auto data = support::images<double>(16);
  const auto network = maker.template make<double>(true);
  const auto theta = network.initialize({.seed = 1}).parameters;
  auto differences = lmc::difference_hessian<double>(lmc::gradient_function(network, data, ThreadTeam(1)));
  std::vector<double> expected(theta.size());
  differences(theta, direction(theta.size()), expected);
  return relative_distance(product<double>(maker, true, 16), expected) < 1e-6 &&
         relative_distance(product<float>(maker, false, 16), product<double>(maker, false, 16)) < 1e-3;
}

template <class Maker>
void gradient(benchmark::State& state, const Maker& maker) {
  const auto data = support::images<float>(1024);
  const auto network = maker.template make<float>(false);
  const auto theta = network.initialize({.seed = 1}).parameters;
  const auto function = lmc::gradient_function(network, data, ThreadTeam(1));
  std::vector<float> result(theta.size());
  for (auto _ : state) benchmark::DoNotOptimize(function(theta, result));
}
template <class Maker>
void hessian(benchmark::State& state, const Maker& maker) {
  if (!verified(maker)) return state.SkipWithError("differs from gradient differences or from double");
  const auto data = support::images<float>(1024);
  const auto network = maker.template make<float>(false);
  const auto theta = network.initialize({.seed = 1}).parameters;
  const auto function = lmc::hessian_function(network, data, ThreadTeam(1));
  const auto v = direction(theta.size());
  std::vector<double> result(theta.size());
  for (auto _ : state) {
    function(theta, v, result);
    benchmark::ClobberMemory();
  }
}

#define LMC_CURVATURE(name, ...)                                                 \
  BENCHMARK_CAPTURE(gradient, name, __VA_ARGS__)->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(hessian, name, __VA_ARGS__)->Unit(benchmark::kMillisecond);
LMC_CURVATURE(784_512_10, Mlp{{512}})
LMC_CURVATURE(784_512x5_10, Mlp{{512, 512, 512, 512, 512}})
LMC_CURVATURE(cnn_16_32, Cnn{})

}  // namespace

BENCHMARK_MAIN();
