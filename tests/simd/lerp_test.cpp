// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <lmc/simd/lerp.hpp>

#include "simd/arrays.hpp"

namespace simd_lerp_test {

using testing::dyadic;
using testing::for_each_length;
using testing::matches;
using testing::Placed;

namespace {

// Numbers whose sums and products are rounded.
double rough(std::size_t i) { return std::sin(static_cast<double>(i * i) + 0.3); }
double other(std::size_t i) { return 3 * std::cos(static_cast<double>(i) * 1.7); }

}  // namespace

TEMPLATE_TEST_CASE("lerp: is on the line, at every length and alignment", "[simd]", float, double) {
  const double alpha = GENERATE(0.0, 0.25, 0.5, 0.875, 1.0);
  CAPTURE(alpha);
  for_each_length<TestType>([alpha](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> a(n, offset, dyadic), b(n, offset / 2, [](std::size_t i) { return dyadic(i + 50); }), out(n, offset);
    const auto want = [&](std::size_t i) { return (1 - alpha) * dyadic(i) + alpha * dyadic(i + 50); };
    lmc::simd::lerp(a.view(), b.view(), alpha, 1 - alpha, out.span());
    CHECK(matches(out.view(), want));
    CHECK(out.surroundings_intact());
    Placed<TestType> copy = a;
    lmc::simd::lerp(copy.view(), b.view(), alpha, 1 - alpha, copy.span());  // over a
    CHECK(matches(copy.view(), want));
    lmc::simd::lerp(a.view(), b.view(), alpha, 1 - alpha, b.span());  // over b
    CHECK(matches(b.view(), want));
  });
}

TEMPLATE_TEST_CASE("lerp: equal ends, both ends and swapping are exact", "[simd]", float, double) {
  constexpr std::size_t n = 1003;
  const Placed<TestType> a(n, 1, rough), b(n, 2, other);
  Placed<TestType> out(n, 3), swapped(n, 0);
  const int points = GENERATE(2, 11, 25, 30);
  for (int k = 0; k < points; ++k) {
    CAPTURE(points, k);
    const double alpha = static_cast<double>(k) / (points - 1), alpha_bar = static_cast<double>(points - 1 - k) / (points - 1);
    lmc::simd::lerp(a.view(), a.view(), alpha, alpha_bar, out.span());
    CHECK(matches(out.view(), [&](std::size_t i) { return a.view()[i]; }));
    lmc::simd::lerp(a.view(), b.view(), alpha, alpha_bar, out.span());
    lmc::simd::lerp(b.view(), a.view(), alpha_bar, alpha, swapped.span());
    CHECK(matches(out.view(), [&](std::size_t i) { return swapped[i]; }));
    if (k == 0) CHECK(matches(out.view(), [&](std::size_t i) { return a.view()[i]; }));
    if (k == points - 1) CHECK(matches(out.view(), [&](std::size_t i) { return b.view()[i]; }));
    // Two roundings in T, of numbers below 4, and one of the weight.
    CHECK(testing::nearly_matches(out.view(), 2, 4, [&](std::size_t i) {
      return static_cast<long double>(alpha_bar) * a.view()[i] + static_cast<long double>(alpha) * b.view()[i];
    }));
  }
}

TEMPLATE_TEST_CASE("lerp: the middle neither overflows nor rounds the smallest numbers", "[simd]", float, double) {
  using Limits = std::numeric_limits<TestType>;
  const std::vector<TestType> a{Limits::max(), Limits::denorm_min(), -Limits::max(), 1, Limits::infinity()};
  const std::vector<TestType> b{Limits::max(), Limits::denorm_min(), Limits::max(), 2, 1};
  std::vector<TestType> out(5);
  lmc::simd::lerp<TestType>(a, b, 0.5, 0.5, out);
  CHECK(out == std::vector<TestType>{Limits::max(), Limits::denorm_min(), 0, 1.5, Limits::infinity()});
}

TEMPLATE_TEST_CASE("lerp: an end is copied though the other is not finite", "[simd]", float, double) {
  const TestType infinity = std::numeric_limits<TestType>::infinity(), nan = std::numeric_limits<TestType>::quiet_NaN();
  const std::vector<TestType> a{1, 2}, b{infinity, nan};
  std::vector<TestType> out(2);
  lmc::simd::lerp<TestType>(a, b, 0, 1, out);
  CHECK(out == a);
  lmc::simd::lerp<TestType>(b, a, 1, 0, out);
  CHECK(out == a);
  lmc::simd::lerp<TestType>(a, b, 0.25, 0.75, out);
  CHECK((out[0] == infinity && std::isnan(out[1])));
}

TEMPLATE_TEST_CASE("lerp_relu and lerp_leaky_relu: are lerp, then the other, bit for bit", "[simd]", float, double) {
  const double alpha = GENERATE(0.0, 0.3, 0.5, 0.8, 1.0);
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN(), slope = TestType(0.1);
  CAPTURE(alpha);
  for_each_length<TestType>([&](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> a(n, offset, rough), b(n, offset / 2, other), on_line(n, offset), want(n, 0), out(n, offset);
    if (n > 0) a[0] = b[n - 1] = nan;
    lmc::simd::lerp(a.view(), b.view(), alpha, 1 - alpha, on_line.span());
    lmc::simd::relu(on_line.view(), want.span());
    lmc::simd::lerp_relu(a.view(), b.view(), alpha, 1 - alpha, out.span());
    CHECK(matches(out.view(), [&](std::size_t i) { return want[i]; }));
    CHECK(matches(out.view(), [&](std::size_t i) { return on_line[i] <= 0 ? TestType(0) : on_line[i]; }));
    CHECK(out.surroundings_intact());
    lmc::simd::leaky_relu(on_line.view(), slope, want.span());
    lmc::simd::lerp_leaky_relu(a.view(), b.view(), alpha, 1 - alpha, slope, out.span());
    CHECK(matches(out.view(), [&](std::size_t i) { return want[i]; }));
    CHECK(matches(out.view(), [&](std::size_t i) { return on_line[i] > 0 ? on_line[i] : slope * on_line[i]; }));
    CHECK(out.surroundings_intact());
  });
}

}  // namespace simd_lerp_test
