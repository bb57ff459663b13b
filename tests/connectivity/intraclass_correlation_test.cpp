// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/intraclass_correlation.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <lmc/core/random.hpp>

namespace connectivity_intraclass_correlation_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Matrix = std::vector<std::vector<double>>;

namespace {

// Shrout and Fleiss 1979, table 2: six targets rated by four judges; here one row per judge.
const Matrix shrout_fleiss = {{9, 6, 8, 7, 10, 6}, {2, 1, 4, 1, 5, 2}, {5, 3, 6, 2, 6, 4}, {8, 2, 8, 6, 9, 7}};

// x_ij = √ρ example_j + √(1 − ρ) noise_ij, whose intraclass correlation is ρ.
Matrix random_effects(std::size_t initializations, std::size_t examples, double rho, std::uint64_t seed) {
  Matrix values(initializations, std::vector<double>(examples));
  for (std::size_t i = 0; i < initializations; ++i)
    for (std::size_t j = 0; j < examples; ++j)
      values[i][j] = std::sqrt(rho) * lmc::normal({.seed = seed}, j) +
                     std::sqrt(1 - rho) * lmc::normal({.seed = seed}, (i + 1) * examples + j);
  return values;
}

}  // namespace

TEST_CASE("intraclass_correlation: gives what Shrout and Fleiss print for their ratings", "[connectivity]") {
  const auto icc = lmc::intraclass_correlation(shrout_fleiss);
  // Table 3 has the mean squares 11.24 and 6.26, table 4 the correlations .17 and .44, each rounded to two digits.
  CHECK_THAT(icc.between, WithinAbs(11.24, 0.005));
  CHECK_THAT(icc.within, WithinAbs(6.26, 0.005));
  CHECK_THAT(icc.single, WithinAbs(0.17, 0.005));
  CHECK_THAT(icc.average, WithinAbs(0.44, 0.005));
}

TEST_CASE("intraclass_correlation: squares between and within examples add up to all squares", "[connectivity]") {
  const Matrix values = random_effects(5, 40, 0.3, 3);
  double mean = 0, squares = 0;
  for (const auto& row : values)
    for (const double x : row) mean += x / 200;
  for (const auto& row : values)
    for (const double x : row) squares += (x - mean) * (x - mean);
  const auto icc = lmc::intraclass_correlation(values);
  CHECK_THAT(39 * icc.between + 40 * 4 * icc.within, WithinAbs(squares, 1e-11));
  // Spearman and Brown: the reliability of a mean of k.
  CHECK_THAT(icc.average, WithinAbs(5 * icc.single / (1 + 4 * icc.single), 1e-14));
}

TEST_CASE("intraclass_correlation: closed forms", "[connectivity]") {
  const std::vector<double> x{0.25, -0.5, 1, 0.5}, negative{-0.25, 0.5, -1, -0.5};
  CHECK(lmc::intraclass_correlation(Matrix{x, x, x}).single == 1);
  CHECK(lmc::intraclass_correlation(Matrix{x, x, x}).average == 1);
  // Equal means of all examples: the least value, −1/(k − 1).
  CHECK(lmc::intraclass_correlation(Matrix{x, negative}).single == -1);
  const auto three = lmc::intraclass_correlation(Matrix{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}});
  CHECK(three.single == -0.5);
  CHECK(std::isnan(three.average));
  // Two examples a and b, two initializations: between (a₁ + a₂ − b₁ − b₂)²/4, within ((a₁ − a₂)² + (b₁ − b₂)²)/4.
  const auto two = lmc::intraclass_correlation(Matrix{{1, 4}, {2, 7}});
  CHECK(two.between == 16);
  CHECK(two.within == 2.5);
  CHECK_THAT(two.single, WithinAbs(13.5 / 18.5, 1e-15));
  CHECK(std::isnan(lmc::intraclass_correlation(Matrix{{1, 1}, {1, 1}}).single));
  CHECK(std::isnan(lmc::intraclass_correlation(Matrix{{1, 1}, {1, 1}}).average));
  CHECK(std::isnan(lmc::intraclass_correlation(Matrix{{1, std::nan("")}, {1, 1}}).single));
}

TEST_CASE("intraclass_correlation: is the share of variance that the examples have", "[connectivity]") {
  // The standard error of the estimate is about (1 − ρ)(1 + (k − 1)ρ) √(2 / (k (k − 1) n)): below 0.005 here.
  for (const double rho : {0.0, 0.2, 0.7}) {
    CAPTURE(rho);
    CHECK_THAT(lmc::intraclass_correlation(random_effects(4, 20000, rho, 11)).single, WithinAbs(rho, 0.02));
  }
}

TEST_CASE("intraclass_correlation: does not depend on which initialization or example comes first", "[connectivity]") {
  Matrix values = random_effects(3, 17, 0.4, 5);
  const double before = lmc::intraclass_correlation(values).single;
  std::reverse(values.begin(), values.end());
  for (auto& row : values) std::rotate(row.begin(), row.begin() + 5, row.end());
  CHECK_THAT(lmc::intraclass_correlation(values).single, WithinAbs(before, 1e-14));
}

TEST_CASE("intraclass_correlation: refuses what is no matrix of at least two by two", "[connectivity][errors]") {
  CHECK_THROWS_WITH(lmc::intraclass_correlation(Matrix{}), Contains("0 initializations; expected at least two"));
  CHECK_THROWS_WITH(lmc::intraclass_correlation(Matrix{{1, 2}}), Contains("1 initializations; expected at least two"));
  CHECK_THROWS_WITH(lmc::intraclass_correlation(Matrix{{1}, {2}}), Contains("1 examples; expected at least two"));
  CHECK_THROWS_WITH(lmc::intraclass_correlation(Matrix{{1, 2}, {1, 2, 3}}),
                    Contains("initialization 1 has 3 values, but initialization 0 has 2"));
}

TEST_CASE("intraclass_correlation: what rounding leaves of equal numbers is no variance", "[connectivity]") {
  const auto equal = lmc::intraclass_correlation(std::vector<std::vector<double>>(3, std::vector<double>(4, 0.1)));
  CHECK(std::isnan(equal.single));
  CHECK(std::isnan(equal.average));
  const auto one_mean = lmc::intraclass_correlation({{0.1, 0.1, 0.1}, {0.2, 0.2, 0.2}, {0.3, 0.3, 0.3}});
  CHECK(one_mean.single == -0.5);
  CHECK(std::isnan(one_mean.average));
}

}  // namespace connectivity_intraclass_correlation_test
