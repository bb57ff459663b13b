// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/connectivity/causes/quadrature.hpp>

namespace connectivity_quadrature_test {

using Catch::Matchers::WithinAbs;

TEST_CASE("gauss_legendre: has the nodes and weights of the tables", "[connectivity][golden]") {
  const auto one = lmc::gauss_legendre(1);
  CHECK_THAT(one[0].x, WithinAbs(0.5, 1e-16));
  CHECK_THAT(one[0].weight, WithinAbs(1, 1e-15));
  const auto two = lmc::gauss_legendre(2);
  CHECK_THAT(two[0].x, WithinAbs((1 - 1 / std::sqrt(3)) / 2, 1e-16));
  CHECK_THAT(two[1].weight, WithinAbs(0.5, 1e-15));
  const auto three = lmc::gauss_legendre(3);
  CHECK_THAT(three[2].x, WithinAbs((1 + std::sqrt(0.6)) / 2, 1e-15));
  CHECK_THAT(three[1].weight, WithinAbs(4.0 / 9, 1e-15));
  CHECK_THAT(three[2].weight, WithinAbs(5.0 / 18, 1e-15));
}

TEST_CASE("gauss_legendre: is exact for polynomials up to degree 2n - 1, and no further", "[connectivity]") {
  for (const lmc::Index n : {1, 2, 3, 5, 8, 16, 33, 64}) {
    CAPTURE(n);
    const auto rule = lmc::gauss_legendre(n);
    REQUIRE(static_cast<lmc::Index>(rule.size()) == n);
    for (std::size_t k = 0; k < rule.size(); ++k) {
      CHECK(rule[k].weight > 0);
      CHECK(rule[k].x > (k == 0 ? 0 : rule[k - 1].x));
      CHECK(rule[k].x < 1);
    }
    const auto error = [&](lmc::Index degree) {  // error of ∫ (2x − 1)^degree, which is 1/(degree + 1) for even degrees
      double sum = 0;
      for (const auto& node : rule) sum += node.weight * std::pow(2 * node.x - 1, degree);
      return std::abs(sum - (degree % 2 == 0 ? 1.0 / static_cast<double>(degree + 1) : 0));
    };
    for (lmc::Index degree = 0; degree < 2 * n; ++degree) CHECK(error(degree) < 1e-14);
    if (n < 9) CHECK(error(2 * n) > 1e-6);  // 4^−n or so: below rounding for many nodes
  }
}

TEST_CASE("gauss_legendre: refuses numbers of nodes that it was not made for", "[connectivity][errors]") {
  CHECK_THROWS_WITH(lmc::gauss_legendre(0), "gauss_legendre: nodes = 0; expected 1 to 64");
  CHECK_THROWS_WITH(lmc::gauss_legendre(65), "gauss_legendre: nodes = 65; expected 1 to 64");
}

}  // namespace connectivity_quadrature_test
