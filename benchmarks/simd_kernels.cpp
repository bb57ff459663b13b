// SPDX-License-Identifier: BSD-3-Clause
// Every kernel of lmc/simd but the product: first compared with a scalar reference, then timed beside what Eigen makes of the
// same formula. Bytes per second count what must move, each array once; one thread, float.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/random.hpp>
#include <lmc/simd/adam.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/simd/relu.hpp>
#include <lmc/simd/sgd.hpp>
#include <lmc/simd/softmax_cross_entropy.hpp>
#include <lmc/simd/vector.hpp>

namespace {

using Scalars = std::vector<float>;

Scalars normal_scalars(std::size_t n, std::uint64_t seed) {
  Scalars x(n);
  // 1021 different numbers are enough, and quick to make.
  for (std::size_t i = 0; i < n; ++i)
    x[i] = i < 1021 ? static_cast<float>(lmc::normal({.seed = seed, .purpose = lmc::Purpose::synthetic_data}, i)) : x[i - 1021];
  return x;
}
std::span<const float> view(const Scalars& x) { return x; }
std::span<float> view(Scalars& x) { return x; }
auto array(Scalars& x) { return Eigen::Map<Eigen::ArrayXf>(x.data(), static_cast<Eigen::Index>(x.size())); }

// A kernel is its arrays; ours(), eigen() and scalar() change them, and result() shows what is to be compared.
struct Relu {
  static constexpr std::size_t bytes = 8;
  Scalars x, y;
  explicit Relu(std::size_t n) : x(normal_scalars(n, 1)), y(n) {}
  void ours() { lmc::simd::relu(view(std::as_const(x)), view(y)); }
  void eigen() { array(y) = array(x).cwiseMax(0.0f); }
  void scalar() {
    std::transform(x.begin(), x.end(), y.begin(), [](float v) { return v <= 0 ? 0 : v; });
  }
  const Scalars& result() const { return y; }
};
struct ReluInPlace : Relu {
  using Relu::Relu;
  Scalars fresh = x;
  void ours() { lmc::simd::relu(view(std::as_const(x)), view(x)); }
  void eigen() { array(x) = array(x).cwiseMax(0.0f); }
  void scalar() {
    std::transform(x.begin(), x.end(), x.begin(), [](float v) { return v <= 0 ? 0 : v; });
  }
  const Scalars& result() const { return x; }
};
struct LeakyRelu : Relu {
  using Relu::Relu;
  void ours() { lmc::simd::leaky_relu(view(std::as_const(x)), 0.01f, view(y)); }
  void eigen() { array(y) = (array(x) > 0.0f).select(array(x), 0.01f * array(x)); }
  void scalar() {
    std::transform(x.begin(), x.end(), y.begin(), [](float v) { return v > 0 ? v : 0.01f * v; });
  }
};
struct ReluBackward {
  static constexpr std::size_t bytes = 12;
  Scalars y, dy, dx;
  explicit ReluBackward(std::size_t n) : y(normal_scalars(n, 1)), dy(normal_scalars(n, 2)), dx(n) {}
  void ours() { lmc::simd::relu_backward(view(std::as_const(y)), view(std::as_const(dy)), view(dx)); }
  void eigen() { array(dx) = (array(y) > 0.0f).select(array(dy), 0.0f); }
  void scalar() {
    for (std::size_t i = 0; i < y.size(); ++i) dx[i] = y[i] <= 0 ? 0 : dy[i];
  }
  const Scalars& result() const { return dx; }
};
struct LeakyReluBackward : ReluBackward {
  using ReluBackward::ReluBackward;
  void ours() { lmc::simd::leaky_relu_backward(view(std::as_const(y)), view(std::as_const(dy)), 0.01f, view(dx)); }
  void eigen() { array(dx) = (array(y) > 0.0f).select(array(dy), 0.01f * array(dy)); }
  void scalar() {
    for (std::size_t i = 0; i < y.size(); ++i) dx[i] = y[i] > 0 ? dy[i] : 0.01f * dy[i];
  }
};
struct Axpy {
  static constexpr std::size_t bytes = 12;
  Scalars x, y;
  explicit Axpy(std::size_t n) : x(normal_scalars(n, 1)), y(normal_scalars(n, 2)) {}
  void ours() { lmc::simd::axpy(0.001f, view(std::as_const(x)), view(y)); }
  void eigen() { array(y) += 0.001f * array(x); }
  void scalar() {
    for (std::size_t i = 0; i < x.size(); ++i) y[i] += 0.001f * x[i];
  }
  const Scalars& result() const { return y; }
};
struct Lerp {
  static constexpr std::size_t bytes = 12;
  Scalars a, b, out;
  explicit Lerp(std::size_t n) : a(normal_scalars(n, 1)), b(normal_scalars(n, 2)), out(n) {}
  void ours() { lmc::simd::lerp(view(std::as_const(a)), view(std::as_const(b)), 0.25, 0.75, view(out)); }
  void eigen() { array(out) = array(a) + 0.25f * (array(b) - array(a)); }
  void scalar() {
    for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] + 0.25f * (b[i] - a[i]);
  }
  const Scalars& result() const { return out; }
};
struct AllFinite {
  static constexpr std::size_t bytes = 4;
  Scalars x, answer{0};
  explicit AllFinite(std::size_t n) : x(normal_scalars(n, 1)) {}
  void ours() { answer[0] = lmc::simd::all_finite(view(std::as_const(x))) ? 1 : 0; }
  void eigen() { answer[0] = array(x).allFinite() ? 1 : 0; }
  void scalar() {
    answer[0] = std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v); }) ? 1 : 0;
  }
  const Scalars& result() const { return answer; }
};
struct Sgd {
  static constexpr std::size_t bytes = 12;
  Scalars g, theta;
  explicit Sgd(std::size_t n) : g(normal_scalars(n, 1)), theta(normal_scalars(n, 2)) {}
  void ours() { lmc::simd::sgd_update(view(std::as_const(g)), view(theta), 0.1f, 1e-3f); }
  void eigen() { array(theta) -= 0.1f * (array(g) + 1e-3f * array(theta)); }
  void scalar() {
    for (std::size_t i = 0; i < g.size(); ++i) theta[i] -= 0.1f * (g[i] + 1e-3f * theta[i]);
  }
  const Scalars& result() const { return theta; }
};
struct SgdMomentum : Sgd {
  static constexpr std::size_t bytes = 20;
  Scalars v = Scalars(g.size());
  using Sgd::Sgd;
  void ours() {
    lmc::simd::sgd_momentum_update(view(std::as_const(g)), view(v), view(theta),
                                   {.rate = 0.1f, .decay = 1e-3f, .keep = 0.9f, .take = 1.0f, .nesterov = false});
  }
  void eigen() {
    array(v) = 0.9f * array(v) + (array(g) + 1e-3f * array(theta));
    array(theta) -= 0.1f * array(v);
  }
  void scalar() {
    for (std::size_t i = 0; i < g.size(); ++i) {
      v[i] = 0.9f * v[i] + (g[i] + 1e-3f * theta[i]);
      theta[i] -= 0.1f * v[i];
    }
  }
};
struct Adam : Sgd {
  static constexpr std::size_t bytes = 28;
  Scalars m = Scalars(g.size()), v = Scalars(g.size());
  using Sgd::Sgd;
  void ours() {
    lmc::simd::adam_update(view(std::as_const(g)), view(m), view(v), view(theta),
                           {.beta1 = 0.9f,
                            .one_minus_beta1 = 0.1f,
                            .beta2 = 0.999f,
                            .one_minus_beta2 = 0.001f,
                            .rate = 0.01f,
                            .root_scale = 31.6f,
                            .epsilon = 1e-8f,
                            .decay = 1e-3f,
                            .shrink = 1.0f});
  }
  void eigen() {
    array(m) = 0.9f * array(m) + 0.1f * (array(g) + 1e-3f * array(theta));
    array(v) = 0.999f * array(v) + 0.001f * (array(g) + 1e-3f * array(theta)).square();
    array(theta) -= 0.01f * array(m) / (31.6f * array(v).sqrt() + 1e-8f);
  }
  void scalar() {
    for (std::size_t i = 0; i < g.size(); ++i) {
      const float d = g[i] + 1e-3f * theta[i];
      m[i] = 0.9f * m[i] + 0.1f * d;
      v[i] = 0.999f * v[i] + 0.001f * d * d;
      theta[i] -= 0.01f * m[i] / (31.6f * std::sqrt(v[i]) + 1e-8f);
    }
  }
};

