// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>

#include <lmc/simd/adam.hpp>

#include "simd/arrays.hpp"

namespace simd_adam_test {

using testing::dyadic;
using testing::for_each_length;
using testing::Placed;

namespace {

long double gradient(std::size_t i) { return dyadic(i + 50); }
long double mean(std::size_t i) { return dyadic(i + 90) / 2; }
long double square(std::size_t i) { return std::abs(dyadic(i + 200)); }

}  // namespace

TEMPLATE_TEST_CASE("adam_update: follows its formula, at every length and alignment", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> g(n, offset / 2, gradient), m(n, offset / 3, mean), v(n, 0, square), theta(n, offset, dyadic);
    lmc::simd::adam_update(g.view(), m.span(), v.span(), theta.span(),
                           {.beta1 = 0.75,
                            .one_minus_beta1 = 0.25,
                            .beta2 = 0.875,
                            .one_minus_beta2 = 0.125,
                            .rate = 0.0625,
                            .root_scale = 1.5,
                            .epsilon = 0.5,
                            .decay = 0.25,
                            .shrink = 0.5});
    const auto decayed = [](std::size_t i) { return gradient(i) + 0.25L * dyadic(i); };
    const auto new_mean = [&](std::size_t i) { return 0.75L * mean(i) + 0.25L * decayed(i); };
    const auto new_square = [&](std::size_t i) { return 0.875L * square(i) + 0.125L * decayed(i) * decayed(i); };
    // m and v are sums of two terms with an exact factor: two roundings at most, of terms below 4. θ adds those of the root,
    // the product, the sum and the division, each below 1, and its own of terms below 2.
    CHECK(testing::nearly_matches(m.view(), 2, 4, new_mean));
    CHECK(testing::nearly_matches(v.view(), 2, 4, new_square));
    CHECK(testing::nearly_matches(theta.view(), 2, 2, [&](std::size_t i) {
      return 0.5L * dyadic(i) - 0.0625L * new_mean(i) / (1.5L * std::sqrt(new_square(i)) + 0.5L);
    }));
    CHECK((theta.surroundings_intact() && m.surroundings_intact() && v.surroundings_intact()));
  });
}

TEMPLATE_TEST_CASE("adam_update: keeps NaN, and stands still where nothing was ever pulled", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    if (n == 0) return;
    CAPTURE(n, offset);
    Placed<TestType> g(n, offset), m(n, offset), v(n, offset), theta(n, offset, dyadic);
    g[0] = g[n - 1] = std::numeric_limits<TestType>::quiet_NaN();
    lmc::simd::adam_update(g.view(), m.span(), v.span(), theta.span(),
                           {.beta1 = TestType(0.9),
                            .one_minus_beta1 = TestType(0.1),
                            .beta2 = TestType(0.999),
                            .one_minus_beta2 = TestType(0.001),
                            .rate = 1,
                            .root_scale = 1,
                            .epsilon = TestType(1e-8),
                            .decay = 0,
                            .shrink = 1});
    CHECK(testing::matches(theta.view(), [&](std::size_t i) {
      return i == 0 || i == n - 1 ? std::numeric_limits<TestType>::quiet_NaN() : static_cast<TestType>(dyadic(i));
    }));
  });
}

}  // namespace simd_adam_test
