// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <lmc/simd/relu.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

namespace detail {

/// out[i] = then(ᾱ a[i] + α b[i]), with the roundings of lerp; then takes and gives a vector.
template <std::floating_point T, class Then>
void lerp_then(std::span<const T> a, std::span<const T> b, double alpha, double alpha_bar, std::span<T> out, Then then) {
  assert(a.size() == b.size() && a.size() == out.size());
  using V = xsimd::batch<T>;
  const bool from_a = alpha < alpha_bar;
  const T* const near = (from_a ? a : b).data();
  const T* const far = (from_a ? b : a).data();
  T* const to = out.data();
  const V step(static_cast<T>(from_a ? alpha : alpha_bar));
  if (step.get(0) == 0) {  // not near + 0 (far − near): the other end may be infinite
    for_each_vector(out, [=](auto part, std::size_t i) { part.store(to + i, then(part.load(near + i))); });
  } else if (alpha == alpha_bar) {
    for_each_vector(out, [=](auto part, std::size_t i) {
      const V x = part.load(near + i), y = part.load(far + i), half(T(0.5));
      // Halving first rounds the smallest numbers, adding first overflows the largest.
      const V sum_first = half * (x + y);
      const auto fits = xsimd::abs(sum_first) <= V(std::numeric_limits<T>::max());
      part.store(to + i, then(xsimd::select(fits, sum_first, half * x + half * y)));
    });
  } else {
    for_each_vector(out, [=](auto part, std::size_t i) {
      const V x = part.load(near + i);
      part.store(to + i, then(multiply_add(step, part.load(far + i) - x, x)));
    });
  }
}

}  // namespace detail

/// out = ᾱ a + α b, for equal lengths (asserted), α = alpha the weight of b and ᾱ = alpha_bar that of a, both given so that
/// mirrored places have exactly swapped weights; out may be a or b. Computed from the nearer end, as
///   a + α (b − a)  for α < ᾱ,    b + ᾱ (a − b)  for α > ᾱ,    ½ a + ½ b  for α = ᾱ,    and copied where a weight is 0,
/// so that equal ends (up to the sign of a zero), both ends, and swapping a and b are exact, bit for bit.
/// Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void lerp(std::span<const T> a, std::span<const T> b, double alpha, double alpha_bar, std::span<T> out) {
  detail::lerp_then(a, b, alpha, alpha_bar, out, [](const auto& v) { return v; });
}

/// relu(ᾱ a + α b) in one sweep: the bits of lerp, then relu.
template <std::floating_point T>
void lerp_relu(std::span<const T> a, std::span<const T> b, double alpha, double alpha_bar, std::span<T> out) {
  detail::lerp_then(a, b, alpha, alpha_bar, out, [](const auto& v) { return detail::relu_of(v); });
}

/// leaky_relu(ᾱ a + α b, slope) in one sweep: the bits of lerp, then leaky_relu.
template <std::floating_point T>
void lerp_leaky_relu(std::span<const T> a, std::span<const T> b, double alpha, double alpha_bar, T slope, std::span<T> out) {
  assert(slope >= 0 && slope <= 1);
  detail::lerp_then(a, b, alpha, alpha_bar, out,
                    [slope](const auto& v) { return detail::leaky_relu_of(v, xsimd::batch<T>(slope)); });
}

}  // namespace lmc::simd
