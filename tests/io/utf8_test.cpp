// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/io/utf8.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace io_utf8_test {

namespace {

using namespace std::string_literals;

// As RFC 3629 writes it; also of what is no scalar value.
std::string encoded(char32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80U | (c >> shift & 0x3FU)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0U | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0U | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | c >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("first_code_point: reads every code point that there is, and takes surrogates for none", "[io][long]") {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const std::string text = encoded(c) + "x";
    const auto point = lmc::first_code_point(text);
    const bool right = c >= 0xD800 && c <= 0xDFFF ? !point : point == lmc::CodePoint{.value = c, .bytes = text.size() - 1};
    if (!right) FAIL("U+" << std::hex << static_cast<std::uint32_t>(c));
  }
  CHECK(!lmc::first_code_point(""));
}

TEST_CASE("invalid_utf8: is where the first byte stands that belongs to no code point", "[io]") {
  CHECK(!lmc::invalid_utf8(""));
  CHECK(!lmc::invalid_utf8("plain"));
  CHECK(!lmc::invalid_utf8("\0"s));
  CHECK(!lmc::invalid_utf8("Zażółć gęślą jaźń, 漢字, \U0001F600"));
  const auto invalid = GENERATE(as<std::string>{}, "\x80", "\xBF", "\xC3", "\xE4\xB8", "\xF0\x9F\x98",  // cut, or a tail alone
                                "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",             // overlong
                                "\xED\xA0\x80", "\xED\xBF\xBF",                                         // surrogates
                                "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF", "\xC3(",
                                "\xE4\xB8(", "\xF0\x9F\x98(", "\xE4(\xAD", "\xC3\xC3\xA9");
  CAPTURE(invalid);
  CHECK(lmc::invalid_utf8(invalid) == 0);
  CHECK(lmc::invalid_utf8("é" + invalid) == 2);
  CHECK(lmc::invalid_utf8(invalid + "é") == 0);
  CHECK(lmc::invalid_utf8("漢字\U0001F600" + invalid + "x") == 10);
}

TEST_CASE("for_each_code_point: goes through a text as far as it is valid", "[io]") {
  const auto points = [](std::string_view text) {
    std::vector<char32_t> result;
    lmc::for_each_code_point(text, [&](char32_t c) { result.push_back(c); });
    return result;
  };
  CHECK(points("aß漢\U0001F600") == std::vector<char32_t>{U'a', U'ß', U'漢', U'\U0001F600'});
  CHECK(points("ab\xFF"
               "c") == std::vector<char32_t>{U'a', U'b'});
  CHECK(points("").empty());
}

}  // namespace io_utf8_test
