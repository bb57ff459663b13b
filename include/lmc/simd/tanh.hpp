// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// y[i] = tanh(x[i]), for equal lengths (asserted); y may be x. xsimd's, within 2 ε of the true one. NaN stays NaN.
template <std::floating_point T>
void tanh(std::span<const T> x, std::span<T> y) {
  assert(x.size() == y.size());
  for_each_vector(
      y, [in = x.data(), out = y.data()](auto part, std::size_t i) { part.store(out + i, xsimd::tanh(part.load(in + i))); });
}

/// dx[i] = dy[i] (1 − y[i]²), from the output y of tanh, for equal lengths (asserted); dx may be dy or y.
template <std::floating_point T>
void tanh_backward(std::span<const T> y, std::span<const T> dy, std::span<T> dx) {
  assert(y.size() == dy.size() && y.size() == dx.size());
  using V = xsimd::batch<T>;
  for_each_vector(dx, [y_ = y.data(), in = dy.data(), out = dx.data()](auto part, std::size_t i) {
    const V v = part.load(y_ + i);
    part.store(out + i, part.load(in + i) * negative_multiply_add(v, v, V(T(1))));
  });
}

}  // namespace lmc::simd
