// SPDX-License-Identifier: BSD-3-Clause
// What a transformer computes besides products, at the sizes of a vision transformer of width 64 with 4 heads on 128 images of
// 16 tokens: every kernel is first compared with a scalar reference in double, then timed beside what Eigen makes of the same
// formula. One thread, float.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/random.hpp>
#include <lmc/simd/attention.hpp>
#include <lmc/simd/gelu.hpp>
#include <lmc/simd/layer_norm.hpp>

namespace {

using lmc::Index;
using lmc::MatrixView;
using Scalars = std::vector<float>;
using Array = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr Index batch = 128, width = 64, hidden = 256;

Scalars normal_scalars(Index n, std::uint64_t seed) {
  Scalars x(static_cast<std::size_t>(n));
  // 1021 different numbers are enough, and quick to make.
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = i < 1021 ? static_cast<float>(lmc::normal({.seed = seed, .purpose = lmc::Purpose::synthetic_data}, i)) : x[i - 1021];
  return x;
}
std::span<const float> view(const Scalars& x) { return x; }
std::span<float> view(Scalars& x) { return x; }

// A kernel is its arrays; ours() and eigen() fill result, and expected(i) is entry i of it.
struct Gelu {
  Scalars x, dy, result;
  explicit Gelu(Index tokens)
      : x(normal_scalars(batch * tokens * hidden, 1)), dy(normal_scalars(batch * tokens * hidden, 2)), result(x.size()) {}
  void ours() { lmc::simd::gelu(view(std::as_const(x)), view(result)); }
  void eigen() {  // Eigen has no erf of its own
    const auto n = static_cast<Index>(x.size());
    Eigen::Map<Eigen::ArrayXf>(result.data(), n) =
        Eigen::Map<Eigen::ArrayXf>(x.data(), n).unaryExpr([](float v) { return 0.5F * v * (1 + std::erf(v * 0.70710678F)); });
  }
  [[nodiscard]] double expected(std::size_t i) const { return 0.5 * x[i] * std::erfc(-x[i] / std::sqrt(2.0)); }
};
struct GeluBackward : Gelu {
  using Gelu::Gelu;
  void ours() { lmc::simd::gelu_backward(view(std::as_const(x)), view(std::as_const(dy)), view(result)); }
  void eigen() {
    const auto n = static_cast<Index>(x.size());
    Eigen::Map<Eigen::ArrayXf>(result.data(), n) =
        Eigen::Map<Eigen::ArrayXf>(dy.data(), n) * Eigen::Map<Eigen::ArrayXf>(x.data(), n).unaryExpr([](float v) {
          return 0.5F * (1 + std::erf(v * 0.70710678F)) + v * 0.39894228F * std::exp(-0.5F * v * v);
        });
  }
  [[nodiscard]] double expected(std::size_t i) const {
    const double v = x[i];
    return dy[i] * (0.5 * std::erfc(-v / std::sqrt(2.0)) + v * std::exp(-v * v / 2) / std::sqrt(2 * std::acos(-1.0)));
  }
};

struct LayerNorm {
  Index rows;
  Scalars x, dy, scale, bias, mean, inverse, dscale, dbias, result;
  explicit LayerNorm(Index tokens)
      : rows(batch * tokens),
        x(normal_scalars(rows * width, 1)),
        dy(normal_scalars(rows * width, 2)),
        scale(normal_scalars(width, 3)),
        bias(normal_scalars(width, 4)),
        mean(static_cast<std::size_t>(rows)),
        inverse(mean.size()),
        dscale(width),
        dbias(width),
        result(x.size()) {}
  [[nodiscard]] MatrixView<const float> rows_of(const Scalars& values) const { return {values.data(), rows, width}; }
  void ours() {
    lmc::simd::layer_norm<float>(rows_of(x), scale, bias, 1e-5, {result.data(), rows, width}, {view(mean), view(inverse)});
  }
  void eigen() {
    const Eigen::Map<const Array> in(x.data(), rows, width);
    const Eigen::Map<const Eigen::Array<float, 1, Eigen::Dynamic>> s(scale.data(), width), b(bias.data(), width);
    Eigen::Map<Array> out(result.data(), rows, width);
    Eigen::Map<Eigen::ArrayXf> m(mean.data(), rows), r(inverse.data(), rows);
    m = in.rowwise().mean();
    out = in.colwise() - m;
    r = (out.square().rowwise().mean() + 1e-5F).rsqrt();
    out = (out.colwise() * r).rowwise() * s;
    out.rowwise() += b;
  }
  // Mean, and 1/√(variance + ε), of the row of entry i.
  [[nodiscard]] std::pair<double, double> moments(std::size_t i) const {
    const std::size_t first = i / width * width;
    double m = 0, v = 0;
    for (std::size_t j = 0; j < width; ++j) m += x[first + j] / static_cast<double>(width);
    for (std::size_t j = 0; j < width; ++j) v += std::pow(x[first + j] - m, 2) / static_cast<double>(width);
    return {m, 1 / std::sqrt(v + 1e-5)};
  }
  [[nodiscard]] double expected(std::size_t i) const {
    const auto [m, r] = moments(i);
    return (x[i] - m) * r * scale[i % width] + bias[i % width];
  }
};
struct LayerNormBackward : LayerNorm {
  explicit LayerNormBackward(Index tokens) : LayerNorm(tokens) { LayerNorm::ours(); }
  void ours() {
    lmc::simd::layer_norm_backward<float>(rows_of(x), rows_of(dy), scale, {mean, inverse}, {result.data(), rows, width}, dscale,
                                          dbias);
  }
  void eigen() {
    const Eigen::Map<const Array> in(x.data(), rows, width), d(dy.data(), rows, width);
    const Eigen::Map<const Eigen::Array<float, 1, Eigen::Dynamic>> s(scale.data(), width);
    const Eigen::Map<const Eigen::ArrayXf> m(mean.data(), rows), r(inverse.data(), rows);
    Eigen::Map<Array> out(result.data(), rows, width);
    normal = (in.colwise() - m).colwise() * r;
    Eigen::Map<Eigen::Array<float, 1, Eigen::Dynamic>>(dscale.data(), width) += (d * normal).colwise().sum();
    Eigen::Map<Eigen::Array<float, 1, Eigen::Dynamic>>(dbias.data(), width) += d.colwise().sum();
    out = d.rowwise() * s;
    const Eigen::ArrayXf of_products = (out * normal).rowwise().mean(), of_g = out.rowwise().mean();
    out = ((out.colwise() - of_g) - normal.colwise() * of_products).colwise() * r;
  }
  [[nodiscard]] double expected(std::size_t i) const {
    const auto [m, r] = moments(i);
    const std::size_t first = i / width * width;
    double of_g = 0, of_products = 0;
    for (std::size_t j = 0; j < width; ++j) {
      const double g = dy[first + j] * scale[j] / static_cast<double>(width);
      of_g += g;
      of_products += g * (x[first + j] - m) * r;
    }
    return r * (dy[i] * scale[i % width] - of_g - (x[i] - m) * r * of_products);
  }
  Array normal;
};

// 4 heads of 16. The reference is the same kernel in double, which tests/simd/attention_test.cpp compares with a scalar one.
struct Attention {
  lmc::simd::AttentionShape shape;
  Scalars qkv, dy, weights, result, scratch;
  std::vector<double> reference;
  explicit Attention(Index tokens)
      : shape{.tokens = tokens, .heads = 4, .head_width = 16},
        qkv(normal_scalars(batch * tokens * 3 * width, 1)),
        dy(normal_scalars(batch * tokens * width, 2)),
        weights(static_cast<std::size_t>(batch * shape.weights())),
        result(dy.size()),
        scratch(static_cast<std::size_t>(shape.scratch())),
        reference(dy.size()) {
    run<double>(std::vector<double>(qkv.begin(), qkv.end()), reference);
  }
  template <class T>
  void run(const std::vector<T>& from, std::vector<T>& to) {
    std::vector<T> a(weights.size()), room(scratch.size());
    for (Index i = 0; i < batch; ++i)
      lmc::simd::attention_heads<T>(shape, part(std::span<const T>(from), i), part(std::span(a), i), part(std::span(to), i),
                                    room);
    if constexpr (std::is_same_v<T, float>) weights = a;
  }
  template <class T>
  static std::span<T> part(std::span<T> values, Index i) {
    const Index size = static_cast<Index>(values.size()) / batch;
    return lmc::slice(values, i * size, size);
  }
  void ours() {
    for (Index i = 0; i < batch; ++i)
      lmc::simd::attention_heads<float>(shape, part(view(std::as_const(qkv)), i), part(view(weights), i), part(view(result), i),
                                        scratch);
  }
  // The matrix [tokens, head_width] of example i and head h, inside [tokens, `parts` · width].
  template <class Plain, class T>
  [[nodiscard]] Eigen::Map<Plain, 0, Eigen::OuterStride<>> head(T* data, Index i, Index part, Index h, Index parts) const {
    return {data + i * shape.tokens * parts * width + part * width + h * shape.head_width, shape.tokens, shape.head_width,
            Eigen::OuterStride<>(parts * width)};
  }
  void eigen() {
    for (Index i = 0; i < batch; ++i)
      for (Index h = 0; h < shape.heads; ++h) {
        Eigen::Map<Matrix> a(weights.data() + (i * shape.heads + h) * shape.tokens * shape.tokens, shape.tokens, shape.tokens);
        a.noalias() = head<const Matrix>(qkv.data(), i, 0, h, 3) * head<const Matrix>(qkv.data(), i, 1, h, 3).transpose();
        a = (0.25F * (a.colwise() - a.rowwise().maxCoeff())).array().exp().matrix();
        a.array().colwise() /= a.rowwise().sum().array().eval();
        head<Matrix>(result.data(), i, 0, h, 1).noalias() = a * head<const Matrix>(qkv.data(), i, 2, h, 3);
      }
  }
  [[nodiscard]] double expected(std::size_t i) const { return reference[i]; }
};
struct AttentionBackward : Attention {
  Matrix da;
  explicit AttentionBackward(Index tokens) : Attention(tokens) {
    Scalars y(dy.size());
    run<float>(qkv, y);
    result.resize(qkv.size());
    reference.resize(qkv.size());
    const std::vector<double> exact_qkv(qkv.begin(), qkv.end()), exact_dy(dy.begin(), dy.end());
    std::vector<double> a(weights.size()), mixed(dy.size()), room(scratch.size());
    for (Index i = 0; i < batch; ++i) {
      const auto x = part(std::span<const double>(exact_qkv), i);
      lmc::simd::attention_heads<double>(shape, x, part(std::span(a), i), part(std::span(mixed), i), room);
      lmc::simd::attention_heads_backward<double>(shape, x, part(std::span<const double>(a), i),
                                                  part(std::span<const double>(exact_dy), i), part(std::span(reference), i),
                                                  room);
    }
  }
  void ours() {
    for (Index i = 0; i < batch; ++i)
      lmc::simd::attention_heads_backward<float>(shape, part(view(std::as_const(qkv)), i),
                                                 part(view(std::as_const(weights)), i), part(view(std::as_const(dy)), i),
                                                 part(view(result), i), scratch);
  }
  void eigen() {
    for (Index i = 0; i < batch; ++i)
      for (Index h = 0; h < shape.heads; ++h) {
        // Our weights are [key, query].
        const Eigen::Map<const Matrix> a(weights.data() + (i * shape.heads + h) * shape.tokens * shape.tokens, shape.tokens,
                                         shape.tokens);
        const auto d = head<const Matrix>(dy.data(), i, 0, h, 1), q = head<const Matrix>(qkv.data(), i, 0, h, 3),
                   k = head<const Matrix>(qkv.data(), i, 1, h, 3), v = head<const Matrix>(qkv.data(), i, 2, h, 3);
        head<Matrix>(result.data(), i, 2, h, 3).noalias() = a * d;
        da.noalias() = v * d.transpose();
        const Eigen::RowVectorXf sums = a.cwiseProduct(da).colwise().sum();
        da = 0.25F * a.cwiseProduct(da.rowwise() - sums);
        head<Matrix>(result.data(), i, 0, h, 3).noalias() = da.transpose() * k;
        head<Matrix>(result.data(), i, 1, h, 3).noalias() = da * q;
      }
  }
};

template <class Kernel, bool Ours>
void kernel(benchmark::State& state) {
  Kernel k(state.range(0));
  const auto run = [&k] {
    if constexpr (Ours)
      k.ours();
    else
      k.eigen();
  };
  run();
  double worst = 0;
  for (std::size_t i = 0; i < k.result.size(); i += 7)
    worst = std::max(worst, std::abs(k.result[i] - k.expected(i)) / (1 + std::abs(k.expected(i))));
  if (!(worst < 2e-5)) return state.SkipWithError("differs from the reference");  // sums of at most 64 terms of order 1
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(batch), benchmark::Counter::kIsIterationInvariantRate);
}

// 17: with a class token. 64: patches of 4 × 4 of an image of 32 × 32.
BENCHMARK_TEMPLATE(kernel, Attention, true)->Arg(16)->Arg(17)->Arg(64)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, Attention, false)->Arg(16)->Arg(17)->Arg(64)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, AttentionBackward, true)->Arg(16)->Arg(17)->Arg(64)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, AttentionBackward, false)->Arg(16)->Arg(17)->Arg(64)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, LayerNorm, true)->Arg(16)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, LayerNorm, false)->Arg(16)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, LayerNormBackward, true)->Arg(16)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, LayerNormBackward, false)->Arg(16)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, Gelu, true)->Arg(16)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, Gelu, false)->Arg(16)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, GeluBackward, true)->Arg(16)->ArgName("tokens");
BENCHMARK_TEMPLATE(kernel, GeluBackward, false)->Arg(16)->ArgName("tokens");

}  // namespace

BENCHMARK_MAIN();
