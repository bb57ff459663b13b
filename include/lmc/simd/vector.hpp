// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// y[i] += a · x[i], for equal lengths (asserted); y may be x. Rounded once where the instruction set has fused multiply-adds.
/// Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void axpy(T a, std::span<const T> x, std::span<T> y) {
  assert(x.size() == y.size());
  using V = xsimd::batch<T>;
  for_each_vector(y, [a, in = x.data(), out = y.data()](auto part, std::size_t i) {
    part.store(out + i, multiply_add(V(a), part.load(in + i), part.load(out + i)));
  });
}

/// out[i] = x[i] + y[i], for equal lengths (asserted); out may be x or y. Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void add(std::span<const T> x, std::span<const T> y, std::span<T> out) {
  assert(x.size() == y.size() && x.size() == out.size());
  for_each_vector(out, [a = x.data(), b = y.data(), to = out.data()](auto part, std::size_t i) {
    part.store(to + i, part.load(a + i) + part.load(b + i));
  });
}

/// out[i] = x[i] · y[i], for equal lengths (asserted); out may be x or y. Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void multiply(std::span<const T> x, std::span<const T> y, std::span<T> out) {
  assert(x.size() == y.size() && x.size() == out.size());
  for_each_vector(out, [a = x.data(), b = y.data(), to = out.data()](auto part, std::size_t i) {
    part.store(to + i, part.load(a + i) * part.load(b + i));
  });
}

/// Whether no entry is NaN or infinite. Memory bound: reads n scalars.
template <std::floating_point T>
bool all_finite(std::span<const T> x) {
  using V = xsimd::batch<T>;
  V bits(T(0));  // "or" of all v − v, which is 0, but NaN for ±∞ and NaN: an "or" takes one cycle, a sum four
  for_each_vector(x, [&bits, in = x.data()](auto part, std::size_t i) {
    const V v = part.load(in + i);
    bits = bits | (v - v);
  });
  return xsimd::all(bits == V(T(0)));
}

}  // namespace lmc::simd
