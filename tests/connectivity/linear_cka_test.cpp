// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/connectivity/causes/linear_cka.hpp>
#include <lmc/core/random.hpp>
#include <span>
#include <utility>
#include <vector>

namespace connectivity_linear_cka_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::LinearCka;
using Values = std::vector<double>;

namespace {

Values normal_values(std::size_t n, std::uint64_t seed) {
  Values values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(lmc::normal({.seed = seed}, i));
  return values;
}

// [n, p] times [p, q].
Values product(const Values& x, const Values& y, std::size_t n, std::size_t p, std::size_t q) {
  Values z(n * q);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < p; ++k)
      for (std::size_t j = 0; j < q; ++j) z[i * q + j] += x[i * p + k] * y[k * q + j];
  return z;
}

// Features b that have something to do with a.
Values related(const Values& a, std::size_t n, std::size_t p, std::size_t q) {
  Values b = product(a, normal_values(p * q, 77), n, p, q);
  const Values noise = normal_values(n * q, 78);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] += 2 * noise[i];
  return b;
}

double cka(const Values& a, const Values& b, std::size_t n) {
  LinearCka sums;
  sums.add<double>(a, b, static_cast<Index>(n));
  return sums.value();
}

// The unbiased estimate as Song et al. write it, from Gram matrices with a diagonal of 0:
//   [tr(KL) + 1ᵀK1 1ᵀL1 / ((n − 1)(n − 2)) − 2/(n − 2) 1ᵀKL1] / (n (n − 3)).
double hsic(const Values& x, const Values& y, std::size_t n) {
  const auto gram = [n](const Values& v) {
    const std::size_t p = v.size() / n;
    Values k(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t u = 0; u < p; ++u) k[i * n + j] += i == j ? 0 : v[i * p + u] * v[j * p + u];
    return k;
  };
  const Values k = gram(x), l = gram(y);
  double trace = 0, sum_k = 0, sum_l = 0, between = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      trace += k[i * n + j] * l[j * n + i];
      sum_k += k[i * n + j];
      sum_l += l[i * n + j];
      for (std::size_t h = 0; h < n; ++h) between += k[i * n + h] * l[h * n + j];
    }
  const auto m = static_cast<double>(n);
  return (trace + sum_k * sum_l / ((m - 1) * (m - 2)) - 2 / (m - 2) * between) / (m * (m - 3));
}

Values rows(const Values& v, std::size_t n, std::size_t first, std::size_t count) {
  const std::size_t p = v.size() / n;
  return {v.begin() + static_cast<std::ptrdiff_t>(first * p), v.begin() + static_cast<std::ptrdiff_t>((first + count) * p)};
}

}  // namespace

TEST_CASE("LinearCka: is the ratio of the unbiased estimates that the papers define", "[connectivity]") {
  for (const std::size_t n : {4U, 5U, 19U, 64U}) {
    // Widths to both sides of a stretch, and of the number of examples.
    for (const auto& [p, q] : std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {3, 200}, {128, 7}, {129, 300}}) {
      const Values a = normal_values(n * p, 1), b = related(a, n, p, q);
      CAPTURE(n, p, q);
      CHECK_THAT(cka(a, b, n), WithinAbs(hsic(a, b, n) / std::sqrt(hsic(a, a, n) * hsic(b, b, n)), 1e-10));
    }
  }
}

TEST_CASE("LinearCka: batches are averaged, each weighed by its examples", "[connectivity]") {
  // 130 examples are three batches; then 10 more, in another sum, and 3 that tell nothing.
  const std::size_t p = 5, q = 9;
  const Values a = normal_values(143 * p, 1), b = related(a, 143, p, q);
  double ab = 0, aa = 0, bb = 0;
  std::size_t first = 0;
  for (const std::size_t m : {43U, 43U, 44U, 10U}) {
    const Values x = rows(a, 143, first, m), y = rows(b, 143, first, m);
    const auto weight = static_cast<double>(m);
    ab += weight * hsic(x, y, m);
    aa += weight * hsic(x, x, m);
    bb += weight * hsic(y, y, m);
    first += m;
  }
  LinearCka sums, more;
  sums.add<double>(rows(a, 143, 0, 130), rows(b, 143, 0, 130), 130);
  more.add<double>(rows(a, 143, 130, 10), rows(b, 143, 130, 10), 10);
  more.add<double>(rows(a, 143, 140, 3), rows(b, 143, 140, 3), 3);
  sums += more;
  CHECK_THAT(sums.value(), WithinAbs(ab / std::sqrt(aa * bb), 1e-12));
}

