// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/plane/detail/call_size.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace connectivity_call_size_test {

using lmc::detail::CallSize;

namespace {

// The calls that measure a plane of 51 × 51 places, where one of n places takes fixed + place · n.
std::vector<std::size_t> calls(double fixed, double place) {
  constexpr std::size_t row = 51, all = row * row;
  CallSize size(row, all, 2);
  std::vector<std::size_t> calls;
  for (std::size_t done = 0; done < all; done += calls.back()) {
    calls.push_back(std::min(size.next(), all - done));
    size.took(fixed + place * static_cast<double>(calls.back()));
  }
  return calls;
}

}  // namespace

TEST_CASE("CallSize: without a fixed part a call takes the seconds that were asked for", "[connectivity]") {
  CHECK(calls(0, 0.25)[2] == 8);
  CHECK(calls(0, 16)[2] == 1);
  CHECK(calls(0, 0) == std::vector<std::size_t>{51, 102, 2448});
}

TEST_CASE("CallSize: a fixed part longer than those seconds does not make the calls small", "[connectivity]") {
  for (const double fixed : {0.4, 3.0, 100.0})
    for (const double place : {0.0, 0.001, 0.01, 1.0}) {
      const std::vector<std::size_t> made = calls(fixed, place);
      CAPTURE(fixed, place, made.size());
      const double parts = fixed * static_cast<double>(made.size()), places = place * 51 * 51;
      CHECK(parts <= 4 * fixed + 0.25 * places);
    }
}

TEST_CASE("CallSize: has at least one place, and at most all", "[connectivity]") {
  CallSize few(51, 7, 2);
  CHECK(few.next() == 7);
  few.took(1);
  CHECK(few.next() == 7);
  CallSize noisy(10, 1000, 2);
  noisy.took(5);
  noisy.took(1);  // two rows faster than one
  CHECK(noisy.next() == 1000);
}

}  // namespace connectivity_call_size_test
