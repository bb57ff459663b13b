// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <charconv>
#include <locale>
#include <sstream>
#include <string>

namespace lmc {

/// The parts as operator<< writes them in the classic locale, one behind the other.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  (text << ... << parts);
  return std::move(text).str();
}

/// The shortest text that reads back as exactly this number, whatever the locale: 0.1, 1e-20, nan.
inline std::string shortest(double x) {
  std::array<char, 32> text;  // the longest is -2.2250738585072014e-308
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), x).ptr};
}

/// The number with that many digits behind the point, whatever the locale.
inline std::string fixed(double x, int digits) {
  std::array<char, 400> text;  // 309 digits before the point
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), x, std::chars_format::fixed, digits).ptr};
}

}  // namespace lmc
