// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>

#include <lmc/simd/relu.hpp>

#include "simd/arrays.hpp"

namespace simd_relu_test {

using testing::dyadic;
using testing::for_each_length;
using testing::matches;
using testing::Placed;

namespace {

// Scalar references.
template <class T>
T relu_of(T x) {
  return x <= 0 ? T(0) : x;
}
template <class T>
T leaky_relu_of(T x, T slope) {
  return x > 0 ? x : slope * x;
}

template <class T>
struct Inputs {
  Placed<T> x, d;
  Inputs(std::size_t n, std::size_t offset)
      : x(n, offset, dyadic), d(n, (offset + 1) % xsimd::batch<T>::size, [](std::size_t i) { return dyadic(i + 100); }) {}
};

}  // namespace

TEMPLATE_TEST_CASE("relu: is max(x, 0), at every length and alignment", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Inputs<TestType> in(n, offset);
    const auto want = [&](std::size_t i) { return relu_of(static_cast<TestType>(dyadic(i))); };
    Placed<TestType> y(n, offset / 2);
    lmc::simd::relu(in.x.view(), y.span());
    CHECK(matches(y.view(), want));
    CHECK(y.surroundings_intact());
    lmc::simd::relu(in.x.view(), in.x.span());  // in place
    CHECK(matches(in.x.view(), want));
    CHECK(in.x.surroundings_intact());
  });
}

TEMPLATE_TEST_CASE("leaky_relu: scales what is negative, at every length and alignment", "[simd]", float, double) {
  const auto slope = static_cast<TestType>(GENERATE(0.0, 0.25, 1.0));
  CAPTURE(slope);
  for_each_length<TestType>([slope](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Inputs<TestType> in(n, offset);
    const auto want = [&](std::size_t i) { return leaky_relu_of(static_cast<TestType>(dyadic(i)), slope); };
    Placed<TestType> y(n, offset / 2);
    lmc::simd::leaky_relu(in.x.view(), slope, y.span());
    CHECK(matches(y.view(), want));
    CHECK(y.surroundings_intact());
    lmc::simd::leaky_relu(in.x.view(), slope, in.x.span());
    CHECK(matches(in.x.view(), want));
  });
}

TEMPLATE_TEST_CASE("relu_backward: lets the gradient pass where the output is positive", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Inputs<TestType> in(n, offset);
    Placed<TestType> y(n, offset), dx(n, offset / 2);
    lmc::simd::relu(in.x.view(), y.span());
    const auto want = [&](std::size_t i) { return dyadic(i) > 0 ? dyadic(i + 100) : 0; };
    lmc::simd::relu_backward(y.view(), in.d.view(), dx.span());
    CHECK(matches(dx.view(), want));
    CHECK(dx.surroundings_intact());
    lmc::simd::relu_backward(y.view(), in.d.view(), y.span());  // over the output
    CHECK(matches(y.view(), want));
    lmc::simd::relu_backward(in.x.view(), in.d.view(), in.d.span());  // over its gradient; x has the sign of y
    CHECK(matches(in.d.view(), want));
  });
}

TEMPLATE_TEST_CASE("leaky_relu_backward: scales the gradient where the output is not positive", "[simd]", float, double) {
  const auto slope = static_cast<TestType>(GENERATE(0.0, 0.25, 1.0));
  CAPTURE(slope);
  for_each_length<TestType>([slope](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Inputs<TestType> in(n, offset);
    Placed<TestType> y(n, offset), dx(n, offset / 2);
    lmc::simd::leaky_relu(in.x.view(), slope, y.span());
    const auto want = [&](std::size_t i) { return dyadic(i) > 0 ? dyadic(i + 100) : slope * dyadic(i + 100); };
    lmc::simd::leaky_relu_backward(y.view(), in.d.view(), slope, dx.span());
    CHECK(matches(dx.view(), want));
    CHECK(dx.surroundings_intact());
    lmc::simd::leaky_relu_backward(y.view(), in.d.view(), slope, in.d.span());
    CHECK(matches(in.d.view(), want));
  });
}

TEMPLATE_TEST_CASE("relu: keeps NaN and infinity, and so does leaky_relu", "[simd]", float, double) {
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN(), infinity = std::numeric_limits<TestType>::infinity();
  for_each_length<TestType>([=](std::size_t n, std::size_t offset) {
    if (n < 4) return;
    CAPTURE(n, offset);
    Placed<TestType> x(n, offset, dyadic), y(n, offset);
    x[0] = x[n - 1] = nan;
    x[1] = infinity;
    x[n - 2] = -infinity;
    lmc::simd::relu(x.view(), y.span());
    CHECK(matches(y.view(), [&](std::size_t i) { return relu_of(x[i]); }));
    CHECK((std::isnan(y[0]) && std::isnan(y[n - 1]) && y[1] == infinity));
    lmc::simd::leaky_relu(x.view(), TestType(0.5), y.span());
    CHECK(matches(y.view(), [&](std::size_t i) { return leaky_relu_of(x[i], TestType(0.5)); }));
    CHECK((std::isnan(y[0]) && std::isnan(y[n - 1]) && y[n - 2] == -infinity));
  });
}

TEMPLATE_TEST_CASE("relu_backward: at 0 and NaN does as PyTorch", "[simd]", float, double) {
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  const std::vector<TestType> y{0, nan, -0.0, 1};
  const std::vector<TestType> dy{2, 3, 4, nan};
  std::vector<TestType> dx(4);
  lmc::simd::relu_backward<TestType>(y, dy, dx);
  CHECK((dx[0] == 0 && dx[1] == 3 && dx[2] == 0 && std::isnan(dx[3])));
  lmc::simd::leaky_relu_backward<TestType>(y, dy, TestType(0.5), dx);
  CHECK((dx[0] == 1 && dx[1] == 1.5 && dx[2] == 2 && std::isnan(dx[3])));
}

TEMPLATE_TEST_CASE("leaky_relu: slope 1 is the identity, bit for bit", "[simd]", float, double) {
  const std::vector<TestType> x{TestType(-0.0), TestType(-0.1), std::numeric_limits<TestType>::denorm_min(),
                                -std::numeric_limits<TestType>::denorm_min(), -std::numeric_limits<TestType>::max()};
  std::vector<TestType> y(x.size());
  lmc::simd::leaky_relu<TestType>(x, TestType(1), y);
  CHECK(y == x);
  CHECK(std::signbit(y[0]));
}

}  // namespace simd_relu_test
