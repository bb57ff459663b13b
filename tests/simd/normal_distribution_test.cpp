// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include <lmc/simd/gelu.hpp>
#include <lmc/simd/normal_distribution.hpp>
#include <lmc/simd/tanh.hpp>

#include "simd/arrays.hpp"

namespace simd_normal_distribution_test {

using Catch::Matchers::WithinRel;
using testing::dyadic;
using testing::for_each_length;
using testing::nearly_matches;
using testing::Placed;

namespace {

// Scalar references, in a wider type.
long double below(long double x) { return std::erfc(-x / std::numbers::sqrt2_v<long double>) / 2; }
long double density(long double x) {
  return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi_v<long double> / std::numbers::sqrt2_v<long double>;
}

template <class T>
struct Inputs {
  Placed<T> x, d;
  Inputs(std::size_t n, std::size_t offset)
      : x(n, offset, dyadic), d(n, (offset + 1) % xsimd::batch<T>::size, [](std::size_t i) { return dyadic(i + 100); }) {}
};

}  // namespace

TEMPLATE_TEST_CASE("normal_distribution: has a small relative error, far into the lower tail, too", "[simd]", float, double) {
  using T = TestType;
  using V = xsimd::batch<T>;
  long double worst_below = 0, worst_density = 0;
  // In steps that are no multiple of a power of two; the smallest normal numbers are reached at −12.9 and −37.5.
  const T end = std::is_same_v<T, float> ? T(12.8) : T(37.4);
  for (T x = -end; x < end; x += end / T(20011)) {
    const auto normal = lmc::simd::normal_distribution(V(x));
    // xsimd's exp is within 1.1 ε; two products, a quotient and a polynomial whose terms are up to 2 for a result of 0.4 to 2.
    // What the rounding of x² does to the exponential grows with it.
    const long double allowed = std::numeric_limits<T>::epsilon() * (4 + x * x / 4);
    worst_below = std::max(worst_below, std::abs(normal.below.get(0) / below(x) - 1) / allowed);
    worst_density = std::max(worst_density, std::abs(normal.density.get(0) / density(x) - 1) / allowed);
  }
  CHECK(worst_below < 1);
  CHECK(worst_density < 1);
}

TEMPLATE_TEST_CASE("normal_distribution: ends at 0 and 1, and keeps NaN", "[simd]", float, double) {
  using T = TestType;
  using V = xsimd::batch<T>;
  const T infinity = std::numeric_limits<T>::infinity();
  for (const T x : {T(50), T(1e6), infinity}) {
    CHECK(lmc::simd::normal_distribution(V(x)).below.get(0) == 1);
    CHECK(lmc::simd::normal_distribution(V(-x)).below.get(0) == 0);
    CHECK(lmc::simd::normal_distribution(V(x)).density.get(0) == 0);
  }
  // As above, where x² rounds to itself.
  CHECK_THAT(static_cast<double>(lmc::simd::normal_distribution(V(T(0))).below.get(0)),
             WithinRel(0.5, 4.0 * std::numeric_limits<T>::epsilon()));
  CHECK(std::isnan(lmc::simd::normal_distribution(V(std::numeric_limits<T>::quiet_NaN())).below.get(0)));
  CHECK(std::isnan(lmc::simd::normal_distribution(V(std::numeric_limits<T>::quiet_NaN())).density.get(0)));
}

TEMPLATE_TEST_CASE("gelu, gelu_backward: are x Φ(x) and its derivative, at every length and alignment", "[simd]", float,
                   double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Inputs<TestType> in(n, offset);
    Placed<TestType> y(n, offset / 2), dx(n, offset / 2);
    lmc::simd::gelu(in.x.view(), y.span());
    // Φ's (4 + x²/4) ε for |x| up to 4, and a product.
    CHECK(nearly_matches(y.view(), 9, 0, [](std::size_t i) { return dyadic(i) * below(dyadic(i)); }));
    CHECK(y.surroundings_intact());
    lmc::simd::gelu_backward(in.x.view(), in.d.view(), dx.span());
    const auto slope = [](long double x) { return below(x) + x * density(x); };
    // The two terms have opposite signs for x < 0.
    CHECK(nearly_matches(dx.view(), 8, 4, [&](std::size_t i) { return dyadic(i + 100) * slope(dyadic(i)); }));
    CHECK(dx.surroundings_intact());
    lmc::simd::gelu_backward(in.x.view(), in.d.view(), in.d.span());  // over its gradient
    CHECK(testing::matches(in.d.view(), [&](std::size_t i) { return dx[i]; }));
    lmc::simd::gelu(in.x.view(), in.x.span());  // in place
    CHECK(testing::matches(in.x.view(), [&](std::size_t i) { return y[i]; }));
  });
}

TEMPLATE_TEST_CASE("tanh, tanh_backward: are tanh and its derivative, at every length and alignment", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Inputs<TestType> in(n, offset);
    Placed<TestType> y(n, offset / 2), dx(n, offset / 2);
    lmc::simd::tanh(in.x.view(), y.span());
    CHECK(nearly_matches(y.view(), 2, 0, [](std::size_t i) { return std::tanh(static_cast<long double>(dyadic(i))); }));
    CHECK(y.surroundings_intact());
    lmc::simd::tanh_backward(y.view(), in.d.view(), dx.span());
    // 1 − y² cancels: an absolute error of ε.
    CHECK(nearly_matches(dx.view(), 4, 4, [](std::size_t i) {
      const long double t = std::tanh(static_cast<long double>(dyadic(i)));
      return dyadic(i + 100) * (1 - t * t);
    }));
    CHECK(dx.surroundings_intact());
    lmc::simd::tanh(in.x.view(), in.x.span());
    CHECK(testing::matches(in.x.view(), [&](std::size_t i) { return y[i]; }));
  });
}

TEMPLATE_TEST_CASE("gelu, tanh: a scalar's bits do not depend on its place", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    const auto value = GENERATE(-3.3, -0.7, 0.2, 1.9);
    Placed<TestType> x(n, offset, [&](std::size_t) { return value; }), y(n, offset);
    lmc::simd::gelu(x.view(), y.span());
    CHECK(testing::matches(y.view(), [&](std::size_t) { return y[0]; }));
    Placed<TestType> alone(1, 0, [&](std::size_t) { return value; });
    lmc::simd::gelu(alone.view(), alone.span());
    CHECK(testing::matches(y.view(), [&](std::size_t) { return alone[0]; }));
    lmc::simd::tanh(x.view(), y.span());
    CHECK(testing::matches(y.view(), [&](std::size_t) { return y[0]; }));
  });
}

TEMPLATE_TEST_CASE("gelu, tanh: do with NaN and infinity as PyTorch", "[simd]", float, double) {
  const TestType infinity = std::numeric_limits<TestType>::infinity(), nan = std::numeric_limits<TestType>::quiet_NaN();
  const std::vector<TestType> x{infinity, -infinity, nan};
  std::vector<TestType> y(3);
  lmc::simd::gelu<TestType>(x, y);
  CHECK((y[0] == infinity && std::isnan(y[1]) && std::isnan(y[2])));
  lmc::simd::tanh<TestType>(x, y);
  CHECK((y[0] == 1 && y[1] == -1 && std::isnan(y[2])));
}

}  // namespace simd_normal_distribution_test
