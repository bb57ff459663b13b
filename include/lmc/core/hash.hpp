// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include <lmc/core/detail/supported_machine.hpp>

namespace lmc {

/// What fnv1a gives for no bytes.
inline constexpr std::uint64_t fnv1a_basis = 0xcbf29ce484222325;
/// What fnv1a multiplies by.
inline constexpr std::uint64_t fnv1a_prime = 0x100000001b3;

/// FNV-1a, 64 bits: h ← (h ⊕ byte) · fnv1a_prime for every byte, mod 2⁶⁴. Goes on from h, so that a text can be hashed in
/// pieces. Source: Fowler, Noll, Vo, RFC 9923.
inline std::uint64_t fnv1a(std::span<const std::byte> bytes, std::uint64_t h = fnv1a_basis) {
  for (const std::byte b : bytes) h = (h ^ std::to_integer<std::uint64_t>(b)) * fnv1a_prime;
  return h;
}

/// A bijection of 64 bits in which every bit of h acts on every bit of the result: FNV-1a leaves the low bits of short texts
/// too alike to be taken modulo a power of two. Source: the finalizer of SplitMix64, Steele, Lea, Flood, OOPSLA 2014.
inline std::uint64_t mix(std::uint64_t h) {
  h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
  h = (h ^ h >> 27) * 0x94d049bb133111eb;
  return h ^ h >> 31;
}

}  // namespace lmc
