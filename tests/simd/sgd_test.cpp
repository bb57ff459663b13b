// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>

#include <lmc/simd/sgd.hpp>

#include "simd/arrays.hpp"

namespace simd_sgd_test {

using testing::dyadic;
using testing::for_each_length;
using testing::matches;
using testing::Placed;

namespace {
double gradient(std::size_t i) { return dyadic(i + 50); }
double velocity(std::size_t i) { return dyadic(i + 90); }
}  // namespace

TEMPLATE_TEST_CASE("sgd_update: steps against the decayed gradient, at every length and alignment", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> g(n, offset / 2, gradient), theta(n, offset, dyadic);
    lmc::simd::sgd_update(g.view(), theta.span(), TestType(0.25), TestType(0.125));
    CHECK(matches(theta.view(), [](std::size_t i) { return dyadic(i) - 0.25 * (gradient(i) + 0.125 * dyadic(i)); }));
    CHECK(theta.surroundings_intact());
  });
}

TEMPLATE_TEST_CASE("sgd_momentum_update: steps along the velocity, at every length and alignment", "[simd]", float, double) {
  const bool nesterov = GENERATE(false, true);
  CAPTURE(nesterov);
  for_each_length<TestType>([nesterov](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> g(n, offset / 2, gradient), v(n, offset / 3, velocity), theta(n, offset, dyadic);
    lmc::simd::sgd_momentum_update(g.view(), v.span(), theta.span(),
                                   {.rate = 0.25, .decay = 0.125, .keep = 0.5, .take = 0.75, .nesterov = nesterov});
    const auto decayed = [](std::size_t i) { return gradient(i) + 0.125 * dyadic(i); };
    const auto new_velocity = [&](std::size_t i) { return 0.5 * velocity(i) + 0.75 * decayed(i); };
    CHECK(matches(v.view(), new_velocity));
    CHECK(matches(theta.view(), [&](std::size_t i) {
      return dyadic(i) - 0.25 * (nesterov ? decayed(i) + 0.5 * new_velocity(i) : new_velocity(i));
    }));
    CHECK((theta.surroundings_intact() && v.surroundings_intact()));
  });
}

TEMPLATE_TEST_CASE("sgd_update: keeps NaN, as does sgd_momentum_update", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    if (n == 0) return;
    CAPTURE(n, offset);
    Placed<TestType> g(n, offset, gradient), v(n, offset, velocity), theta(n, offset, dyadic);
    g[0] = theta[n - 1] = std::numeric_limits<TestType>::quiet_NaN();
    Placed<TestType> plain = theta;
    lmc::simd::sgd_update(g.view(), plain.span(), TestType(1), TestType(0));
    CHECK((std::isnan(plain[0]) && std::isnan(plain[n - 1])));
    lmc::simd::sgd_momentum_update(g.view(), v.span(), theta.span(),
                                   {.rate = 1, .decay = 0, .keep = 0.5, .take = 1, .nesterov = false});
    CHECK((std::isnan(v[0]) && std::isnan(theta[0]) && std::isnan(theta[n - 1])));
  });
}

}  // namespace simd_sgd_test
