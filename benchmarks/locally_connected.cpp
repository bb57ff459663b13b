// SPDX-License-Identifier: BSD-3-Clause
// Locally connected and tied layers with batches of 128, one thread: the kernel sum_of_products against product(), which packs
// its second factor on every call; forward and backward of one layer. Everything is first verified, against product() or in
// double. GFLOP/s counts the products alone.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <lmc/core/random.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/simd/local_product.hpp>
#include <lmc/simd/product.hpp>
#include <span>
#include <vector>

namespace {

using lmc::Extent;
using lmc::Index;
using lmc::Strided;

constexpr Index batch = 128;

template <class Scalar>
std::vector<Scalar> numbers(Index n, std::uint64_t seed) {
  std::vector<Scalar> values;
  for (Index i = 0; i < n; ++i)
    values.push_back(static_cast<Scalar>(2 * lmc::uniform({.seed = seed}, static_cast<std::uint64_t>(i)) - 1));
  return values;
}

void count(benchmark::State& state, double operations) {
  state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * operations, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(batch), benchmark::Counter::kIsIterationInvariantRate);
}

// C [m, n] = A [m, k] B [k, n] with contiguous rows, all of it in a second-level cache: m, n, k, and which of the two.
void small_product(benchmark::State& state, bool by_product) {
  const Index m = state.range(0), n = state.range(1), k = state.range(2);
  const auto a = numbers<float>(m * k, 1), b = numbers<float>(k * n, 2);
  std::vector<float> c(static_cast<std::size_t>(m * n)), expected(c);
  const std::array terms{lmc::simd::ProductTerm<float>{a.data(), b.data()}};
  std::vector<float> workspace(static_cast<std::size_t>(lmc::simd::product_workspace<float>(m, n, k)));
  const auto packed = [&](std::vector<float>& to) {
    lmc::simd::product<float>(Strided<const float>(a.data(), m, k, k), Strided<const float>(b.data(), k, n, n),
                              Strided<float>(to.data(), m, n, n), lmc::WriteMode::overwrite, workspace);
  };
  const auto in_place = [&](std::vector<float>& to) {
    lmc::simd::sum_of_products<float>(terms, {.depth = k, .a_row_stride = k, .a_col_stride = 1, .b_row_stride = n},
                                      Strided<float>(to.data(), m, n, n), lmc::WriteMode::overwrite);
  };
  packed(expected);
  in_place(c);
  for (std::size_t i = 0; i < c.size(); ++i)  // sums of up to 288 products below 1
    if (std::abs(c[i] - expected[i]) > 1e-4f) return state.SkipWithError("differs from product()");
  for (auto _ : state) {
    by_product ? packed(c) : in_place(c);
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * static_cast<double>(m * n * k), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(small_product, in_place, false)
    ->Args({128, 64, 288})
    ->Args({64, 288, 128})
    ->Args({128, 32, 64})
    ->Args({128, 32, 10});
BENCHMARK_CAPTURE(small_product, packed, true)
    ->Args({128, 64, 288})
    ->Args({64, 288, 128})
    ->Args({128, 32, 64})
    ->Args({128, 32, 10});

// The memory of one layer's passes.
template <class Scalar>
struct Passes {
  lmc::LocallyConnected2d<Scalar> layer;
  Index in = layer.input_shape()->size(), out = layer.output_shape({}).size();
  std::vector<Scalar> params, x = numbers<Scalar>(batch * in, 2), dy = numbers<Scalar>(batch * out, 3), y, dx, dparams,
                              workspace;

  explicit Passes(const lmc::LocallyConnected2dOptions& options) : layer(options) {
    lmc::LayoutBuilder builder(options.inputs);
    layer.declare(builder);
    params = numbers<Scalar>(builder.parameter_count(), 1);
    y.resize(dy.size());
    dx.resize(x.size());
    dparams.resize(params.size());
    workspace.resize(static_cast<std::size_t>(layer.workspace_size(batch)));
  }
  static auto read(const std::vector<Scalar>& v, Index cols) { return lmc::matrix_view(std::span(v), batch, cols); }
  static auto write(std::vector<Scalar>& v, Index cols) { return lmc::matrix_view(std::span(v), batch, cols); }
  void forward() {
    layer.forward({.params = params, .buffers = {}, .x = read(x, in), .y = write(y, out), .cache = {}, .workspace = workspace});
  }
  void backward(bool inputs) {
    layer.backward({.params = params,
                    .buffers = {},
                    .x = read(x, in),
                    .y = read(y, out),
                    .dy = read(dy, out),
                    .dx = inputs ? std::optional(write(dx, in)) : std::nullopt,
                    .dparams = dparams,
                    .cache = {},
                    .workspace = workspace});
  }
};

bool close(const std::vector<float>& values, const std::vector<double>& expected) {
  double largest = 1, worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    worst = std::max(worst, std::abs(double{values[i]} - expected[i]));
  }
  return worst < 1e-5 * largest;  // long sums of random signs round by far less than their largest
}

enum class Pass { forward, backward, backward_without_inputs };

void one_layer(benchmark::State& state, const lmc::LocallyConnected2dOptions& options, Pass pass) {
  Passes<float> passes(options);
  {
    Passes<double> reference(options);
    passes.forward();
    passes.backward(true);
    reference.forward();
    reference.backward(true);
    if (!close(passes.y, reference.y) || !close(passes.dx, reference.dx) || !close(passes.dparams, reference.dparams))
      return state.SkipWithError("differs from the same in double");
  }
  for (auto _ : state) {
    if (pass == Pass::forward)
      passes.forward();
    else
      passes.backward(pass == Pass::backward);
    benchmark::ClobberMemory();
  }
  const double filter = static_cast<double>(options.kernel.size() * options.inputs[2]);
  count(state, 2 * filter * static_cast<double>(passes.out * batch) * (pass == Pass::backward ? 2 : 1));
}

lmc::LocallyConnected2dOptions first(Extent sharing) {
  return {.inputs = {28, 28, 1}, .outputs = 32, .kernel = 3, .stride = 2, .sharing = sharing};
}
lmc::LocallyConnected2dOptions second(Extent sharing) {
  return {.inputs = {13, 13, 32}, .outputs = 64, .kernel = 3, .stride = 2, .sharing = sharing};
}
BENCHMARK_CAPTURE(one_layer, first_forward, first(1), Pass::forward);
BENCHMARK_CAPTURE(one_layer, first_backward, first(1), Pass::backward_without_inputs);
BENCHMARK_CAPTURE(one_layer, second_forward, second(1), Pass::forward);
BENCHMARK_CAPTURE(one_layer, second_backward, second(1), Pass::backward);
BENCHMARK_CAPTURE(one_layer, second_backward_weights, second(1), Pass::backward_without_inputs);
BENCHMARK_CAPTURE(one_layer, second_tied_2x3_forward, second({2, 3}), Pass::forward);
BENCHMARK_CAPTURE(one_layer, second_tied_2x3_backward, second({2, 3}), Pass::backward);

}  // namespace

BENCHMARK_MAIN();
