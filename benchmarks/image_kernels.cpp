// SPDX-License-Identifier: BSD-3-Clause
// Batch normalization and pooling of a batch of 128 images: each kernel is first compared with a scalar reference, then timed
// beside what Eigen makes of the same formula. Bytes per second count each array once for every sweep over it that cannot be
// avoided; one thread, float. `copy` is what the machine gives for a read and a write.
#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include <lmc/core/random.hpp>
#include <lmc/core/window.hpp>
#include <lmc/simd/batch_norm.hpp>
#include <lmc/simd/pooling.hpp>

namespace {

using Memory = Eigen::ArrayXf;  // aligned as the library's own
using Rows = Eigen::Map<Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

Memory normal_scalars(Eigen::Index n, std::uint64_t seed) {
  Memory x(n);
  for (Eigen::Index i = 0; i < n; ++i)
    x[i] = i < 1021 ? 2 + static_cast<float>(lmc::normal({.seed = seed, .purpose = lmc::Purpose::synthetic_data},
                                                         static_cast<std::uint64_t>(i)))
                    : x[i - 1021];
  return x;
}
std::span<const float> view(const Memory& x) { return {x.data(), static_cast<std::size_t>(x.size())}; }
std::span<float> span(Memory& x) { return {x.data(), static_cast<std::size_t>(x.size())}; }

// Rows of channels: images · positions.
struct Norm {
  Eigen::Index n, c;
  Memory x, dy, y, dx, mean, inverse, scale, bias, dscale, dbias, workspace;

  Norm(Eigen::Index rows, Eigen::Index channels)
      : n(rows),
        c(channels),
        x(normal_scalars(n * c, 1)),
        dy(normal_scalars(n * c, 2)),
        y(n * c),
        dx(n * c),
        mean(c),
        inverse(c),
        scale(normal_scalars(c, 3)),
        bias(normal_scalars(c, 4)),
        dscale(Memory::Zero(c)),
        dbias(Memory::Zero(c)),
        workspace(static_cast<Eigen::Index>(lmc::simd::batch_norm_workspace<float>(static_cast<std::size_t>(c)))) {
    scalar_forward();  // mean and deviation for the backward passes
  }
  Rows rows(Memory& m) const { return {m.data(), n, c}; }

  void ours_forward() {
    lmc::simd::channel_moments<float>(view(x), static_cast<std::size_t>(c), span(workspace),
                                      [&](std::size_t k, double mu, double v) {
                                        mean[static_cast<Eigen::Index>(k)] = static_cast<float>(mu);
                                        inverse[static_cast<Eigen::Index>(k)] = static_cast<float>(1 / std::sqrt(v + 1e-5));
                                      });
    lmc::simd::normalize_channels<float>(view(x), view(mean), view(inverse), view(scale), view(bias), span(y), span(workspace));
  }
  void eigen_forward() {
    mean = rows(x).colwise().mean().transpose();
    const Eigen::ArrayXf variance = (rows(x).rowwise() - mean.transpose()).square().colwise().mean().transpose();
    inverse = (variance + 1e-5F).rsqrt();
    rows(y) = ((rows(x).rowwise() - mean.transpose()).rowwise() * (inverse * scale).transpose()).rowwise() + bias.transpose();
  }
  void scalar_forward() {
    for (Eigen::Index k = 0; k < c; ++k) {
      double sum = 0, squares = 0;
      for (Eigen::Index i = k; i < n * c; i += c) sum += static_cast<double>(x[i]);
      const double mu = sum / static_cast<double>(n);
      for (Eigen::Index i = k; i < n * c; i += c)
        squares += (static_cast<double>(x[i]) - mu) * (static_cast<double>(x[i]) - mu);
      mean[k] = static_cast<float>(mu);
      inverse[k] = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(n) + 1e-5));
      for (Eigen::Index i = k; i < n * c; i += c) y[i] = (x[i] - mean[k]) * inverse[k] * scale[k] + bias[k];
    }
  }
  void ours_backward() {
    dscale = dbias = Memory::Zero(c);
    lmc::simd::normalize_channels_backward<float>(view(x), view(dy), view(mean), view(inverse), view(scale), true, span(dx),
                                                  span(dscale), span(dbias), span(workspace));
  }
  void eigen_backward() {
    dbias = rows(dy).colwise().sum().transpose();
    dscale = ((rows(x).rowwise() - mean.transpose()) * rows(dy)).colwise().sum().transpose() * inverse;
    const float share = 1 / static_cast<float>(n);
    const Eigen::ArrayXf a = inverse * scale, b = dbias * share, s = dscale * inverse * share;
    rows(dx) =
        ((rows(dy).rowwise() - b.transpose()) - (rows(x).rowwise() - mean.transpose()).rowwise() * s.transpose()).rowwise() *
        a.transpose();
  }
  void scalar_backward() {
    for (Eigen::Index k = 0; k < c; ++k) {
      double d = 0, dn = 0;
      const auto normalized = [&](Eigen::Index i) { return static_cast<double>((x[i] - mean[k]) * inverse[k]); };
      for (Eigen::Index i = k; i < n * c; i += c) {
        d += static_cast<double>(dy[i]);
        dn += static_cast<double>(dy[i]) * normalized(i);
      }
      for (Eigen::Index i = k; i < n * c; i += c)
        dx[i] = static_cast<float>(static_cast<double>(scale[k] * inverse[k]) *
                                   (static_cast<double>(dy[i]) - (d + normalized(i) * dn) / static_cast<double>(n)));
    }
  }
};

