// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/core/random.hpp>
#include <numeric>
#include <set>
#include <span>
#include <vector>

namespace core_random_test {

using Words = std::array<std::uint32_t, 4>;
using lmc::Purpose;
using lmc::Stream;

TEST_CASE("philox: gives Random123's known answers", "[core][random]") {
  // Random123, tests/kat_vectors, philox4x32 with 10 rounds.
  CHECK(lmc::philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(lmc::philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(lmc::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random_bits: every part of an address matters", "[core][random]") {
  std::set<Words> seen;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32})
    for (const Purpose purpose : {Purpose::initialization, Purpose::order})
      for (const std::uint32_t epoch : {0U, 1U})
        for (const std::uint32_t part : {0U, 1U})
          for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32})
            seen.insert(lmc::random_bits({.seed = seed, .purpose = purpose, .epoch = epoch, .part = part}, index));
  CHECK(seen.size() == 3 * 2 * 2 * 2 * 3);
}

TEST_CASE("uniform, normal: have the moments of their distributions", "[core][random]") {
  constexpr int n = 200000;
  const Stream stream{.seed = 42};
  double u1 = 0, u2 = 0, z1 = 0, z2 = 0, z4 = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double u = lmc::uniform(stream, i), z = lmc::normal(stream, i);
    REQUIRE((u >= 0 && u < 1));
    u1 += u / n;
    u2 += u * u / n;
    z1 += z / n;
    z2 += z * z / n;
    z4 += z * z * z * z / n;
  }
  // Five standard errors: √(1/12/n), √(4/45/n), √(1/n), √(2/n), √(96/n).
  CHECK(std::abs(u1 - 0.5) < 0.0033);
  CHECK(std::abs(u2 - 1.0 / 3) < 0.0034);
  CHECK(std::abs(z1) < 0.0112);
  CHECK(std::abs(z2 - 1) < 0.0159);
  CHECK(std::abs(z4 - 3) < 0.11);
}

TEST_CASE("uniform_below: takes every value equally often, up to the largest n", "[core][random]") {
  std::array<int, 7> counts{};
  for (std::uint64_t i = 0; i < 70000; ++i) ++counts[lmc::uniform_below({.seed = 3}, i, 7)];
  for (const int count : counts) CHECK(std::abs(count - 10000) < 463);  // five standard deviations, √(n p (1 − p)) = 92.6
  CHECK(lmc::uniform_below({.seed = 3}, 0, 1) == 0);
  std::uint64_t largest = 0;
  for (std::uint64_t i = 0; i < 1000; ++i)
    largest = std::max(largest, lmc::uniform_below({.seed = 3}, i, std::uint64_t{1} << 32));
  CHECK(largest > (std::uint64_t{1} << 32) * 99 / 100);
  CHECK(largest < std::uint64_t{1} << 32);
}

TEST_CASE("shuffle: keeps all values, and every order of three is equally likely", "[core][random]") {
  std::array<int, 27> counts{};
  for (std::uint32_t epoch = 0; epoch < 60000; ++epoch) {
    std::array<int, 3> order{0, 1, 2};
    lmc::shuffle({.seed = 5, .purpose = Purpose::order, .epoch = epoch}, std::span<int>(order));
    const int code = 9 * order[0] + 3 * order[1] + order[2];
    ++counts[static_cast<std::size_t>(code)];
  }
  int orders = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++orders;
    CHECK(std::abs(count - 10000) < 457);  // five standard deviations
  }
  CHECK(orders == 6);
  std::vector<int> many(1000);
  std::iota(many.begin(), many.end(), 0);
  const std::vector<int> before = many;
  lmc::shuffle({.seed = 1}, std::span(many));
  CHECK(many != before);
  std::sort(many.begin(), many.end());
  CHECK(many == before);
}

}  // namespace core_random_test