TEST_CASE("LinearCka: sees no rotation, no scale and no shift", "[connectivity]") {
  const std::size_t n = 50, p = 6;
  const Values a = normal_values(n * p, 1), b = related(a, n, p, p);
  // A Householder reflection I − 2 v vᵀ/(vᵀv) after a cyclic shift of the units.
  const Values v = normal_values(p, 3);
  double vv = 0;
  for (const double x : v) vv += x * x;
  Values rotation(p * p);
  for (std::size_t i = 0; i < p; ++i)
    for (std::size_t j = 0; j < p; ++j) rotation[(i + 1) % p * p + j] = (i == j ? 1 : 0) - 2 * v[i] * v[j] / vv;
  Values rotated = product(b, rotation, n, p, p);
  for (std::size_t i = 0; i < rotated.size(); ++i) rotated[i] = 1e3 + 0.01 * rotated[i];
  const double expected = cka(a, b, n);
  CHECK(expected > 0.3);
  CHECK(expected < 0.95);
  CHECK_THAT(cka(a, rotated, n), WithinAbs(expected, 1e-8));  // 1e3 takes five digits of the shifted features
  CHECK_THAT(cka(b, rotated, n), WithinAbs(1, 1e-8));
  Values stretched = b;  // another scale for each unit is seen
  for (std::size_t i = 0; i < b.size(); ++i) stretched[i] *= i % p == 0 ? 10 : 1;
  CHECK(std::abs(cka(a, stretched, n) - expected) > 0.01);
}

TEST_CASE("LinearCka: is exactly 1 for equal features, and the same to the bit for swapped networks", "[connectivity]") {
  const Values a = normal_values(100 * 7, 1), b = related(a, 100, 7, 4);
  CHECK(cka(a, a, 100) == 1);
  CHECK(cka(a, b, 100) == cka(b, a, 100));
  Values twice = a;
  for (double& x : twice) x *= -2;
  CHECK(cka(a, twice, 100) == 1);
}

TEST_CASE("LinearCka: is near 0 for features that have nothing to do with each other, however many units",
          "[connectivity][long]") {
  // All 640 examples at once, with the bias, have p/(p + n) = 0.76 here.
  const Values a = normal_values(640 * 2000, 1), b = normal_values(640 * 2000, 2);
  // In each of 10 batches some 2016 pairs, each product of standard deviation 1 in these units.
  CHECK(std::abs(cka(a, b, 640)) < 4 / std::sqrt(20160));
}

TEST_CASE("LinearCka: is NaN where the features of a network do not differ between examples", "[connectivity]") {
  const Values a = normal_values(20 * 3, 1), constant(20 * 2, 0.1);
  CHECK(std::isnan(cka(a, constant, 20)));
  CHECK(std::isnan(cka(constant, a, 20)));
  CHECK(std::isnan(cka(constant, constant, 20)));
  // One example that differs leaves a Gram matrix that centers to 0: nothing can be said, and rounding says nothing.
  for (const std::size_t which : {0U, 7U}) {
    Values one = constant;
    one[2 * which] = 0.7;
    CHECK(std::isnan(cka(a, one, 20)));
  }
  CHECK(std::isnan(LinearCka().value()));
  CHECK(std::isnan(cka(Values{1, 2, 3}, Values{1, 2, 3}, 3)));
}

TEST_CASE("LinearCka: takes float, and refuses what is no table of features", "[connectivity][errors]") {
  LinearCka sums;
  const std::vector<float> a{1, 2, 3, 4, 7}, b{2, 4, 6, 8, 14};
  sums.add<float>(a, b, 5);
  CHECK_THAT(sums.value(), WithinAbs(1, 1e-12));
  CHECK_THROWS_WITH(sums.add<float>(a, b, 2),
                    "LinearCka: 5 and 5 features of 2 examples; expected a positive number for each example");
  CHECK_THROWS_WITH(sums.add<float>(a, b, 0), Catch::Contains("of 0 examples"));
  CHECK_THROWS_WITH(sums.add<float>(a, b, -5), Catch::Contains("of -5 examples"));
  CHECK_THROWS_WITH(sums.add<float>(a, {}, 5), Catch::Contains("5 and 0 features"));
}

}  // namespace connectivity_linear_cka_test
