// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <lmc/io/utf8.hpp>

namespace lmc {

namespace detail {

/// The letters a to z that stand for a code point, one or two; none for what is no Latin letter up to U+017F.
inline std::string_view folded_letters(char32_t c) {
  constexpr std::string_view ascii = "abcdefghijklmnopqrstuvwxyz";
  if (c >= U'a' && c <= U'z') return ascii.substr(c - U'a', 1);
  if (c >= U'A' && c <= U'Z') return ascii.substr(c - U'A', 1);
  // Two characters for each code point from U+00C0 to U+017F, sixteen code points per line.
  constexpr std::string_view table =
      "a a a a a a aec e e e e i i i i "
      "d n o o o o o   o u u u u y thss"
      "a a a a a a aec e e e e i i i i "
      "d n o o o o o   o u u u u y thy "
      "a a a a a a c c c c c c c c d d "
      "d d e e e e e e e e e e g g g g "
      "g g g g h h h h i i i i i i i i "
      "i i ijijj j k k   l l l l l l l "
      "l l l n n n n n n       o o o o "
      "o o oeoer r r r r r s s s s s s "
      "s s t t t t t t u u u u u u u u "
      "u u u u w w y y y z z z z z z s ";
  if (c < 0xC0 || c >= 0xC0 + table.size() / 2) return {};
  const std::string_view letters = table.substr(2 * (c - 0xC0), 2);
  return letters.substr(0, letters.find(' '));
}

/// Whether a letter and a combining mark behind it are the decomposition of a letter up to U+017F: such as a and U+0301 that of á.
inline bool composes_latin(char32_t letter, char32_t mark) {
  constexpr std::pair<char32_t, std::string_view> letters_of[] = {
      {0x300, "AEIOUaeiou"},                // grave accent
      {0x301, "ACEILNORSUYZaceilnorsuyz"},  // acute accent
      {0x302, "ACEGHIJOSUWYaceghijosuwy"},  // circumflex
      {0x303, "AINOUainou"},                // tilde
      {0x304, "AEIOUaeiou"},                // macron
      {0x306, "AEGIOUaegiou"},              // breve
      {0x307, "CEGIZcegz"},                 // dot above
      {0x308, "AEIOUYaeiouy"},              // diaeresis
      {0x30A, "AUau"},                      // ring above
      {0x30B, "OUou"},                      // double acute accent
      {0x30C, "CDELNRSTZcdelnrstz"},        // caron
      {0x327, "CGKLNRSTcgklnrst"},          // cedilla
      {0x328, "AEIUaeiu"},                  // ogonek
  };
  for (const auto& [known, letters] : letters_of)
    if (mark == known) return letter < 0x80 && letters.find(static_cast<char>(letter)) != std::string_view::npos;
  return false;
}

}  // namespace detail

/// A word in the letters a to z: lower case, without diacritics, and ß → ss, æ → ae, œ → oe, ø → o, ł → l, đ and ð → d, þ → th,
/// ĳ → ij, ı → i, ħ → h, ŧ → t. Nothing where it has a character that is not a Latin letter of the blocks Basic Latin, Latin-1
/// Supplement or Latin Extended-A (U+0041 to U+017F), or is ĸ, ŉ, ŋ. A letter and a combining mark (NFD) are the
/// letter that they compose; other combining marks are such characters. word is UTF-8.
inline std::optional<std::string> fold_latin(std::string_view word) {
  std::string result;
  bool letters_only = true;
  char32_t before = 0;
  for_each_code_point(word, [&](char32_t c) {
    if (detail::composes_latin(std::exchange(before, c), c)) return;
    const std::string_view letters = detail::folded_letters(c);
    letters_only = letters_only && !letters.empty();
    result += letters;
  });
  return letters_only ? std::optional(std::move(result)) : std::nullopt;
}

}  // namespace lmc
