// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/simd/normal_distribution.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// y[i] = x[i] Φ(x[i]), for equal lengths (asserted); y may be x. Φ is that of normal_distribution, no tanh in its place. NaN
/// stays NaN, and −∞ becomes NaN, as in PyTorch. Compute bound: some 40 instructions per register.
template <std::floating_point T>
void gelu(std::span<const T> x, std::span<T> y) {
  assert(x.size() == y.size());
  for_each_vector(y, [in = x.data(), out = y.data()](auto part, std::size_t i) {
    const auto v = part.load(in + i);
    part.store(out + i, v * normal_distribution<T>(v).below);
  });
}

/// dx[i] = dy[i] (Φ(x[i]) + x[i] φ(x[i])), for equal lengths (asserted); dx may be dy or x.
template <std::floating_point T>
void gelu_backward(std::span<const T> x, std::span<const T> dy, std::span<T> dx) {
  assert(x.size() == dy.size() && x.size() == dx.size());
  for_each_vector(dx, [in = x.data(), d = dy.data(), out = dx.data()](auto part, std::size_t i) {
    const auto v = part.load(in + i);
    const auto normal = normal_distribution<T>(v);
    part.store(out + i, part.load(d + i) * multiply_add(v, normal.density, normal.below));
  });
}

}  // namespace lmc::simd
