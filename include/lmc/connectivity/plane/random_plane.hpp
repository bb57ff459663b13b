// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <vector>

#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/core/random.hpp>

namespace lmc {

/// The Gaussian direction of an axis: entry i is a standard normal number at (seed, axis, i).
inline std::vector<double> random_direction(std::size_t size, std::uint64_t seed, std::uint32_t axis) {
  std::vector<double> direction(size);
  for (std::size_t i = 0; i < size; ++i) direction[i] = normal({.seed = seed, .purpose = Purpose::plane, .part = axis}, i);
  return direction;
}

/// The plane through θ that two Gaussian directions span. Every parameter takes part, and none for its size: a step moves small
/// and large weights alike, so that how flat a network looks depends on the scale of its weights; filter_plane mends that.
/// Throws: Error when θ is not finite, or has fewer than 2 entries, which span no plane.
template <std::floating_point T>
Plane<T> random_plane(std::span<const T> theta, std::uint64_t seed = 0) {
  return Plane<T>(theta, random_direction(theta.size(), seed, 0), random_direction(theta.size(), seed, 1));
}

/// The same for θ in a vector, an array and the like.
template <ContiguousFloats Range>
auto random_plane(const Range& theta, std::uint64_t seed = 0) {
  using T = std::ranges::range_value_t<Range>;
  return random_plane<T>(std::span<const T>(theta), seed);
}

}  // namespace lmc
