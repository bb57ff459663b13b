// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>

#include <lmc/core/random.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// How many draws of a stream add_normal_noise takes for n numbers.
constexpr std::uint64_t normal_noise_draws(std::size_t n) { return (n + 3) / 4; }

/// x[i] += deviation · z_i, where z_i are independent standard normals, four of each draw from `first` on: of its words w,
///   z_4k = r₀ cos φ₀,  z_4k+1 = r₀ sin φ₀,  r₀ = √(−2 ln((⌊w₀/2⁸⌋ + ½) / 2²⁴)),  φ₀ = 2π w₁ / 2³²,  and so on from w₂ and w₃.
/// Each is a function of its draw alone, wherever x lies and however long it is; none is beyond ±5.9. In the precision of T.
/// Source: Box and Muller 1958.
template <std::floating_point T>
void add_normal_noise(const Stream& stream, std::uint64_t first, T deviation, std::span<T> x) {
  using V = xsimd::batch<T>;
  constexpr std::size_t draws = 32, pairs = 2 * draws;  // at a time: a whole number of registers
  static_assert(pairs % V::size == 0);
  alignas(V) std::array<T, pairs> radius, angle;
  for (std::size_t begin = 0; begin < x.size(); begin += 4 * draws) {
    for (std::size_t d = 0; d < draws; ++d) {
      const auto bits = random_bits(stream, first + begin / 4 + d);
      for (std::size_t k = 0; k < 2; ++k) {
        radius[2 * d + k] = (static_cast<T>(bits[2 * k] >> 8) + T(0.5)) * T(0x1p-24);
        angle[2 * d + k] = static_cast<T>(bits[2 * k + 1]) * (2 * std::numbers::pi_v<T> * T(0x1p-32));
      }
    }
    for (std::size_t i = 0; i < pairs; i += V::size) {
      const V r = xsimd::sqrt(V(T(-2)) * natural_logarithm(V::load_aligned(&radius[i]))) * V(deviation);
      const auto [sine, cosine] = xsimd::sincos(V::load_aligned(&angle[i]));
      V(r * cosine).store_aligned(&radius[i]);
      V(r * sine).store_aligned(&angle[i]);
    }
    const std::size_t end = std::min(x.size(), begin + 4 * draws);
    for (std::size_t i = begin; i < end; ++i) x[i] += (i % 2 == 0 ? radius : angle)[(i - begin) / 2];
  }
}

}  // namespace lmc::simd
