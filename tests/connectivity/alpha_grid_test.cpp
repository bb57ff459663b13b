// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/alpha_grid.hpp>

#include <cstdint>
#include <limits>
#include <vector>

namespace connectivity_alpha_grid_test {

namespace {
struct Options {
  lmc::AlphaGrid alphas = 25;
};
std::vector<double> alphas(const Options& options) {
  std::vector<double> list;
  for (const lmc::PathWeights& w : options.alphas.points()) list.push_back(w.alpha);
  return list;
}
}  // namespace

TEST_CASE("AlphaGrid: a count gives even steps whose mirror image is exact", "[connectivity]") {
  for (const std::size_t count : {2u, 3u, 11u, 24u, 25u, 1000u}) {
    CAPTURE(count);
    const auto points = lmc::AlphaGrid(count).points();
    REQUIRE(points.size() == count);
    CHECK(points.front() == lmc::PathWeights{0, 1});
    CHECK(points.back() == lmc::PathWeights{1, 0});
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(points[i].alpha == static_cast<double>(i) / static_cast<double>(count - 1));
      CHECK(points[i].alpha_bar == points[count - 1 - i].alpha);
    }
  }
}

TEST_CASE("AlphaGrid: is written as a count or as a list", "[connectivity]") {
  CHECK(alphas({}).size() == 25);
  CHECK(alphas({.alphas = 3}) == std::vector<double>{0, 0.5, 1});
  CHECK(alphas({.alphas = {0, 0.25, 0.75, 1}}) == std::vector<double>{0, 0.25, 0.75, 1});
  CHECK(alphas({.alphas = std::vector<double>{0, 1}}) == std::vector<double>{0, 1});
  for (const lmc::PathWeights& w : lmc::AlphaGrid({0, 0.1, 0.7, 1}).points()) CHECK(w.alpha_bar == 1 - w.alpha);
}

TEST_CASE("AlphaGrid: says what is wrong with a grid and what to do", "[connectivity]") {
  using Catch::Matchers::Contains;
  using lmc::AlphaGrid;
  CHECK_THROWS_WITH(AlphaGrid(1), Contains("alphas = 1") && Contains("at least 2"));
  CHECK_THROWS_WITH(AlphaGrid(-3), Contains("alphas = -3"));
  CHECK_THROWS_WITH(AlphaGrid(std::int64_t{1} << 40), Contains("alphas = 1099511627776") && Contains("at most 1000000"));
  CHECK_THROWS_WITH(AlphaGrid(std::numeric_limits<std::uint64_t>::max()), Contains("at most 1000000"));
  CHECK_THROWS_WITH(AlphaGrid({25}), Contains("without braces"));
  CHECK_THROWS_WITH(AlphaGrid(std::vector<double>{}), Contains("{}"));
  CHECK_THROWS_WITH(AlphaGrid({0.1, 0.5, 1}), Contains("{0.1, 0.5, 1}") && Contains("add 0"));
  CHECK_THROWS_WITH(AlphaGrid({0, 0.5}), Contains("add 1"));
  CHECK_THROWS_WITH(AlphaGrid({0, 0.5, 0.5, 1}), Contains("not increasing"));
  CHECK_THROWS_WITH(AlphaGrid({0, 0.7, 0.2, 1}), Contains("not increasing"));
  CHECK_THROWS_WITH(AlphaGrid({0, std::numeric_limits<double>::quiet_NaN(), 1}), Contains("not increasing"));
  CHECK_THROWS_WITH(AlphaGrid({0, std::numeric_limits<double>::infinity(), 1}), Contains("leaves [0, 1]"));
  CHECK_THROWS_WITH(AlphaGrid({0, 50, 100}), Contains("leaves [0, 1]; α is the share of the way"));
  CHECK_THROWS_WITH(AlphaGrid({0, 1, 0.5}), Contains("not increasing"));
}

}  // namespace connectivity_alpha_grid_test
