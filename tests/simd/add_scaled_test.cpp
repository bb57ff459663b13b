// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <lmc/simd/add_scaled.hpp>

#include "simd/arrays.hpp"

namespace simd_add_scaled_test {

using testing::dyadic;
using testing::for_each_length;
using testing::matches;
using testing::Placed;

TEMPLATE_TEST_CASE("add_scaled: adds a multiple, at every length and alignment", "[simd]", float, double) {
  const auto scale = static_cast<TestType>(GENERATE(0.0, -1.0, 0.25, 3.0));
  CAPTURE(scale);
  for_each_length<TestType>([scale](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> x(n, offset, dyadic), d(n, offset / 2, [](std::size_t i) { return dyadic(i + 50); }), out(n, offset);
    const auto sum = [&](std::size_t i) { return dyadic(i) + scale * dyadic(i + 50); };
    lmc::simd::add_scaled(x.view(), scale, d.view(), out.span());
    CHECK(matches(out.view(), sum));
    CHECK(out.surroundings_intact());
    lmc::simd::add_scaled_relu(x.view(), scale, d.view(), out.span());
    CHECK(matches(out.view(), [&](std::size_t i) { return sum(i) > 0 ? sum(i) : 0; }));
    lmc::simd::add_scaled_leaky_relu(x.view(), scale, d.view(), TestType(0.5), out.span());
    CHECK(matches(out.view(), [&](std::size_t i) { return sum(i) > 0 ? sum(i) : sum(i) / 2; }));
    lmc::simd::add_scaled(x.view(), scale, d.view(), d.span());  // over d
    CHECK(matches(d.view(), sum));
  });
}

TEMPLATE_TEST_CASE("add_scaled: NaN and infinity go through, and ReLU keeps NaN", "[simd]", float, double) {
  const TestType infinity = std::numeric_limits<TestType>::infinity(), nan = std::numeric_limits<TestType>::quiet_NaN();
  const std::vector<TestType> x{nan, 1, 1}, d{1, nan, -infinity};
  std::vector<TestType> out(3);
  lmc::simd::add_scaled<TestType>(x, 2, d, out);
  CHECK((std::isnan(out[0]) && std::isnan(out[1]) && out[2] == -infinity));
  lmc::simd::add_scaled_relu<TestType>(x, 2, d, out);
  CHECK((std::isnan(out[0]) && std::isnan(out[1]) && out[2] == 0));
}

}  // namespace simd_add_scaled_test
