// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/is_same_pair.hpp>

#include <cstddef>
#include <vector>

#include <lmc/connectivity/curve.hpp>

#include "support/curves.hpp"

namespace connectivity_is_same_pair_test {

using Catch::Matchers::Contains;

// 100 examples, of which so many are wrong in the middle, and one at the end alone.
lmc::Curve curve_with(std::size_t wrong) {
  std::vector<std::vector<bool>> rows(100, {false, false, false});
  for (std::size_t i = 0; i < wrong; ++i) rows[i][1] = true;
  rows[99][2] = true;
  return testing::curve(rows);
}

TEST_CASE("is_same_pair: finds a curve again, from either end, and no other", "[connectivity]") {
  const lmc::Curve curve = curve_with(20);
  CHECK(lmc::is_same_pair(curve, curve));
  CHECK(lmc::is_same_pair(curve, testing::mirrored(curve)));
  CHECK_FALSE(lmc::is_same_pair(curve, curve_with(21)));
}

TEST_CASE("is_same_pair: takes few changes for chance, and losses alone for no pair", "[connectivity]") {
  CHECK(lmc::is_same_pair(curve_with(9), curve_with(9)));  // 10 change along the path
  CHECK_FALSE(lmc::is_same_pair(curve_with(8), curve_with(8)));
  const lmc::Curve losses = lmc::make_curve(3, std::vector<lmc::Metrics>(3, {.loss = 1, .count = 100}));
  CHECK_FALSE(lmc::is_same_pair(losses, losses));
  CHECK_FALSE(lmc::is_same_pair(losses, curve_with(20)));
  CHECK_FALSE(lmc::is_same_pair(curve_with(20), losses));
  CHECK_THROWS_WITH(lmc::is_same_pair({}, losses), Contains("is_same_pair: the curve has 0 points"));
}

}  // namespace connectivity_is_same_pair_test
