// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// out[i] = x[i] where keep[i] is not 0, else 0 whatever x[i] is, for equal lengths (asserted); out may be x.
/// Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void copy_masked(std::span<const T> keep, std::span<const T> x, std::span<T> out) {
  assert(x.size() == keep.size() && x.size() == out.size());
  using V = xsimd::batch<T>;
  for_each_vector(out, [k = keep.data(), in = x.data(), to = out.data()](auto part, std::size_t i) {
    part.store(to + i, xsimd::select(part.load(k + i) != V(T(0)), part.load(in + i), V(T(0))));
  });
}

/// out[i] += x[i] where keep[i] is not 0, for equal lengths (asserted); elsewhere out keeps its value, whatever x[i] is.
/// Memory bound: reads 3n, writes n scalars.
template <std::floating_point T>
void add_masked(std::span<const T> keep, std::span<const T> x, std::span<T> out) {
  assert(x.size() == keep.size() && x.size() == out.size());
  using V = xsimd::batch<T>;
  for_each_vector(out, [k = keep.data(), in = x.data(), to = out.data()](auto part, std::size_t i) {
    const V old = part.load(to + i);
    part.store(to + i, xsimd::select(part.load(k + i) != V(T(0)), old + part.load(in + i), old));
  });
}

}  // namespace lmc::simd
