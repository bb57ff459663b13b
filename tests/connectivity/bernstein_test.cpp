// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/connectivity/exact/detail/bernstein.hpp>
#include <lmc/core/random.hpp>
#include <vector>

namespace connectivity_bernstein_test {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::PathWeights;
using lmc::detail::append_sign_changes;

namespace {

// The Bernstein coefficients of factor · Π (t − root), by multiplying one factor after the other: exact where roots are
// multiples of 1/8 and factor makes up for the binomials.
std::vector<double> with_roots(const std::vector<double>& roots, double factor = 1) {
  std::vector<double> scaled{factor};  // (d over k) b_k
  for (const double root : roots) {
    std::vector<double> next(scaled.size() + 1);
    for (std::size_t k = 0; k < scaled.size(); ++k) {
      next[k] -= root * scaled[k];
      next[k + 1] += (1 - root) * scaled[k];
    }
    scaled = next;
  }
  for (std::size_t k = 0; k < scaled.size(); ++k) scaled[k] /= lmc::detail::binomials[roots.size()][k];
  return scaled;
}
std::vector<double> sign_changes(const std::vector<double>& b) {
  std::vector<double> places;
  append_sign_changes(b, 1e-14, places);
  return places;
}
double horner_on_path(const std::vector<double>& c, const PathWeights& at) {
  double sum = 0;
  for (std::size_t m = 0; m < c.size(); ++m)
    sum += c[m] * std::pow(at.alpha_bar, static_cast<double>(c.size() - 1 - m)) * std::pow(at.alpha, static_cast<double>(m));
  return sum;
}

}  // namespace

TEST_CASE("PieceBasis: gives the same polynomial on a piece", "[connectivity]") {
  for (std::size_t degree = 1; degree <= 6; ++degree) {
    std::vector<double> c;
    for (std::size_t m = 0; m <= degree; ++m) c.push_back(lmc::uniform({.seed = degree}, m) - 0.5);
    const PathWeights from{0.3, 0.7}, to{0.8, 0.2};
    const lmc::detail::PieceBasis basis(from, to, degree);
    CHECK(basis.degree() == degree);
    for (const double t : {0.0, 0.2, 0.5, 1.0}) {
      double on_piece = 0;
      for (std::size_t k = 0; k <= degree; ++k) {
        double b = 0;
        for (std::size_t m = 0; m <= degree; ++m) {
          CHECK(basis(k, m) >= 0);
          b += basis(k, m) * c[m];
        }
        on_piece += b * lmc::detail::binomials[degree][k] * std::pow(t, static_cast<double>(k)) *
                    std::pow(1 - t, static_cast<double>(degree - k));
      }
      CHECK_THAT(on_piece, WithinAbs(horner_on_path(c, {0.3 + 0.5 * t, 0.7 - 0.5 * t}), 1e-15));
    }
  }
}

TEST_CASE("append_sign_changes: finds every simple root inside, and none outside or at the ends", "[connectivity]") {
  CHECK(sign_changes(with_roots({0.5})) == std::vector<double>{0.5});
  CHECK(sign_changes(with_roots({0.25, 0.5, 0.875}, 3)) == std::vector<double>{0.25, 0.5, 0.875});
  CHECK(sign_changes(with_roots({-1, 0, 0.5, 1, 2}, -3)) == std::vector<double>{0.5});
  CHECK(sign_changes(with_roots({0, 1})).empty());
  CHECK(sign_changes(with_roots({-0.5, 1.5})).empty());
  CHECK(sign_changes({1e-300, 1e300}).empty());
  CHECK(sign_changes({0, 0, 0}).empty());
}

TEST_CASE("append_sign_changes: a root that is touched is none, a triple one is one", "[connectivity]") {
  CHECK(sign_changes(with_roots({0.5, 0.5})).empty());
  CHECK(sign_changes(with_roots({0.375, 0.375})).empty());
  CHECK(sign_changes(with_roots({0.25, 0.25, 0.75, 0.75}, 3)).empty());
  CHECK(sign_changes(with_roots({0.5, 0.5, 0.75}, 3)) == std::vector<double>{0.75});
  const auto triple = sign_changes(with_roots({0.5, 0.5, 0.5}, 3));
  REQUIRE(triple.size() == 1);
  CHECK_THAT(triple[0], WithinAbs(0.5, 1e-12));
}

TEST_CASE("append_sign_changes: random roots are found to the last digits that they have", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    std::vector<double> roots;
    double place = 0;
    for (std::uint64_t i = 0; i < 4; ++i) roots.push_back(place += 0.01 + 0.24 * lmc::uniform({.seed = seed}, i));
    const auto found = sign_changes(with_roots(roots));
    REQUIRE(found.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      double slope = 1;  // a rounding of the coefficients moves the root by that over the slope
      for (std::size_t j = 0; j < 4; ++j) slope *= i == j ? 1 : std::abs(roots[i] - roots[j]);
      CHECK_THAT(found[i], WithinAbs(roots[i], 1e-15 + 1e-16 / slope));
    }
  }
  CHECK_THAT(sign_changes({-1e-12, 1})[0], WithinRel(1e-12, 1e-11));  // also one near the beginning, in all its digits
}

TEST_CASE("append_sign_changes: ends on numbers that are nothing but rounding", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto b = with_roots({0.4, 0.4, 0.4, 0.4, 0.4, 0.4});
    for (std::size_t k = 0; k < b.size(); ++k) b[k] += 1e-17 * (lmc::uniform({.seed = seed}, k) - 0.5);
    CHECK(sign_changes(b).size() < 100);
    for (std::size_t k = 0; k < b.size(); ++k) b[k] = 1e-17 * (lmc::uniform({.seed = seed}, k) - 0.5);
    CHECK(sign_changes(b).size() <= b.size() - 1);
  }
}

}  // namespace connectivity_bernstein_test
