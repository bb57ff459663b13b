// SPDX-License-Identifier: BSD-3-Clause
// Forward pass, weights' gradient and input's gradient of convolutions with batches of 128, one thread: without unfolding
// (direct) and as a product of unfolded patches (product), beside the peak of one core. Compute bound: an image takes
// 2 · positions · out channels · patch operations per pass, those on the padding counted though direct leaves them out. Each is
// first verified against the same pass in double. The rule in simd/convolution.hpp, which takes one of them for each geometry,
// is read off this table.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <lmc/core/random.hpp>
#include <lmc/simd/convolution.hpp>
#include <span>
#include <utility>
#include <vector>
#include <xsimd/xsimd.hpp>

#include "support/peak_benchmark.hpp"

namespace {

using lmc::Index;

constexpr Index batch = 128;

template <class T>
using Numbers = std::vector<T, xsimd::aligned_allocator<T, 64>>;

template <class T>
Numbers<T> numbers(Index n, std::uint32_t part) {
  Numbers<T> values;
  for (Index i = 0; i < n; ++i)
    values.push_back(static_cast<T>(2 * lmc::uniform({.seed = 1, .part = part}, static_cast<std::uint64_t>(i)) - 1));
  return values;
}

enum Pass { forward, weights, input };

template <class T, template <class> class Kernel>
struct Fixture {
  lmc::simd::ConvolutionShape shape;
  Kernel<T> kernel{shape};
  Index in = shape.window.in.size() * shape.in_channels, out = shape.positions() * shape.out_channels;
  Numbers<T> weight = numbers<T>(shape.out_channels * shape.patch(), 1), bias = numbers<T>(shape.out_channels, 2);
  Numbers<T> x = numbers<T>(batch * in, 3), dy = numbers<T>(batch * out, 4);
  Numbers<T> y = Numbers<T>(dy.size()), dx = Numbers<T>(x.size()), dweight = Numbers<T>(weight.size()),
             dbias = Numbers<T>(bias.size());
  Numbers<T> workspace = Numbers<T>(static_cast<std::size_t>(kernel.workspace_size()));

  explicit Fixture(const lmc::simd::ConvolutionShape& s) : shape(s) {}

  void run(Pass pass) {
    const auto view = [](auto& v, Index width) { return lmc::matrix_view(std::span(v), batch, width); };
    if (pass == forward) kernel.forward(weight, bias, view(std::as_const(x), in), view(y, out), workspace);
    if (pass == weights)
      kernel.backward_weights(view(std::as_const(x), in), view(std::as_const(dy), out), dweight, dbias, workspace);
    if (pass == input) kernel.backward_input(weight, view(std::as_const(dy), out), view(dx, in), workspace);
  }
  const Numbers<T>& result(Pass pass) const { return pass == forward ? y : pass == weights ? dweight : dx; }
};

template <template <class> class Kernel>
void convolution(benchmark::State& state, Pass pass) {
  const Index size = state.range(0), kernel = state.range(3), stride = state.range(4), padding = state.range(5);
  const lmc::Window window("convolution", {size, size, state.range(1)}, kernel, stride, padding);
  const lmc::simd::ConvolutionShape shape{window, state.range(1), state.range(2)};
  Fixture<float, Kernel> f(shape);
  {
    Fixture<double, Kernel> exact(shape);
    f.run(pass);
    exact.run(pass);
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < f.result(pass).size(); ++i) {
      worst = std::max(worst, std::abs(double{f.result(pass)[i]} - exact.result(pass)[i]));
      largest = std::max(largest, std::abs(exact.result(pass)[i]));
    }
    // Sums of up to 10⁵ numbers; rounding grows about as their root, as the sums do.
    if (!(worst < 1e-5 * largest)) return state.SkipWithError("differs from the same in double");
  }
  for (auto _ : state) {
    f.run(pass);
    benchmark::ClobberMemory();
  }
  const double operations = 2.0 * static_cast<double>(batch * shape.positions() * shape.out_channels * shape.patch());
  state.counters["GFLOP/s"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(batch), benchmark::Counter::kIsIterationInvariantRate);
}

void geometries(benchmark::internal::Benchmark* b) {
  b->ArgNames({"in", "channels", "out", "k", "s", "p"})
      ->Args({28, 1, 32, 3, 1, 0})  // first layers, of grey and of color images
      ->Args({28, 1, 32, 3, 2, 0})
      ->Args({28, 1, 32, 5, 1, 0})
      ->Args({32, 3, 16, 3, 1, 1})
      ->Args({32, 3, 64, 3, 1, 1})
      ->Args({13, 32, 64, 3, 2, 0})  // the second layer of the 28×28 network
      ->Args({26, 32, 64, 3, 1, 0})
      ->Args({32, 16, 16, 3, 1, 1})  // ResNet-20
      ->Args({32, 16, 32, 3, 2, 1})
      ->Args({16, 32, 32, 3, 1, 1})
      ->Args({8, 64, 64, 3, 1, 1})
      ->Args({16, 32, 64, 1, 2, 0})    // its shortcut by 1×1 filters
      ->Args({16, 128, 128, 3, 1, 1})  // VGG
      ->Args({4, 512, 512, 3, 1, 1})
      ->Args({8, 256, 256, 1, 1, 0})
      ->Args({12, 10, 20, 5, 1, 0});  // channels that fill no vectors
}

void direct(benchmark::State& state, Pass pass) { convolution<lmc::simd::ConvolutionDirect>(state, pass); }
void product(benchmark::State& state, Pass pass) { convolution<lmc::simd::ConvolutionProduct>(state, pass); }

BENCHMARK(support::multiply_add_peak)->Name("multiply_add_peak");
BENCHMARK_CAPTURE(direct, forward, forward)->Apply(geometries);
BENCHMARK_CAPTURE(product, forward, forward)->Apply(geometries);
BENCHMARK_CAPTURE(direct, weights, weights)->Apply(geometries);
BENCHMARK_CAPTURE(product, weights, weights)->Apply(geometries);
BENCHMARK_CAPTURE(direct, input, input)->Apply(geometries);
BENCHMARK_CAPTURE(product, input, input)->Apply(geometries);

}  // namespace

BENCHMARK_MAIN();
