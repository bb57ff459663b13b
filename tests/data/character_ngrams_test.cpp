// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/character_ngrams.hpp>

#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace data_character_ngrams_test {

namespace {

using Catch::Matchers::Contains;

struct HashCase {
  std::string text;
  std::uint64_t fnv1a, mixed;
  lmc::Index bucket;  // index of one of 1024 buckets
};
struct BagCase {
  std::string text;
  lmc::Index smallest, largest, dimension;
  std::map<std::size_t, int> counts;  // for the buckets that are not empty
};
#include "character_ngrams_reference.inc"

std::vector<std::uint8_t> bag(std::string_view text, const lmc::NgramOptions& options) {
  std::vector<std::uint8_t> counts(static_cast<std::size_t>(options.dimension));
  lmc::count_ngrams(text, options, counts);
  return counts;
}

}  // namespace

TEST_CASE("ngram_bucket: is the hash that it is said to be", "[data]") {
  for (const auto& [text, fnv1a, mixed, bucket] : hash_cases) {
    CAPTURE(text);
    CHECK(lmc::fnv1a(std::as_bytes(std::span(text))) == fnv1a);
    CHECK(lmc::mix(fnv1a) == mixed);
    CHECK(lmc::ngram_bucket(text, 1024) == bucket);
  }
}

TEST_CASE("count_ngrams: counts the n-grams of each word, as the reference does", "[data]") {
  for (const BagCase& c : bag_cases) {
    CAPTURE(c.text, c.smallest, c.largest, c.dimension);
    const auto counts = bag(c.text, {.smallest = c.smallest, .largest = c.largest, .dimension = c.dimension});
    std::map<std::size_t, int> found;
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (counts[i] > 0) found[i] = counts[i];
    CHECK(found == c.counts);
  }
}

TEST_CASE("count_ngrams: depends on the words alone, and adds to what was counted", "[data]") {
  const lmc::NgramOptions options{.dimension = 512};
  CHECK(bag("one two", options) == bag("\r\n two\tone \v\f", options));
  CHECK(bag("one two", options) != bag("onetwo", options));
  CHECK(bag("", options) == std::vector<std::uint8_t>(512));
  CHECK(bag(" \n", options) == std::vector<std::uint8_t>(512));
  auto counts = bag("one", options);
  lmc::count_ngrams("two", options, counts);
  CHECK(counts == bag("one two", options));
}

TEST_CASE("count_ngrams: stops counting at 255", "[data]") {
  const std::vector<std::uint8_t> all{255};
  const lmc::NgramOptions options{.smallest = 1, .largest = 1, .dimension = 1};
  CHECK(bag(std::string(254, 'a'), options)[0] == 254);
  CHECK(bag(std::string(255, 'a'), options) == all);
  CHECK(bag(std::string(1000, 'a'), options) == all);
}

TEST_CASE("count_ngrams: refuses options out of range", "[data]") {
  std::vector<std::uint8_t> counts(4);
  const auto count = [&](lmc::NgramOptions options) { lmc::count_ngrams("a", options, counts); };
  CHECK_THROWS_WITH(count({.smallest = 0, .dimension = 4}), Contains("smallest = 0, largest = 3; expected 1 ≤ smallest"));
  CHECK_THROWS_WITH(count({.smallest = 4, .dimension = 4}), Contains("smallest = 4, largest = 3"));
  CHECK_THROWS_WITH(count({.dimension = 0}), Contains("dimension = 0; expected 1 to 16777216"));
  CHECK_THROWS_WITH(count({.dimension = 16777217}), Contains("dimension = 16777217"));
}

}  // namespace data_character_ngrams_test
