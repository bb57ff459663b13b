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

TEST_CASE("rank_correlation: is near 0 for what is independent, however many", "[core][long]") {
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

TEST_CASE("partial_rank_correlation: is the correlation of the residuals of the ranks", "[core]") {
  constexpr std::size_t n = 40;
  Values x, y, z;
  for (std::size_t i = 0; i < n; ++i) {
    z.push_back(lmc::uniform({.seed = 3}, i));
    x.push_back(z.back() + 0.5 * lmc::uniform({.seed = 4}, i));
    y.push_back(std::floor(4 * (z.back() - x.back() * lmc::uniform({.seed = 5}, i))));  // equal values among them
  }
  // Ranks by counting, then least squares.
  const auto ranks = [](const Values& v) {
    Values r;
    for (const double a : v) {
      double rank = -0.5 * static_cast<double>(v.size());
      for (const double b : v) rank += b < a ? 1 : b == a ? 0.5 : 0;
      r.push_back(rank);
    }
    return r;
  };
  const auto dot = [](const Values& v, const Values& w) {
    double sum = 0;
    for (std::size_t i = 0; i < v.size(); ++i) sum += v[i] * w[i];
    return sum;
  };
  const Values rz = ranks(z);
  const auto residuals = [&](const Values& v) {
    Values r = ranks(v);
    const double slope = dot(r, rz) / dot(rz, rz);
    for (std::size_t i = 0; i < n; ++i) r[i] -= slope * rz[i];
    return r;
  };
  const Values u = residuals(x), v = residuals(y);
  const double partial = lmc::partial_rank_correlation(x, y, z);
  CHECK_THAT(partial, WithinAbs(dot(u, v) / std::sqrt(dot(u, u) * dot(v, v)), 1e-13));
  CHECK(std::abs(partial - rank_correlation(x, y)) > 0.1);
  CHECK(lmc::partial_rank_correlation(y, x, z) == partial);
  CHECK(lmc::partial_rank_correlation(x, x, z) == 1);
}

TEST_CASE("partial_rank_correlation: is NaN where nothing is left", "[core]") {
  CHECK(std::isnan(lmc::partial_rank_correlation(Values{1, 2, 3}, Values{3, 1, 2}, Values{1, 2, 3})));
  CHECK(std::isnan(lmc::partial_rank_correlation(Values{3, 1, 2}, Values{1, 2, 3}, Values{3, 2, 1})));
  CHECK(std::isnan(lmc::partial_rank_correlation(Values{1, 2, 3}, Values{3, 1, 2}, Values{5, 5, 5})));
  CHECK_THROWS_WITH(lmc::partial_rank_correlation(Values{1, 2}, Values{1, 2}, Values{1}),
                    "partial_rank_correlation: 2 values of x, 2 of y and 1 of z; expected triples");
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
