// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>

#include <lmc/simd/vector.hpp>

#include "simd/arrays.hpp"

namespace simd_vector_test {

using testing::dyadic;
using testing::for_each_length;
using testing::matches;
using testing::Placed;

TEMPLATE_TEST_CASE("axpy: adds a multiple, at every length and alignment", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> x(n, offset, dyadic), y(n, offset / 2, [](std::size_t i) { return dyadic(i + 50); });
    lmc::simd::axpy(TestType(-0.375), x.view(), y.span());
    CHECK(matches(y.view(), [](std::size_t i) { return dyadic(i + 50) - 0.375 * dyadic(i); }));
    CHECK(y.surroundings_intact());
    lmc::simd::axpy(TestType(2), x.view(), x.span());  // y is x
    CHECK(matches(x.view(), [](std::size_t i) { return 3 * dyadic(i); }));
  });
}

TEMPLATE_TEST_CASE("axpy: keeps NaN", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    if (n == 0) return;
    Placed<TestType> x(n, offset, dyadic), y(n, offset, dyadic);
    x[0] = y[n - 1] = std::numeric_limits<TestType>::quiet_NaN();
    lmc::simd::axpy(TestType(1), x.view(), y.span());
    CHECK((std::isnan(y[0]) && std::isnan(y[n - 1])));
  });
}

TEMPLATE_TEST_CASE("all_finite: notices one NaN or infinity anywhere, and nothing outside", "[simd]", float, double) {
  using Limits = std::numeric_limits<TestType>;
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> x(n, offset, [](std::size_t i) {
      return i % 3 == 0 ? Limits::max() : i % 3 == 1 ? -Limits::max() : Limits::denorm_min();
    });
    CHECK(lmc::simd::all_finite(x.view()));
    for (std::size_t i = 0; i < n; ++i)
      for (const TestType bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
        const TestType kept = std::exchange(x[i], bad);
        if (lmc::simd::all_finite(x.view())) FAIL_CHECK("missed " << bad << " at " << i);
        x[i] = kept;
      }
  });
}

}  // namespace simd_vector_test
