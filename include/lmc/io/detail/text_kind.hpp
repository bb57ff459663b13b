// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <lmc/io/utf8.hpp>

namespace lmc::detail {

/// Texts that are told by how they begin.
enum class TextKind {
  other,
  lfs_pointer,
  annex_pointer,
  html,
  xml,
  model_index,
  json,
  arff,
  libsvm,
  netpbm,
  utf16_little_endian,
  utf16_big_endian
};

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline std::string_view without_blanks_before(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

/// Whether text begins with a word in lower case, whatever its own case.
inline bool begins_in_any_case(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
         });
}

/// A number of digits in front of text, taken away; 0 where there is none.
inline std::size_t take_digits(std::string_view& text) {
  const std::size_t count = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  text.remove_prefix(count);
  return count;
}

/// A line of libsvm's format: a label, then at least two pairs of a position and a value, all with blanks between.
inline bool is_libsvm_line(std::string_view line) {
  const auto take_number = [&] {
    const std::size_t count = std::min(line.find_first_not_of("+-.0123456789eE"), line.size());
    line.remove_prefix(count);
    return count > 0;
  };
  if (!take_number()) return false;
  int pairs = 0;
  for (; line.starts_with(' '); ++pairs) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty()) break;
    if (take_digits(line) == 0 || !line.starts_with(':')) return false;
    line.remove_prefix(1);
    if (!take_number()) return false;
  }
  return pairs >= 2 && (line.empty() || line == "\r");
}

/// P and a digit, then width and height, with blanks or comments between. A tab behind the digit is rather that of a table.
inline bool is_netpbm(std::string_view text) {
  if (text.size() < 3 || text[0] != 'P' || text[1] < '1' || text[1] > '6' || text[2] == '\t') return false;
  text.remove_prefix(2);
  for (int number = 0; number < 2; ++number) {
    const std::string_view before = text;
    for (text = without_blanks_before(text); text.starts_with('#'); text = without_blanks_before(text))
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    if (text.size() == before.size() || take_digits(text) == 0) return false;
  }
  return !text.empty() && is_blank(text.front());
}

/// Characters of ASCII, each with a byte 0 before it (big-endian) or behind it: UTF-16 without a mark.
inline bool is_unmarked_utf16(std::string_view start, bool big_endian) {
  if (start.size() < 8) return false;
  const std::size_t zero = big_endian ? 0 : 1;
  for (std::size_t i = 0; i < std::min<std::size_t>(start.size(), 32); ++i) {
    const bool printable = (start[i] >= ' ' && start[i] < 0x7f) || is_blank(start[i]);
    if (i % 2 == zero ? start[i] != '\0' : !printable) return false;
  }
  return true;
}

/// start: the first bytes of a file.
inline TextKind text_kind(std::string_view start) {
  if (is_unmarked_utf16(start, true)) return TextKind::utf16_big_endian;
  if (is_unmarked_utf16(start, false)) return TextKind::utf16_little_endian;
  if (start.starts_with(byte_order_mark)) start.remove_prefix(byte_order_mark.size());
  if (start.starts_with("version https://git-lfs.github.com/spec/")) return TextKind::lfs_pointer;
  if (start.starts_with("/annex/objects/")) return TextKind::annex_pointer;
  if (is_netpbm(start)) return TextKind::netpbm;
  const std::string_view text = without_blanks_before(start);
  if (begins_in_any_case(text, "<!doctype html") || begins_in_any_case(text, "<html") || begins_in_any_case(text, "<head>"))
    return TextKind::html;
  if (text.starts_with("<?xml")) return text.find("<html") != text.npos ? TextKind::html : TextKind::xml;
  if (text.starts_with('{') || text.starts_with('[')) {
    const std::string_view inside = without_blanks_before(text.substr(1));
    const bool object = text.starts_with('{') && (inside.starts_with('"') || inside.starts_with('}'));
    const bool array = text.starts_with('[') && (inside.starts_with('{') || inside.starts_with('['));
    if (object && text.find("\"weight_map\"") != text.npos) return TextKind::model_index;
    if (object || array) return TextKind::json;
  }
  std::string_view arff = text;
  while (arff.starts_with('%')) arff = without_blanks_before(arff.substr(std::min(arff.find('\n'), arff.size())));
  if (begins_in_any_case(arff, "@relation")) return TextKind::arff;
  if (is_libsvm_line(start.substr(0, start.find('\n')))) return TextKind::libsvm;
  return TextKind::other;
}

/// The first line, of 40 bytes at most, where it is text without control characters; else nothing.
inline std::string printable_start(std::string_view start) {
  std::string_view line = start.substr(0, std::min<std::size_t>(start.find_first_of("\r\n"), 40));
  while (line.size() == 40 && invalid_utf8(line) >= 37) line.remove_suffix(1);  // not inside a character
  const bool printable = std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  return printable && !invalid_utf8(line) ? std::string(line) : std::string();
}

inline std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (!text.empty()) text += ' ';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace lmc::detail
