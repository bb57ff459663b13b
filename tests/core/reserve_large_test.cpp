// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/detail/reserve_large.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/skip.hpp"

namespace core_reserve_large_test {

namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;

/// Whether the page at p was asked for as a huge one; nothing where the system does not tell.
std::optional<bool> asked_for_huge_page(const std::uint8_t* p) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  std::ifstream mappings("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(mappings, line);) {
    std::istringstream words(line);
    std::uintptr_t begin = 0, end = 0;
    char to = 0;
    if (words >> std::hex >> begin >> to >> end && to == '-') inside = begin <= address && address < end;
    if (inside && line.starts_with("VmFlags:")) return (line + ' ').find(" hg ") != std::string::npos;
  }
  return std::nullopt;
}

}  // namespace

TEMPLATE_TEST_CASE("reserve_large: makes room for n values, and keeps those that are there", "[core]", std::uint8_t, double) {
  // Without a huge page, with one that lies on a boundary or not, and with several.
  const std::size_t n =
      GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{4097}, huge_page - 1, huge_page, 2 * huge_page + 3);
  CAPTURE(n);
  std::vector<TestType> values{TestType(1), TestType(2), TestType(3)};
  lmc::detail::reserve_large(values, n);
  CHECK(values == std::vector<TestType>{TestType(1), TestType(2), TestType(3)});
  REQUIRE(values.capacity() >= n);
  CHECK(values.capacity() <= std::max(n, std::size_t{3}));

  const auto* before = values.data();
  values.resize(std::max(n, std::size_t{3}), TestType(4));
  CHECK(values.data() == before);
  CHECK(values[2] == TestType(3));
  CHECK(std::all_of(values.begin() + 3, values.end(), [](TestType v) { return v == TestType(4); }));
}

TEST_CASE("reserve_large: leaves a vector alone that has room", "[core]") {
  std::vector<std::uint8_t> values(3 * huge_page, 7);
  const auto* before = values.data();
  lmc::detail::reserve_large(values, 2 * huge_page);
  CHECK(values.data() == before);
  CHECK(values == std::vector<std::uint8_t>(3 * huge_page, 7));
}

TEST_CASE("reserve_large: asks for huge pages wherever a whole one fits", "[core]") {
  // Larger than what malloc takes from memory that was used before: 32 MB at most.
  std::vector<std::uint8_t> values;
  lmc::detail::reserve_large(values, 20 * huge_page + 5);
  const std::size_t first = -reinterpret_cast<std::uintptr_t>(values.data()) % huge_page;
  const std::size_t last = first + (20 * huge_page + 5 - first) / huge_page * huge_page - 1;
  const auto asked = asked_for_huge_page(values.data() + first);
  std::ifstream setting("/sys/kernel/mm/transparent_hugepage/enabled");
  if (!asked || !setting) return testing::skip("this system does not tell where huge pages are asked for, or has none");
  CHECK(*asked);
  CHECK(asked_for_huge_page(values.data() + last) == true);
  // What lies before the first whole one is shared with others.
  if (first > 0) CHECK(asked_for_huge_page(values.data()) == false);
}

TEST_CASE("reserve_large: refuses what no vector can hold, as std::vector does", "[core][errors]") {
  std::vector<double> values{1, 2};
  CHECK_THROWS_AS(lmc::detail::reserve_large(values, std::numeric_limits<std::size_t>::max() / 4), std::length_error);
  CHECK(values == std::vector<double>{1, 2});
}

}  // namespace core_reserve_large_test
