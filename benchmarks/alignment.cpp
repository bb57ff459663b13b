// SPDX-License-Identifier: BSD-3-Clause
// How long a search for permutations takes: linear assignments, beside their certificates, and weight matching of networks of
// several sizes, two independent starts of each; and how far two upper bounds for deep networks are from what is found.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/align/assignment.hpp>
#include <lmc/align/detail/matching_gains.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/train/train.hpp>

namespace {

using lmc::Index;
using State = lmc::ModelState<float>;

// Dot products of n vectors of 64 numbers with noisy copies of them in another order: as between two networks that are alike.
std::vector<float> alike(std::size_t n) {
  constexpr std::size_t width = 64;
  std::vector<float> x(n * width), y(x.size()), scores(n * n);
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = static_cast<float>(lmc::normal({.seed = 1}, k));
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < width; ++k)
      y[j * width + k] = x[j * 7 % n * width + k] + 2 * static_cast<float>(lmc::normal({.seed = 2}, j * width + k));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      scores[i * n + j] = std::inner_product(&x[i * width], &x[i * width] + width, &y[j * width], 0.F);
  return scores;
}
std::vector<float> independent(std::size_t n) {
  std::vector<float> scores(n * n);
  for (std::size_t k = 0; k < scores.size(); ++k) scores[k] = static_cast<float>(lmc::uniform({.seed = 1}, k));
  return scores;
}

void assignment(benchmark::State& state, std::vector<float> (*make)(std::size_t)) {
  const std::vector<float> scores = make(static_cast<std::size_t>(state.range(0)));
  const lmc::Assignment found = lmc::linear_assignment<float>(scores);
  // The certificate: rounding of n sums.
  if (!(std::abs(found.upper_bound - found.value) <= 1e-9 * std::abs(found.value)))
    return state.SkipWithError("the duals do not certify the assignment");
  for (auto _ : state) benchmark::DoNotOptimize(lmc::linear_assignment<float>(scores).value);
}
void assignment_alike(benchmark::State& state) { assignment(state, alike); }
void assignment_independent(benchmark::State& state) { assignment(state, independent); }

// Two starts of a network; range(1) restarts.
void match(benchmark::State& state, const lmc::Network<float>& net, int restarts) {
  const State a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  const auto search = [&] { return weight_matching(net, a, b, {.restarts = restarts}); };
  const lmc::Alignment found = search();
  const State aligned = permute(net.layout(), found.permutations, b);
  const double product = std::inner_product(a.parameters.begin(), a.parameters.end(), aligned.parameters.begin(), 0.0);
  if (!(std::abs(product - found.objective_after) <= 1e-6 * found.objective_after) ||
      !(found.objective_after > found.objective_before))
    return state.SkipWithError("the objective is not the dot product of the aligned networks, or has not risen");
  for (auto _ : state) benchmark::DoNotOptimize(search().objective_after);
  state.counters["sweeps"] = found.sweeps;
}
void mlp_width(benchmark::State& state) {
  const Index width = state.range(0);
  match(state, lmc::mlp<float>({.inputs = 784, .hidden = {width, width}, .outputs = 10}), static_cast<int>(state.range(1)));
}
void resnet20(benchmark::State& state) {
  match(state, lmc::resnet<float>({.inputs = {32, 32, 3}, .outputs = 10}), static_cast<int>(state.range(0)));
}

// Upper bounds of one weight between two hidden layers, relative to what weight matching reaches there: of rows in their best
// order, which weight matching computes, and von Neumann's Σ σ_i(A) σ_i(B). Each as a counter, and the time of the latter.
void von_neumann(benchmark::State& state) {
  const Index width = state.range(0);
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {width, width}, .outputs = 3});
  const auto data = lmc::spirals<float>({.examples = 3000, .classes = 3, .seed = 1});
  const auto trained = [&](std::uint64_t seed) {
    return train(net, data, net.initialize({.seed = seed}), {.epochs = 20, .batch_size = 32}, {.order = seed}).state;
  };
  const State a = trained(1), b = trained(2);
  const auto terms = lmc::detail::matching_terms(net.layout());
  const auto found = weight_matching(net, a, b);
  const auto maps = unit_maps(terms, found.permutations);
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  for (const auto& term : terms.terms) {
    if (!term.col_set) continue;
    Matrix x(width, width), y(width, width);
    gather<float>(term, a.parameters, std::span(x.data(), static_cast<std::size_t>(x.size())));
    gather<float>(term, b.parameters, std::span(y.data(), static_cast<std::size_t>(y.size())));
    double bound = 0;
    for (auto _ : state) {
      bound = Eigen::BDCSVD<Matrix>(x).singularValues().dot(Eigen::BDCSVD<Matrix>(y).singularValues());
      benchmark::DoNotOptimize(bound);
    }
    for (Matrix* m : {&x, &y})
      for (Index i = 0; i < width; ++i) std::sort(m->row(i).begin(), m->row(i).end());
    const Matrix sorted = x * y.transpose();
    const double by_rows =
        lmc::linear_assignment<double>(std::span(sorted.data(), static_cast<std::size_t>(sorted.size()))).upper_bound;
    const double reached = lmc::detail::term_value<float>(term, a.parameters, b.parameters, maps);
    if (!(reached <= bound * (1 + 1e-9)) || !(reached <= by_rows * (1 + 1e-9))) return state.SkipWithError("a bound is broken");
    state.counters["reached"] = reached;
    state.counters["von_neumann"] = bound;
    state.counters["rows"] = by_rows;
  }
}

BENCHMARK(assignment_alike)->Arg(512)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK(assignment_independent)->Arg(512)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK(mlp_width)
    ->Args({128, 0})
    ->Args({512, 0})
    ->Args({512, 1})
    ->Args({1024, 0})
    ->Args({2048, 0})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(resnet20)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(von_neumann)->Arg(64)->Arg(256)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
