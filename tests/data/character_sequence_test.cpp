// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/character_sequence.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace data_character_sequence_test {

namespace {

const std::vector<std::string_view> texts{"bab", "aé漢b", "éz"};  // a 2, b 3, é 2, z 1, 漢 1

}  // namespace

TEST_CASE("Alphabet: has the most frequent code points, those of one frequency by value", "[data]") {
  const lmc::Alphabet all(texts, 64);
  CHECK(all.code_points() == U"baéz漢");
  CHECK(all.channels() == 6);
  CHECK(all.channel(U'b') == 0);
  CHECK(all.channel(U'漢') == 4);
  CHECK(all.channel(U'q') == 5);

  const lmc::Alphabet some(texts, 3);
  CHECK(some.code_points() == U"ba");
  CHECK(some.channels() == 3);
  CHECK(some.channel(U'a') == 1);
  CHECK(some.channel(U'é') == 2);
  CHECK(some.channel(U'q') == 2);
  CHECK(lmc::Alphabet(texts, 6).channels() == 6);
  CHECK(lmc::Alphabet(texts, 2).code_points() == U"b");
}

TEST_CASE("one_hot_characters: marks the channel of each character, cuts long texts and fills short ones with zeros",
          "[data]") {
  const lmc::Alphabet alphabet(texts, 4);  // b, a, é, others
  std::vector<std::uint8_t> y(3 * 4, 7);
  const auto encode = [&](std::string_view text) {
    lmc::one_hot_characters(text, alphabet, y);
    return y;
  };
  using Bytes = std::vector<std::uint8_t>;
  CHECK(encode("éb") == Bytes{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(encode("a漢bé") == Bytes{0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0});
  CHECK(encode("") == Bytes(12));
}

}  // namespace data_character_sequence_test
