// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/fold_latin.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

namespace data_fold_latin_test {

namespace {

#include "fold_latin_reference.inc"

}  // namespace

TEST_CASE("fold_latin: takes every letter for the one under its diacritics", "[data]") {
  for (char32_t c = 0xC0; c <= 0x17F; ++c) {
    const std::string expected = folded[c - 0xC0];
    const std::string text{static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    CAPTURE(text, static_cast<std::uint32_t>(c));
    CHECK(lmc::fold_latin(text) == (expected.empty() ? std::nullopt : std::optional(expected)));
  }
}

TEST_CASE("fold_latin: writes whole words in the letters a to z", "[data]") {
  CHECK(lmc::fold_latin("Straße") == "strasse");
  CHECK(lmc::fold_latin("ŁÓDŹ") == "lodz");
  CHECK(lmc::fold_latin("Æbleskiver") == "aebleskiver");
  CHECK(lmc::fold_latin("azAZ") == "azaz");
  CHECK(lmc::fold_latin("") == "");
}

TEST_CASE("fold_latin: gives nothing for a word with anything else", "[data]") {
  const auto word = GENERATE(as<std::string>{}, "can't", "a-b", "two words", "x1", "漢字", "ab\u0301", "ŋa", "a×b", "a÷b", "`",
                             "{", "@", "[", "aª", "a\u0180");
  CAPTURE(word);
  CHECK(!lmc::fold_latin(word));
}

}  // namespace data_fold_latin_test
