// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lmc::study {

/// FNV-1a with 128 bits over any number of pieces: h ← (h ⊕ byte) · (2⁸⁸ + 0x13b) mod 2¹²⁸. It names things by what they are
/// made of; no protection against intent. Source: Fowler, Noll, Vo, RFC 9923.
class SpecDigest {
 public:
  SpecDigest& add(std::span<const std::byte> bytes);
  SpecDigest& add(std::string_view text) { return add(std::as_bytes(std::span(text))); }

  /// 32 hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  __extension__ using Word = unsigned __int128;
  Word hash_ = Word{0x6c62272e07bb0142} << 64 | 0x62b821756295c58d;
};

}  // namespace lmc::study
