// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include <lmc/simd/vectors.hpp>

#include "simd/arrays.hpp"

namespace simd_vectors_test {

TEMPLATE_TEST_CASE("for_each_vector: covers every position once, in order, and nothing else", "[simd]", float, double) {
  testing::for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    testing::Placed<TestType> x(n, offset);
    std::size_t next = 0, visits = 0;
    lmc::simd::for_each_vector(x.span(), [&](auto part, std::size_t i) {
      using V = typename decltype(part)::Vector;
      CHECK(i >= next);
      next = i + 1;
      ++visits;
      part.store(x.span().data() + i, part.load(x.span().data() + i) + V(TestType(1)));
    });
    CHECK(testing::matches(x.view(), [](std::size_t) { return 1; }));
    CHECK(x.surroundings_intact());
    // Short lanes only at the ends.
    CHECK(visits <= n / xsimd::batch<TestType>::size + 2);
  });
}

TEMPLATE_TEST_CASE("for_each_vector: stores whole lanes to aligned places", "[simd]", float, double) {
  testing::for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    testing::Placed<TestType> x(n, offset);
    lmc::simd::for_each_vector(x.view(), [&](auto part, std::size_t i) {
      using Lane = decltype(part);
      if constexpr (std::is_same_v<Lane, lmc::simd::FullVector<TestType>>)
        CHECK(reinterpret_cast<std::uintptr_t>(x.view().data() + i) % sizeof(typename Lane::Vector) == 0);
    });
  });
}

TEMPLATE_TEST_CASE("MaskedVector: reads zeros behind its scalars", "[simd]", float, double) {
  using V = xsimd::batch<TestType>;
  for (std::size_t count = 1; count < V::size; ++count) {
    testing::Placed<TestType> x(count, 1, [](std::size_t i) { return i + 1; });
    const V v = lmc::simd::MaskedVector<TestType>{count}.load(x.view().data());
    for (std::size_t i = 0; i < V::size; ++i) CHECK(v.get(i) == (i < count ? static_cast<TestType>(i + 1) : TestType(0)));
  }
}

TEMPLATE_TEST_CASE("natural_logarithm: has the bits of xsimd::log, and is within 2 ε of the true one", "[simd]", float,
                   double) {
  using V = xsimd::batch<TestType>;
  constexpr TestType infinity = std::numeric_limits<TestType>::infinity(), smallest = std::numeric_limits<TestType>::min();
  std::array<TestType, V::size> x, y;
  const auto logarithms = [&] { lmc::simd::natural_logarithm(V::load_unaligned(x.data())).store_unaligned(y.data()); };
  for (const TestType special : {TestType(0), TestType(-1), infinity, std::numeric_limits<TestType>::quiet_NaN()}) {
    CAPTURE(special);
    x.fill(special);
    logarithms();
    for (const TestType value : y) CHECK((std::isnan(value) ? std::isnan(std::log(special)) : value == std::log(special)));
  }
  TestType worst = 0;
  for (TestType first = smallest; first < 1e30F; first *= TestType(1.0371)) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = first * (1 + TestType(0.0021) * static_cast<TestType>(i));
    logarithms();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const TestType expected = std::log(x[i]);
      worst = std::max(worst, std::abs(y[i] - expected) / std::max(std::abs(expected), smallest));
    }
#ifdef __OPTIMIZE__  // without optimization, xsimd 8 does not compile its own for AVX-512BW
    std::array<TestType, V::size> own;
    xsimd::log(V::load_unaligned(x.data())).store_unaligned(own.data());
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(own[i] == y[i]);
#endif
  }
  CHECK(worst <= 2 * std::numeric_limits<TestType>::epsilon());
}

}  // namespace simd_vectors_test
