// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/connectivity/statistics/log_slope.hpp>
#include <vector>

namespace connectivity_log_slope_test {

using Catch::Matchers::WithinRel;

TEST_CASE("log_slope: finds the rate of an exponential, in the window alone", "[connectivity]") {
  std::vector<double> x, y;
  for (int i = 0; i <= 20; ++i) {
    x.push_back(i);
    y.push_back(i <= 10 ? 3 * std::exp(0.25 * i) : 1);
  }
  const auto slope = lmc::log_slope(x, y, 2, 10);
  REQUIRE(slope);
  CHECK(slope->points == 9);
  CHECK_THAT(slope->rate, WithinRel(0.25, 1e-13));
  CHECK_THAT(slope->start, WithinRel(3.0, 1e-13));
  CHECK(lmc::log_slope(x, y, 0, 20)->rate < 0.25);
}

TEST_CASE("log_slope: is the line of least squares", "[connectivity]") {
  // log y = 0, 3, 3 at 0, 1, 2: the slope is Σ (x − 1)(log y − 2) / Σ (x − 1)² = 3/2.
  const std::vector<double> x{0, 1, 2}, y{1, std::exp(3), std::exp(3)};
  CHECK_THAT(lmc::log_slope(x, y, 0, 2)->rate, WithinRel(1.5, 1e-14));
  CHECK_THAT(lmc::log_slope(x, y, 0, 2)->start, WithinRel(std::exp(0.5), 1e-14));
}

TEST_CASE("log_slope: leaves out what has no logarithm, and says nothing of a single place", "[connectivity]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> x{0, 1, 2, 3}, y{0, 2, nan, 8};
  CHECK(lmc::log_slope(x, y, 0, 3)->points == 2);
  CHECK_THAT(lmc::log_slope(x, y, 0, 3)->rate, WithinRel(std::log(2.0), 1e-14));
  CHECK_FALSE(lmc::log_slope(x, y, 0, 2));
  CHECK_FALSE(lmc::log_slope(std::vector<double>{4, 4}, std::vector<double>{1, 2}, 0, 9));
  CHECK_FALSE(lmc::log_slope({}, {}, 0, 1));
  CHECK_THROWS_WITH(lmc::log_slope(x, std::vector<double>{1}, 0, 1), Catch::Contains("4 places and 1 values"));
}

}  // namespace connectivity_log_slope_test
