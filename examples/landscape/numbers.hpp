// SPDX-License-Identifier: BSD-3-Clause
// Numbers of any size in a table.
#pragma once
#include <array>
#include <charconv>
#include <string>

/// The number with four significant digits, and an exponent where it is far from 1: 0.1234, 4.75e-06, 1.234e+12. A zero has no sign.
inline std::string four_digits(double x) {
  std::array<char, 32> text;
  char* const begin = text.data();
  return {begin, std::to_chars(begin, begin + text.size(), x == 0 ? 0.0 : x, std::chars_format::general, 4).ptr};
}
