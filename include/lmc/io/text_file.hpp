// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>
#include <lmc/io/file_kind.hpp>
#include <lmc/io/gzip.hpp>
#include <lmc/io/utf8.hpp>

namespace lmc {

namespace detail {

/// All bytes of a plain or gzip file.
inline std::string read_content(const std::filesystem::path& path) {
  GzipReader file(path);
  constexpr std::size_t chunk = std::size_t{1} << 16;
  std::string content;
  content.reserve(static_cast<std::size_t>(file.file_size()));
  for (std::size_t count = chunk; count == chunk;) {
    const std::size_t size = content.size();
    content.resize(size + chunk);
    count = file.read(std::span(reinterpret_cast<std::uint8_t*>(content.data()) + size, chunk));
    content.resize(size + count);
  }
  return content;
}

inline std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

/// The line, from 1, in which the byte at an offset stands.
inline std::ptrdiff_t line_number(std::string_view text, std::size_t offset) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
}

/// Whether text in no valid UTF-8 can be taken for Latin-1: it has none of Latin-1's control characters, 0x80 to 0x9F, and
/// nothing that is valid UTF-8 beyond ASCII, as damaged UTF-8 has all over.
inline bool looks_like_latin1(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x80) continue;
    if (byte < 0xA0 || first_code_point(text.substr(i, 4))) return false;
  }
  return true;
}

inline std::string utf8_of_latin1(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xC0 | byte >> 6);
      result += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return result;
}

inline Error not_utf8(const std::filesystem::path& path, std::string_view text, std::size_t offset) {
  return Error(
      concat("'", path.string(), "', line ", line_number(text, offset), ": the text is not valid UTF-8", conversion_advice));
}

}  // namespace detail

/// The text of a UTF-8 file, plain or gzip, without a byte order mark. Memory: at most twice the text.
/// Throws: Error as GzipReader does, where the file is of another format (file_kind), and where a byte is not valid UTF-8, with its
/// line.
inline std::string read_utf8(const std::filesystem::path& path) {
  std::string text = detail::read_content(path);
  require_text_start(path, std::string_view(text).substr(0, file_kind_bytes));
  if (const auto offset = invalid_utf8(text)) throw detail::not_utf8(path, text, *offset);
  text.erase(0, text.size() - detail::without_byte_order_mark(text).size());
  return text;
}

/// The same of a file that may be in Latin-1 instead, returned as UTF-8. A file is in Latin-1 where it is not valid UTF-8 as a
/// whole, but nothing in it beyond ASCII is valid UTF-8 either, nor one of Latin-1's control characters, 0x80 to 0x9F.
/// Throws: Error as read_utf8, where it is in neither.
inline std::string read_utf8_or_latin1(const std::filesystem::path& path) {
  std::string text = detail::read_content(path);
  require_text_start(path, std::string_view(text).substr(0, file_kind_bytes));
  if (const auto offset = invalid_utf8(text)) {
    if (!detail::looks_like_latin1(text)) throw detail::not_utf8(path, text, *offset);
    return detail::utf8_of_latin1(text);
  }
  text.erase(0, text.size() - detail::without_byte_order_mark(text).size());
  return text;
}

/// Calls f(line, number) with one line after the other, from 1 on, without the `\n` or `\r\n` that ends it. What follows the
/// last end of a line is a line unless it is empty.
template <class F>
void for_each_line(std::string_view text, F f) {
  for (std::ptrdiff_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    f(line, number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

namespace detail {

/// Throws: Error where a line holds a carriage return, as where lines end in these alone.
inline void require_no_return(const std::filesystem::path& path, std::string_view line, std::ptrdiff_t number) {
  require(
      line.find('\r') == std::string_view::npos, "'", path.string(), "', line ", number,
      ": there is a carriage return without a line feed; expected lines that end in LF or CRLF, which `tr '\\r' '\\n'` makes "
      "of lines that end in CR alone");
}

}  // namespace detail

}  // namespace lmc