// 2×2 windows side by side.
struct Pool {
  Eigen::Index images, c;
  lmc::Window w;
  Memory x, y, taps, dy, dx;

  Pool(Eigen::Index images_, Eigen::Index edge, Eigen::Index channels)
      : images(images_),
        c(channels),
        w("pool", {edge, edge, channels}, 2, 2, 0),
        x(normal_scalars(images * w.in.size() * c, 1)),
        y(images * w.out.size() * c),
        taps(y.size()),
        dy(normal_scalars(y.size(), 2)),
        dx(x.size()) {
    ours_max();  // the taps for backward
  }
  std::span<float> image(Memory& m, Eigen::Index i) const {
    const auto size = static_cast<std::size_t>(m.size() / images);
    return span(m).subspan(static_cast<std::size_t>(i) * size, size);
  }
  void ours_max() {
    for (Eigen::Index i = 0; i < images; ++i) lmc::simd::max_pool<float>(w, c, image(x, i), image(y, i), image(taps, i));
  }
  void ours_max_backward() {
    for (Eigen::Index i = 0; i < images; ++i)
      lmc::simd::max_pool_backward<float>(w, c, image(taps, i), image(dy, i), image(dx, i));
  }
  void ours_average() {
    for (Eigen::Index i = 0; i < images; ++i) lmc::simd::average_pool<float>(w, c, image(x, i), image(y, i));
  }
  // The four entries under each window, as arrays of channels.
  template <class Body>
  void windows(Memory& in, Body body) {
    using Channels = Eigen::Map<Eigen::ArrayXf>;
    const Eigen::Index row = w.in.cols * c;
    Eigen::Index out = 0;
    for (Eigen::Index i = 0; i < images; ++i)
      for (Eigen::Index r = 0; r < w.out.rows; ++r)
        for (Eigen::Index k = 0; k < w.out.cols; ++k, out += c) {
          float* const corner = in.data() + i * w.in.size() * c + 2 * r * row + 2 * k * c;
          body(out, Channels(corner, c), Channels(corner + c, c), Channels(corner + row, c), Channels(corner + row + c, c));
        }
  }
  void eigen_max() {  // without the taps
    windows(x, [&](Eigen::Index out, auto p, auto q, auto r, auto s) { y.segment(out, c) = p.max(q).max(r.max(s)); });
  }
  void eigen_max_backward() {  // to where the maximum was, by taps
    windows(dx, [&](Eigen::Index out, auto p, auto q, auto r, auto s) {
      const auto t = taps.segment(out, c), d = dy.segment(out, c);
      p = (t == 0.0F).select(d, 0.0F);
      q = (t == 1.0F).select(d, 0.0F);
      r = (t == 2.0F).select(d, 0.0F);
      s = (t == 3.0F).select(d, 0.0F);
    });
  }
  void eigen_average() {
    windows(x, [&](Eigen::Index out, auto p, auto q, auto r, auto s) { y.segment(out, c) = 0.25F * (p + q + r + s); });
  }
  void scalar_max() {
    windows(x, [&](Eigen::Index out, auto p, auto q, auto r, auto s) {
      for (Eigen::Index k = 0; k < c; ++k) y[out + k] = std::max(std::max(p[k], q[k]), std::max(r[k], s[k]));
    });
  }
  void scalar_max_backward() {
    std::fill_n(dx.data(), dx.size(), 0.0F);
    windows(dx, [&](Eigen::Index out, auto p, auto q, auto r, auto s) {
      for (Eigen::Index k = 0; k < c; ++k) {
        const int tap = static_cast<int>(taps[out + k]);
        (tap == 0 ? p : tap == 1 ? q : tap == 2 ? r : s)[k] = dy[out + k];
      }
    });
  }
  void scalar_average() {
    windows(x, [&](Eigen::Index out, auto p, auto q, auto r, auto s) {
      for (Eigen::Index k = 0; k < c; ++k) y[out + k] = (p[k] + q[k] + r[k] + s[k]) / 4;
    });
  }
};

