// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include <lmc/data/fold_latin.hpp>
#include <lmc/io/utf8.hpp>

namespace lmc::detail {

/// A text without its marks, in lower case as far as letters are known, and how many code points it took.
struct BareText {
  std::u32string letters;
  std::size_t code_points = 0;
};

/// The letter that a composed one is made of: of Latin, Cyrillic, Greek and Japanese. Others are themselves.
inline char32_t bare_letter(char32_t c) {
  if (c < 0x80) return c >= U'A' && c <= U'Z' ? c - U'A' + U'a' : c;
  if (const std::string_view latin = folded_letters(c); latin.size() == 1) return static_cast<unsigned char>(latin[0]);
  if (c >= 0x1EA0 && c <= 0x1EF9)
    return c < 0x1EB8 ? U'a' : c < 0x1EC8 ? U'e' : c < 0x1ECC ? U'i' : c < 0x1EE4 ? U'o' : c < 0x1EF2 ? U'u' : U'y';
  if (c == 0x01A0 || c == 0x01A1) return U'o';
  if (c == 0x01AF || c == 0x01B0) return U'u';
  if (c == U'й' || c == U'Й') return c - 1;
  if (c == U'ё' || c == U'Ё') return c == U'ё' ? U'е' : U'Е';
  if (c == U'ї' || c == U'Ї') return c == U'ї' ? U'і' : U'І';
  if (c >= 0x03AC && c <= 0x03CE) {  // Greek letters with tonos
    constexpr std::u32string_view with = U"άέήίόύώ", without = U"αεηιουω";
    const std::size_t place = with.find(c);
    return place == with.npos ? c : without[place];
  }
  const bool katakana = c >= 0x30A1 && c <= 0x30F4;
  const char32_t kana = katakana ? c - 0x60 : c;  // as hiragana
  char32_t bare = kana;
  if (kana == 0x3094)
    bare = 0x3046;  // vu
  else if (kana >= 0x304B && kana <= 0x3062)
    bare = kana - (kana - 0x304B) % 2;  // ka to di
  else if (kana >= 0x3064 && kana <= 0x3069)
    bare = kana - (kana - 0x3064) % 2;  // tsu to do
  else if (kana >= 0x306F && kana <= 0x307D)
    bare = kana - (kana - 0x306F) % 3;  // ha to po
  return katakana ? bare + 0x60 : bare;
}

inline BareText bare_text(std::string_view text) {
  BareText bare;
  for_each_code_point(text, [&](char32_t c) {
    ++bare.code_points;
    if ((c >= 0x0300 && c <= 0x036F) || c == 0x3099 || c == 0x309A) return;  // marks behind their letter
    if (c >= 0xAC00 && c <= 0xD7A3) {                                        // Hangul: two or three letters in one
      const char32_t place = c - 0xAC00, last = place % 28;
      bare.letters += {static_cast<char32_t>(0x1100 + place / 588), static_cast<char32_t>(0x1161 + place % 588 / 28)};
      if (last > 0) bare.letters += static_cast<char32_t>(0x11A7 + last);
      return;
    }
    bare.letters += bare_letter(c);
  });
  return bare;
}

/// Whether two names look alike and differ in Unicode's forms: ä as one code point (NFC, as Linux and Windows write it) or as a and
/// a mark (NFD, as macOS does).
inline bool differ_in_unicode_form(std::string_view a, std::string_view b) {
  if (a == b || invalid_utf8(a) || invalid_utf8(b)) return false;
  const BareText bare_a = bare_text(a), bare_b = bare_text(b);
  return bare_a.letters == bare_b.letters && bare_a.code_points != bare_b.code_points;
}

}  // namespace lmc::detail
