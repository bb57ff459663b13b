// SPDX-License-Identifier: BSD-3-Clause
// The two products of a layer 784 -> 512 on batches of 128, of which a share of entries (argument, %) differ from a background
// that the batch has in common: those that skip what is equal, against the dense ones, on one thread. MNIST has 19 %.
#include <benchmark/benchmark.h>

#include <cmath>
#include <lmc/core/random.hpp>
#include <lmc/layers/detail/affine.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/sparse_product.hpp>
#include <vector>

namespace {

using lmc::Index;
using lmc::Strided;
constexpr Index rows = 128, in = 784, units = 512;

struct Fixture {
  std::vector<float> x, weight, bias, y, dy, dweight, dbias;
  std::vector<float> workspace =
      std::vector<float>(static_cast<std::size_t>(lmc::detail::affine_workspace<float>(rows, in, units)));
  lmc::simd::SparseBatch<float> sparse{workspace};

  explicit Fixture(double share)
      : x(rows * in, -0.42F),
        weight(units * in),
        bias(units),
        y(rows * units),
        dy(rows * units),
        dweight(units * in),
        dbias(units) {
    const auto uniform = [](std::uint64_t seed, std::size_t i) {
      return static_cast<float>(lmc::uniform({.seed = seed}, i)) - 0.5F;
    };
    for (std::size_t i = 0; i < x.size(); ++i)
      if (lmc::uniform({.seed = 1}, i) < share) x[i] = uniform(2, i);
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = uniform(3, i);
    for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = uniform(4, i);
  }
  auto x_view() const { return lmc::matrix_view<const float>(x, rows, in); }
  auto weight_view() const { return lmc::matrix_view<const float>(weight, units, in); }
  auto y_view() { return lmc::matrix_view<float>(y, rows, units); }
  auto dy_view() const { return lmc::matrix_view<const float>(dy, rows, units); }
  auto dweight_view() { return lmc::matrix_view<float>(dweight, units, in); }

  void dense_forward() {
    lmc::simd::product<float>(x_view(), Strided<const float>(weight_view()).transposed(), y_view(), lmc::WriteMode::overwrite,
                              workspace);
    lmc::simd::add_to_rows<float>(bias, y_view());
  }
  void dense_backward() {
    lmc::simd::product<float>(Strided<const float>(dy_view()).transposed(), x_view(), dweight_view(), lmc::WriteMode::overwrite,
                              workspace);
    lmc::simd::add_column_sums<float>(dy_view(), dbias);
  }
  // As a layer does it: whether the batch is sparse is found out in each pass.
  bool sparse_forward() { return sparse.affine(x_view(), weight_view(), bias, y_view()); }
  bool sparse_backward() {
    return sparse.affine_backward(x_view(), dy_view(), dweight_view(), dbias, lmc::WriteMode::overwrite);
  }
  bool verified() {
    dense_forward();
    dense_backward();
    const auto y_expected = y, dweight_expected = dweight;
    if (!sparse_forward() || !sparse_backward()) return false;
    // Sums of up to 784 products below 1/4, in two orders.
    const auto close = [](float a, float b) { return std::abs(a - b) < 1e-4F; };
    return std::equal(y.begin(), y.end(), y_expected.begin(), close) &&
           std::equal(dweight.begin(), dweight.end(), dweight_expected.begin(), close);
  }
};

template <class Pass>
void time_pass(benchmark::State& state, Pass pass) {
  Fixture f(static_cast<double>(state.range(0)) / 100);
  if (!f.verified()) return state.SkipWithError("is too dense for the sparse product, or differs from the dense one");
  for (auto _ : state) {
    pass(f);
    benchmark::ClobberMemory();
  }
}
void forward_dense(benchmark::State& state) {
  time_pass(state, [](Fixture& f) { f.dense_forward(); });
}
void forward_sparse(benchmark::State& state) {
  time_pass(state, [](Fixture& f) { f.sparse_forward(); });
}
void backward_dense(benchmark::State& state) {
  time_pass(state, [](Fixture& f) { f.dense_backward(); });
}
void backward_sparse(benchmark::State& state) {
  time_pass(state, [](Fixture& f) { f.sparse_backward(); });
}

BENCHMARK(forward_dense)->Arg(19);
BENCHMARK(forward_sparse)->Arg(5)->Arg(19)->Arg(50);
BENCHMARK(backward_dense)->Arg(19);
BENCHMARK(backward_sparse)->Arg(5)->Arg(19)->Arg(50);

}  // namespace

BENCHMARK_MAIN();
