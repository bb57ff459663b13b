// SPDX-License-Identifier: BSD-3-Clause
// The library's matrix product against Eigen's, on the shapes of 784-512-10 and of deeper networks with batches of 128, beside
// the peak of one core: compute bound, 2mnk operations. Every shape is first verified against Eigen's product in double.
#include <benchmark/benchmark.h>

#define EIGEN_DONT_PARALLELIZE  // one thread against one
#include <Eigen/Core>
#include <lmc/simd/product.hpp>
#include <xsimd/xsimd.hpp>

#include "support/peak_benchmark.hpp"

namespace {

using lmc::Index;
using lmc::Strided;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Fixture {
  bool a_transposed, b_transposed;
  Matrix a, b, c;  // as they are stored
  std::vector<float> workspace;

  explicit Fixture(const benchmark::State& state)
      : a_transposed(state.range(3) != 0),
        b_transposed(state.range(4) != 0),
        a(a_transposed ? Matrix::Random(state.range(2), state.range(0)) : Matrix::Random(state.range(0), state.range(2))),
        b(b_transposed ? Matrix::Random(state.range(1), state.range(2)) : Matrix::Random(state.range(2), state.range(1))),
        c(Matrix::Zero(state.range(0), state.range(1))),
        workspace(
            static_cast<std::size_t>(lmc::simd::product_workspace<float>(state.range(0), state.range(1), state.range(2)))) {}

  static Strided<const float> view(const Matrix& m, bool transposed) {
    const Strided<const float> stored(m.data(), m.rows(), m.cols(), m.cols());
    return transposed ? stored.transposed() : stored;
  }
  void multiply() {
    lmc::simd::product<float>(view(a, a_transposed), view(b, b_transposed),
                              Strided<float>(c.data(), c.rows(), c.cols(), c.cols()), lmc::WriteMode::overwrite, workspace);
  }
  // One Eigen for each storage, since its products are chosen by type.
  template <class Result, class A, class B>
  void multiply_by_eigen(Result& result, const A& x, const B& y) const {
    if (a_transposed)
      result.noalias() = x.transpose() * y;
    else if (b_transposed)
      result.noalias() = x * y.transpose();
    else
      result.noalias() = x * y;
  }
  bool verified() {
    multiply();
    Eigen::MatrixXd exact(c.rows(), c.cols());
    multiply_by_eigen(exact, a.cast<double>().eval(), b.cast<double>().eval());
    // Sums of up to 1024 products below 1: each of them may round by 2⁻²⁴ of a sum that is mostly below 32.
    return (exact - c.cast<double>()).cwiseAbs().maxCoeff() < 1e-3;
  }
};

void report(benchmark::State& state) {
  const double operations = 2.0 * static_cast<double>(state.range(0) * state.range(1) * state.range(2));
  state.counters["GFLOP/s"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void product_lmc(benchmark::State& state) {
  Fixture f(state);
  if (!f.verified()) return state.SkipWithError("differs from the product in double");
  for (auto _ : state) {
    f.multiply();
    benchmark::ClobberMemory();
  }
  report(state);
}

void product_eigen(benchmark::State& state) {
  Fixture f(state);
  for (auto _ : state) {
    f.multiply_by_eigen(f.c, f.a, f.b);
    benchmark::ClobberMemory();
  }
  report(state);
}

// m, n, k, whether A and B are stored transposed
void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"m", "n", "k", "At", "Bt"})
      ->Args({128, 512, 784, 0, 1})  // X Wᵀ, first layer
      ->Args({512, 784, 128, 1, 0})  // dYᵀ X, first layer
      ->Args({128, 512, 512, 0, 1})  // X Wᵀ, hidden layer
      ->Args({128, 512, 512, 0, 0})  // dY W, hidden layer
      ->Args({512, 512, 128, 1, 0})  // dYᵀ X, hidden layer
      ->Args({128, 10, 512, 0, 1})   // X Wᵀ, readout
      ->Args({128, 512, 10, 0, 0})   // dY W, readout
      ->Args({10, 512, 128, 1, 0})   // dYᵀ X, readout
      ->Args({256, 512, 784, 0, 1})  // a chunk of an evaluation
      ->Args({1024, 1024, 1024, 0, 0});
}

BENCHMARK(support::multiply_add_peak)->Name("multiply_add_peak");
BENCHMARK(product_lmc)->Apply(shapes);
BENCHMARK(product_eigen)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
