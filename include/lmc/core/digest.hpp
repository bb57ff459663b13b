// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

namespace lmc {

/// 16 hexadecimal digits that name the exact bits of values: FNV-1a, 64 bits, over their bytes. Equal digests stand for equal
/// runs; no protection against intent.
/// Source: Fowler, Noll, Vo, RFC 9923.
template <class T>
requires std::is_arithmetic_v<T> std::string digest(std::span<const T> values) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::byte b : std::as_bytes(values)) hash = (hash ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3;
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[hash >> shift & 15];
  return text;
}

}  // namespace lmc
