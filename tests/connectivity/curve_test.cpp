// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/curve.hpp>

#include <vector>

#include <lmc/connectivity/barriers.hpp>

namespace connectivity_curve_test {

using Catch::Matchers::Contains;
using lmc::make_curve;
using lmc::Metrics;

TEST_CASE("make_curve: puts numbers of one's own at the α of a list, or at even steps", "[connectivity]") {
  const std::vector<Metrics> metrics = {
      {.loss = 1, .error = 0.1, .count = 10}, {.loss = 3, .error = 0.4, .count = 10}, {.loss = 1, .error = 0.1, .count = 10}};
  const lmc::Curve listed = make_curve({0, 0.25, 1}, metrics), even = make_curve(3, metrics);
  REQUIRE(listed.points.size() == 3);
  CHECK(listed.points[1].weights() == lmc::PathWeights{0.25, 0.75});
  CHECK(even.points[1].weights() == lmc::PathWeights{0.5, 0.5});
  CHECK(listed.points[1].metrics == metrics[1]);
  CHECK(lmc::loss_barrier(listed).value == 2);
  CHECK(lmc::error_barrier(listed).alpha == 0.25);
}

TEST_CASE("make_curve: numbers that contradict themselves are an error", "[connectivity]") {
  CHECK_THROWS_WITH(make_curve(3, {{.count = 1}, {.count = 1}}), Contains("make_curve: 2 metrics for 3 α"));
  CHECK_THROWS_WITH(make_curve({0, 1}, {{.error = 10, .count = 1}, {.error = 30, .count = 1}}),
                    Contains("make_curve: at α = 0 the curve has error = 10; expected a share in [0, 1], not a percentage"));
  CHECK_THROWS_WITH(make_curve({0, 1}, {{.loss = 1}, {.loss = 1}}), Contains("count = 0; expected the number of examples"));
  CHECK_THROWS_WITH(make_curve({0, 1}, {{.error = 0.5, .count = 2, .wrong = {true, false}}, {.error = 0, .count = 2}}),
                    Contains("at α = 1 the curve has 0 outcomes in `wrong`, but 2 at α = 0"));
  CHECK_THROWS_WITH(make_curve({0.5, 1}, {{.count = 1}, {.count = 1}}), Contains("does not begin with α = 0"));
}

}  // namespace connectivity_curve_test
