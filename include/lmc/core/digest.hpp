// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include <lmc/core/hash.hpp>
#include <lmc/core/layout.hpp>

namespace lmc {

/// 16 hexadecimal digits that name the exact bits of values: FNV-1a, 64 bits, over their bytes. Equal digests stand for equal
/// runs; no protection against intent.
template <class T>
  requires std::is_arithmetic_v<T>
std::string digest(std::span<const T> values) {
  const std::uint64_t hash = fnv1a(std::as_bytes(values));
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[hash >> shift & 15];
  return text;
}

/// The digest of a network's parameters, as of the run that ended with them. Buffers, such as running statistics, are not in
/// it.
template <std::floating_point Scalar>
std::string digest(const ModelState<Scalar>& state) {
  return digest(std::span<const Scalar>(state.parameters));
}

}  // namespace lmc