// 128 images after 3×3 convolutions of a ResNet-20 on 28×28, and vectors of a wide and of an odd number of units.
template <class Kernel, void (Kernel::*run)(), void (Kernel::*reference)(), Memory Kernel::*result, int Sweeps, int Exactness>
void rows(benchmark::State& state) {
  Kernel kernel(state.range(0), state.range(1)), expected(state.range(0), state.range(1));
  (kernel.*run)();
  (expected.*reference)();
  // A few roundings of numbers of order 10. Eigen adds 100352 terms one after another, and loses two digits more.
  if (!((kernel.*result) - (expected.*result)).abs().isZero(1.0F / Exactness))
    return state.SkipWithError("differs from the reference");
  for (auto _ : state) {
    (kernel.*run)();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * Sweeps * 4 * kernel.x.size());
}
void row_sizes(benchmark::internal::Benchmark* b) {
  for (const auto& [n, c] : {std::pair{128 * 784, 16}, {128 * 196, 32}, {128 * 49, 64}, {128 * 784, 3}, {128, 512}, {128, 511}})
    b->Args({n, c});
}
template <void (Pool::*run)(), void (Pool::*reference)(), Memory Pool::*result>
void pools(benchmark::State& state) {
  Pool kernel(128, state.range(0), state.range(1)), expected(128, state.range(0), state.range(1));
  (kernel.*run)();
  (expected.*reference)();
  if (!((kernel.*result) - (expected.*result)).abs().isZero(1e-6F)) return state.SkipWithError("differs from the reference");
  for (auto _ : state) {
    (kernel.*run)();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 4 * (kernel.x.size() + kernel.y.size()));
}
void pool_sizes(benchmark::internal::Benchmark* b) {
  for (const auto& [edge, c] : {std::pair{28, 32}, {14, 64}, {28, 3}}) b->Args({edge, c});
}

void copy(benchmark::State& state) {
  const Memory from = normal_scalars(state.range(0) * state.range(1), 1);
  Memory to(from.size());
  for (auto _ : state) {
    to = from;
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 8 * from.size());
}

BENCHMARK(copy)->Apply(row_sizes);
// Reads x twice, since y depends on its sums, and writes y.
BENCHMARK_TEMPLATE(rows, Norm, &Norm::ours_forward, &Norm::scalar_forward, &Norm::y, 3, 10000)
    ->Name("batch_norm")
    ->Apply(row_sizes);
BENCHMARK_TEMPLATE(rows, Norm, &Norm::eigen_forward, &Norm::scalar_forward, &Norm::y, 3, 50)
    ->Name("batch_norm_eigen")
    ->Apply(row_sizes);
// Reads x and dy twice, writes dx.
BENCHMARK_TEMPLATE(rows, Norm, &Norm::ours_backward, &Norm::scalar_backward, &Norm::dx, 5, 10000)
    ->Name("batch_norm_backward")
    ->Apply(row_sizes);
BENCHMARK_TEMPLATE(rows, Norm, &Norm::eigen_backward, &Norm::scalar_backward, &Norm::dx, 5, 50)
    ->Name("batch_norm_backward_eigen")
    ->Apply(row_sizes);
BENCHMARK_TEMPLATE(pools, &Pool::ours_max, &Pool::scalar_max, &Pool::y)->Name("max_pool")->Apply(pool_sizes);
BENCHMARK_TEMPLATE(pools, &Pool::eigen_max, &Pool::scalar_max, &Pool::y)->Name("max_pool_eigen")->Apply(pool_sizes);
BENCHMARK_TEMPLATE(pools, &Pool::ours_max_backward, &Pool::scalar_max_backward, &Pool::dx)
    ->Name("max_pool_backward")
    ->Apply(pool_sizes);
BENCHMARK_TEMPLATE(pools, &Pool::eigen_max_backward, &Pool::scalar_max_backward, &Pool::dx)
    ->Name("max_pool_backward_eigen")
    ->Apply(pool_sizes);
BENCHMARK_TEMPLATE(pools, &Pool::ours_average, &Pool::scalar_average, &Pool::y)->Name("average_pool")->Apply(pool_sizes);
BENCHMARK_TEMPLATE(pools, &Pool::eigen_average, &Pool::scalar_average, &Pool::y)->Name("average_pool_eigen")->Apply(pool_sizes);

}  // namespace

BENCHMARK_MAIN();
