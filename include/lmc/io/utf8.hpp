// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lmc {

namespace detail {
/// What some programs put before a text in UTF-8: U+FEFF.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// What helps against a text that is not UTF-8: the end of a message.
inline constexpr std::string_view conversion_advice =
    "; convert the file from its own encoding, such as WINDOWS-1252 (western languages), GB18030 (Chinese) or SHIFT_JIS (Japanese), "
    "for instance by `iconv -f WINDOWS-1252 -t UTF-8`";
}  // namespace detail

/// A Unicode scalar value, and how many bytes it takes as UTF-8.
struct CodePoint {
  char32_t value = 0;     // U+0000 to U+10FFFF, surrogates left out
  std::size_t bytes = 0;  // 1 to 4
  friend bool operator==(const CodePoint&, const CodePoint&) = default;
};

/// The code point at the front of text. Nothing where there is none: text is empty, or does not begin with valid UTF-8, which
/// overlong forms, surrogates and values above U+10FFFF are not.
/// Source: The Unicode Standard, table 3-7 (well-formed UTF-8 byte sequences).
inline std::optional<CodePoint> first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (text.empty()) return std::nullopt;
  if (byte(0) < 0x80) return CodePoint{byte(0), 1};
  const std::size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < bytes) return std::nullopt;
  char32_t value = byte(0) & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3FU);
  }
  const char32_t smallest = bytes == 2 ? 0x80 : bytes == 3 ? 0x800 : 0x10000;
  if (value < smallest || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return std::nullopt;
  return CodePoint{value, bytes};
}

/// Where text stops being UTF-8: the offset of the first byte that belongs to no code point; nothing where all is valid.
inline std::optional<std::size_t> invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto point = first_code_point(text.substr(i));
    if (!point) return i;
    i += point->bytes;
  }
  return std::nullopt;
}

/// Calls f with one code point after the other, up to the first byte that is not valid UTF-8.
template <class F>
void for_each_code_point(std::string_view text, F f) {
  while (const auto point = first_code_point(text)) {
    f(point->value);
    text.remove_prefix(point->bytes);
  }
}

}  // namespace lmc