bool close(const Scalars& a, const Scalars& b) {
  // A kernel's fused multiply-adds round less often; all values here are of order 1, apart from cancellation.
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](float x, float y) { return std::abs(x - y) <= 2e-6f * (1 + std::abs(y)); });
}

template <class Kernel, void (Kernel::*run)()>
void elementwise(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  Kernel kernel(n), reference(n);
  (kernel.*run)();
  reference.scalar();
  if (!close(kernel.result(), reference.result())) return state.SkipWithError("differs from the scalar reference");
  for (auto _ : state) {
    (kernel.*run)();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(Kernel::bytes * n));
}

// In a first-level cache, in a second-level one (the activations of 128 examples and 512 units), at its edge (the parameters of
// 784-512-10), in memory.
void sizes(benchmark::internal::Benchmark* b) { b->Arg(1 << 11)->Arg(1 << 16)->Arg(407050)->Arg(1 << 24); }

BENCHMARK_TEMPLATE(elementwise, Relu, &Relu::ours)->Name("relu")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Relu, &Relu::eigen)->Name("relu_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, ReluInPlace, &ReluInPlace::ours)->Name("relu_in_place")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, ReluInPlace, &ReluInPlace::eigen)->Name("relu_in_place_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, LeakyRelu, &LeakyRelu::ours)->Name("leaky_relu")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, LeakyRelu, &LeakyRelu::eigen)->Name("leaky_relu_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, ReluBackward, &ReluBackward::ours)->Name("relu_backward")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, ReluBackward, &ReluBackward::eigen)->Name("relu_backward_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, LeakyReluBackward, &LeakyReluBackward::ours)->Name("leaky_relu_backward")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, LeakyReluBackward, &LeakyReluBackward::eigen)->Name("leaky_relu_backward_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Axpy, &Axpy::ours)->Name("axpy")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Axpy, &Axpy::eigen)->Name("axpy_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Lerp, &Lerp::ours)->Name("lerp")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Lerp, &Lerp::eigen)->Name("lerp_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, AllFinite, &AllFinite::ours)->Name("all_finite")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, AllFinite, &AllFinite::eigen)->Name("all_finite_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Sgd, &Sgd::ours)->Name("sgd")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Sgd, &Sgd::eigen)->Name("sgd_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, SgdMomentum, &SgdMomentum::ours)->Name("sgd_momentum")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, SgdMomentum, &SgdMomentum::eigen)->Name("sgd_momentum_eigen")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Adam, &Adam::ours)->Name("adam")->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, Adam, &Adam::eigen)->Name("adam_eigen")->Apply(sizes);

// Loss, wrong examples and dlogits of [examples, classes] logits.
struct Loss {
  std::size_t classes;
  Scalars logits, dlogits;
  std::vector<std::int32_t> labels;
  Scalars workspace;
  lmc::simd::CrossEntropySum sum;

  Loss(std::size_t examples, std::size_t c)
      : classes(c),
        logits(normal_scalars(examples * c, 1)),
        dlogits(examples * c),
        labels(examples),
        workspace(static_cast<std::size_t>(lmc::simd::softmax_cross_entropy_workspace<float>(static_cast<lmc::Index>(c)))) {
    for (std::size_t i = 0; i < examples; ++i) labels[i] = static_cast<std::int32_t>(i * 7 % c);
  }
  float scale() const { return 1.0f / static_cast<float>(labels.size()); }
  void ours() {
    sum = lmc::simd::softmax_cross_entropy<float>(logits, labels, workspace, {.dlogits = dlogits, .scale = scale()});
  }
  void ours_without_gradient() { sum = lmc::simd::softmax_cross_entropy<float>(logits, labels, workspace); }
  void eigen() {
    using Matrix = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto rows = static_cast<Eigen::Index>(labels.size()), cols = static_cast<Eigen::Index>(classes);
    const Eigen::Map<const Matrix> z(logits.data(), rows, cols);
    Eigen::Map<Matrix> d(dlogits.data(), rows, cols);
    sum = {};
    for (Eigen::Index i = 0; i < rows; ++i) {
      const Eigen::Index y = labels[static_cast<std::size_t>(i)];
      Eigen::Index best;
      const float top = z.row(i).maxCoeff(&best);
      d.row(i) = (z.row(i) - top).exp();
      const float total = d.row(i).sum();
      d.row(i) *= scale() / total;
      d(i, y) -= scale();
      sum.loss += static_cast<double>(std::log(total) + top - z(i, y));
      sum.wrong += best != y ? 1 : 0;
    }
  }
  void scalar() {
    sum = {};
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const float* z = &logits[i * classes];
      const auto y = static_cast<std::size_t>(labels[i]);
      const float* best = std::max_element(z, z + classes);
      double total = 0;
      for (std::size_t j = 0; j < classes; ++j) total += std::exp(static_cast<double>(z[j]) - *best);
      for (std::size_t j = 0; j < classes; ++j)
        dlogits[i * classes + j] =
            static_cast<float>((std::exp(static_cast<double>(z[j]) - *best) / total - (j == y ? 1 : 0)) * scale());
      sum.loss += std::log(total) + *best - z[y];
      sum.wrong += best - z != labels[i] ? 1 : 0;
    }
  }
};

