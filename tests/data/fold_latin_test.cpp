// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/fold_latin.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

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

TEST_CASE("fold_latin: takes a letter and a mark for the letter that they compose, and no others", "[data]") {
  std::map<std::pair<char32_t, char32_t>, char32_t> composed_by;
  for (const auto& [letter, mark, one] : composed) composed_by[{letter, mark}] = one;
  REQUIRE(composed_by.size() > 100);
  for (char32_t letter = 'A'; letter <= 'z'; ++letter)
    for (char32_t mark = 0x300; mark < 0x370; ++mark) {
      const std::string text{static_cast<char>(letter), static_cast<char>(0xC0 | mark >> 6),
                             static_cast<char>(0x80 | (mark & 0x3F))};
      CAPTURE(text, static_cast<std::uint32_t>(mark));
      const auto one = composed_by.find({letter, mark});
      const auto folded_text = lmc::fold_latin(text);
      if (folded_text != (one == composed_by.end() ? std::nullopt : std::optional<std::string>(folded[one->second - 0xC0])))
        CHECK(folded_text == "the letter's own, or nothing");
    }
  CHECK(lmc::fold_latin("Ko\u0308nig") == "konig");
  CHECK(!lmc::fold_latin("\u0301a"));
  CHECK(!lmc::fold_latin("a\u0308\u0304"));  // ǟ, which is beyond U+017F
}

TEST_CASE("fold_latin: writes whole words in the letters a to z", "[data]") {
  CHECK(lmc::fold_latin("Straße") == "strasse");
  CHECK(lmc::fold_latin("ŁÓDŹ") == "lodz");
  CHECK(lmc::fold_latin("Æbleskiver") == "aebleskiver");
  CHECK(lmc::fold_latin("azAZ") == "azaz");
  CHECK(lmc::fold_latin("") == "");
}

TEST_CASE("fold_latin: gives nothing for a word with anything else", "[data]") {
  const auto word = GENERATE(as<std::string>{}, "can't", "a-b", "two words", "x1", "漢字", "ab\u0301", "a\u030C", "ŋa", "a×b",
                             "a÷b", "`", "{", "@", "[", "aª", "a\u0180");
  CAPTURE(word);
  CHECK(!lmc::fold_latin(word));
}

}  // namespace data_fold_latin_test
