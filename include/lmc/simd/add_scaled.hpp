// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/simd/relu.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

namespace detail {

/// out[i] = then(x[i] + scale · d[i]); then takes and gives a vector.
template <std::floating_point T, class Then>
void add_scaled_then(std::span<const T> x, T scale, std::span<const T> d, std::span<T> out, Then then) {
  assert(x.size() == d.size() && x.size() == out.size());
  using V = xsimd::batch<T>;
  for_each_vector(out, [=, x = x.data(), d = d.data(), to = out.data()](auto part, std::size_t i) {
    part.store(to + i, then(multiply_add(V(scale), part.load(d + i), part.load(x + i))));
  });
}

}  // namespace detail

/// out = x + scale · d, for equal lengths (asserted); out may be x or d. Any alignment. Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void add_scaled(std::span<const T> x, T scale, std::span<const T> d, std::span<T> out) {
  detail::add_scaled_then(x, scale, d, out, [](const auto& v) { return v; });
}

/// relu(x + scale · d) in one sweep: the bits of add_scaled, then relu.
template <std::floating_point T>
void add_scaled_relu(std::span<const T> x, T scale, std::span<const T> d, std::span<T> out) {
  detail::add_scaled_then(x, scale, d, out, [](const auto& v) { return detail::relu_of(v); });
}

/// leaky_relu(x + scale · d, slope) in one sweep: the bits of add_scaled, then leaky_relu.
template <std::floating_point T>
void add_scaled_leaky_relu(std::span<const T> x, T scale, std::span<const T> d, T slope, std::span<T> out) {
  assert(slope >= 0 && slope <= 1);
  detail::add_scaled_then(x, scale, d, out,
                          [slope](const auto& v) { return detail::leaky_relu_of(v, xsimd::batch<T>(slope)); });
}

}  // namespace lmc::simd
