// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <lmc/simd/lanes.hpp>

namespace lmc {

/// y[i] += a · x[i], for equal lengths (asserted); y may be x. Rounded once where the instruction set has fused multiply-adds.
/// Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void axpy(T a, std::span<const T> x, std::span<T> y) {
  assert(x.size() == y.size());
  using V = xsimd::batch<T>;
  for_each_lane(y, [a, in = x.data(), out = y.data()](auto lane, std::size_t i) {
    lane.store(out + i, multiply_add(V(a), lane.load(in + i), lane.load(out + i)));
  });
}

/// out[i] = x[i] + y[i], for equal lengths (asserted); out may be x or y. Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void add(std::span<const T> x, std::span<const T> y, std::span<T> out) {
  assert(x.size() == y.size() && x.size() == out.size());
  for_each_lane(out, [a = x.data(), b = y.data(), to = out.data()](auto lane, std::size_t i) {
    lane.store(to + i, lane.load(a + i) + lane.load(b + i));
  });
}

/// out[i] = x[i] · y[i], for equal lengths (asserted); out may be x or y. Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void multiply(std::span<const T> x, std::span<const T> y, std::span<T> out) {
  assert(x.size() == y.size() && x.size() == out.size());
  for_each_lane(out, [a = x.data(), b = y.data(), to = out.data()](auto lane, std::size_t i) {
    lane.store(to + i, lane.load(a + i) * lane.load(b + i));
  });
}

/// out = ᾱ a + α b, for equal lengths (asserted), α = alpha the weight of b and ᾱ = alpha_bar that of a, both given so that
/// mirrored places have exactly swapped weights; out may be a or b. Computed from the nearer end, as
///   a + α (b − a)  for α < ᾱ,    b + ᾱ (a − b)  for α > ᾱ,    ½ a + ½ b  for α = ᾱ,    and copied where a weight is 0,
/// so that equal ends (up to the sign of a zero), both ends, and swapping a and b are exact, bit for bit.
/// Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void lerp(std::span<const T> a, std::span<const T> b, double alpha, double alpha_bar, std::span<T> out) {
  assert(a.size() == b.size() && a.size() == out.size());
  using V = xsimd::batch<T>;
  const bool from_a = alpha < alpha_bar;
  const T* const near = (from_a ? a : b).data();
  const T* const far = (from_a ? b : a).data();
  T* const to = out.data();
  const V step(static_cast<T>(from_a ? alpha : alpha_bar));
  if (step.get(0) == 0) {  // not near + 0 (far − near): the other end may be infinite
    if (to != near) std::copy_n(near, out.size(), to);
  } else if (alpha == alpha_bar) {
    for_each_lane(out, [=](auto lane, std::size_t i) {
      const V x = lane.load(near + i), y = lane.load(far + i), half(T(0.5));
      // Halving first rounds the smallest numbers, adding first overflows the largest.
      const V sum_first = half * (x + y);
      const auto fits = xsimd::abs(sum_first) <= V(std::numeric_limits<T>::max());
      lane.store(to + i, xsimd::select(fits, sum_first, half * x + half * y));
    });
  } else {
    for_each_lane(out, [=](auto lane, std::size_t i) {
      const V x = lane.load(near + i);
      lane.store(to + i, multiply_add(step, lane.load(far + i) - x, x));
    });
  }
}

/// Whether no entry is NaN or infinite. Memory bound: reads n scalars.
template <std::floating_point T>
bool all_finite(std::span<const T> x) {
  using V = xsimd::batch<T>;
  V bits(T(0));  // of all v − v, which is 0, but NaN for ±∞ and NaN: an "or" takes one cycle, a sum four
  for_each_lane(x, [&bits, in = x.data()](auto lane, std::size_t i) {
    const V v = lane.load(in + i);
    bits = bits | (v - v);
  });
  return xsimd::all(bits == V(T(0)));
}

}  // namespace lmc
