// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/barrier_matrix.hpp>

#include <span>
#include <sstream>
#include <vector>

namespace connectivity_barrier_matrix_test {

using Catch::Matchers::Contains;

namespace {

using Thetas = std::vector<std::vector<double>>;

// A loss with a bump of height 1 at 1: between θ = 0 and 3 it is at a third of the way.
lmc::Metrics bump(std::span<const double> theta) { return {.loss = theta[0] == 1 ? 1.0 : 0.0, .count = 10}; }
lmc::Metrics wrong_bump(std::span<const double> theta) {
  lmc::Metrics metrics = bump(theta);
  metrics.error = metrics.loss / 4;
  return metrics;
}

}  // namespace

TEST_CASE("barrier_matrix: has every pair from both sides", "[connectivity]") {
  const lmc::BarrierMatrix matrix = lmc::barrier_matrix(Thetas{{0}, {0.25}, {3}, {4}}, wrong_bump, {.alphas = 13});
  REQUIRE(matrix.size() == 4);
  CHECK(matrix.at(0, 1).error.value().value == 0);
  CHECK(matrix.at(0, 2).error.value().value == 0.25);
  CHECK(matrix.at(0, 2).error.value().alpha == 4.0 / 12);
  CHECK(matrix.at(2, 0).error.value().alpha == 1 - 4.0 / 12);
  CHECK(matrix.at(2, 0).loss.value().alpha == 1 - 4.0 / 12);
  CHECK(matrix.at(2, 0).loss.value().value == 1);
  CHECK(matrix.at(0, 3).loss.value().alpha == 3.0 / 12);
  CHECK(matrix.at(1, 3).loss.value().value == 0);  // 1 is not on its grid
  CHECK(matrix.at(2, 3).loss.value().value == 0);
  CHECK_THROWS_WITH(matrix.at(1, 1), Contains("at(1, 1); expected two different networks, each 0 to 3"));
  CHECK_THROWS_AS(matrix.at(0, 4), lmc::Error);
  CHECK_THROWS_AS(matrix.at(-1, 0), lmc::Error);
}

TEST_CASE("barrier_matrix: prints errors, or losses where there are none", "[connectivity]") {
  std::ostringstream errors, losses;
  errors << lmc::barrier_matrix(Thetas{{0}, {3}}, wrong_bump, {.alphas = 4});
  losses << lmc::barrier_matrix(Thetas{{0}, {3}}, bump, {.alphas = 4});
  CHECK(errors.str() == "       -   0.2500\n  0.2500        -\n");
  CHECK(losses.str() == "       -   1.0000\n  1.0000        -\n");
  CHECK(!lmc::barrier_matrix(Thetas{{0}, {3}}, bump).at(0, 1).error);
}

TEST_CASE("barrier_matrix: has no barriers of losses that were not measured", "[connectivity]") {
  const auto errors_alone = [](std::span<const double> theta) {
    return lmc::Metrics{.error = wrong_bump(theta).error, .count = 4};
  };
  const lmc::PairBarriers pair = lmc::barrier_matrix(Thetas{{0}, {3}}, errors_alone, {.alphas = 4}).at(1, 0);
  CHECK(pair.error.value().value == 0.25);
  CHECK_FALSE(pair.loss);
}

TEST_CASE("barrier_matrix: needs two networks of one length", "[connectivity]") {
  CHECK_THROWS_WITH(lmc::barrier_matrix(Thetas{{0}}, bump), Contains("barrier_matrix: 1 networks; expected at least 2"));
  CHECK_THROWS_AS(lmc::barrier_matrix(Thetas{{0}, {1, 2}}, bump), lmc::Error);
  CHECK_THROWS_WITH(lmc::BarrierMatrix(3, {{}, {}}), Contains("3 networks and 2 pairs"));
}

}  // namespace connectivity_barrier_matrix_test