template <void (Loss::*run)()>
void softmax_cross_entropy(benchmark::State& state) {
  const auto examples = static_cast<std::size_t>(state.range(0)), classes = static_cast<std::size_t>(state.range(1));
  Loss loss(examples, classes), reference(examples, classes);
  (loss.*run)();
  reference.scalar();
  const bool gradient = run != &Loss::ours_without_gradient;
  if (loss.sum.wrong != reference.sum.wrong || std::abs(loss.sum.loss / reference.sum.loss - 1) > 1e-6 ||
      (gradient && !close(loss.dlogits, reference.dlogits)))
    return state.SkipWithError("differs from the scalar reference");
  for (auto _ : state) {
    (loss.*run)();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(examples));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(examples * classes * (gradient ? 8 : 4)));
}
void batches(benchmark::internal::Benchmark* b) {
  b->Args({128, 2})->Args({128, 10})->Args({128, 100})->Args({128, 200})->Args({10000, 10});
}
BENCHMARK_TEMPLATE(softmax_cross_entropy, &Loss::ours)->Name("softmax_cross_entropy")->Apply(batches);
BENCHMARK_TEMPLATE(softmax_cross_entropy, &Loss::eigen)->Name("softmax_cross_entropy_eigen")->Apply(batches);
BENCHMARK_TEMPLATE(softmax_cross_entropy, &Loss::ours_without_gradient)
    ->Name("softmax_cross_entropy_no_gradient")
    ->Apply(batches);

}  // namespace

BENCHMARK_MAIN();
