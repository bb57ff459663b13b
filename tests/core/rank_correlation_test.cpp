// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/core/random.hpp>
#include <lmc/core/rank_correlation.hpp>
#include <vector>

namespace core_rank_correlation_test {

using Catch::Matchers::WithinAbs;
using lmc::rank_correlation;
using Values = std::vector<double>;

namespace {

struct Reference {
  Values x, y;
  double rho;
};
const std::vector<Reference> references{
#include "rank_correlation_reference.inc"
};

}  // namespace

TEST_CASE("rank_correlation: is SciPy's, with and without equal values", "[core][golden]") {
  for (const Reference& r : references) {
    CHECK_THAT(rank_correlation(r.x, r.y), WithinAbs(r.rho, 1e-14));
    CHECK(rank_correlation(r.y, r.x) == rank_correlation(r.x, r.y));
  }
}

TEST_CASE("rank_correlation: sees the order alone", "[core]") {
  Values x, cubes, falling;
  for (int i = 0; i < 30; ++i) {
    x.push_back(std::sin(7.0 * i));
    cubes.push_back(std::pow(x.back(), 3));
    falling.push_back(-std::exp(x.back()));
  }
  CHECK(rank_correlation(x, cubes) == 1);
  CHECK(rank_correlation(x, falling) == -1);
  CHECK(rank_correlation(Values{1, 2, 3}, Values{-std::numeric_limits<double>::infinity(), 0, 1e300}) == 1);
  CHECK(rank_correlation(Values{-0.0, 0.0, 1}, Values{0.0, -0.0, 1}) == 1);
}

TEST_CASE("rank_correlation: is near 0 for what is independent, however many", "[core]") {
  constexpr std::size_t n = 200000;
  Values x(n), y(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = lmc::uniform({.seed = 1}, i);
    y[i] = lmc::uniform({.seed = 2}, i);
  }
  CHECK(std::abs(rank_correlation(x, y)) < 4 / std::sqrt(static_cast<double>(n)));  // four standard errors
  CHECK(rank_correlation(x, x) == 1);
}

TEST_CASE("rank_correlation: is NaN where nothing can be said", "[core]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(rank_correlation({}, {})));
  CHECK(std::isnan(rank_correlation(Values{1}, Values{2})));
  CHECK(std::isnan(rank_correlation(Values{1, 1, 1}, Values{1, 2, 3})));
  CHECK(std::isnan(rank_correlation(Values{1, 2, 3}, Values{0, 0, 0})));
  CHECK(std::isnan(rank_correlation(Values{1, nan, 3}, Values{1, 2, 3})));
  CHECK(std::isnan(rank_correlation(Values{1, 2, 3}, Values{1, 2, nan})));
  CHECK_THROWS_WITH(rank_correlation(Values{1, 2}, Values{1}), "rank_correlation: 2 values of x and 1 of y; expected pairs");
}

TEST_CASE("rank_correlation_by_layer: ranks within each layer", "[core]") {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  const auto add = [&](const char* name, lmc::Index size) { builder.add_parameter(name, size, lmc::Role::weight, {{}}); };
  add("q/weight", 2), add("k/weight", 3), add("q/bias", 1), add("k/bias", 1);
  const auto layout = std::move(builder).build();
  // q: (1, 10), (2, 20), (0, 5);   k: (9, 1), (8, 2), (7, 3), (6, 4)
  const Values x{1, 2, 9, 8, 7, 0, 6}, y{10, 20, 1, 2, 3, 5, 4};
  CHECK(lmc::rank_correlation_by_layer(layout, x, y) == std::vector<lmc::NamedValue>{{"q", 1}, {"k", -1}});
  CHECK_THROWS_AS(lmc::rank_correlation_by_layer(layout, x, Values(6)), lmc::Error);
}

}  // namespace core_rank_correlation_test
