// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <type_traits>

#include <lmc/simd/lanes.hpp>

#include "simd/arrays.hpp"

TEMPLATE_TEST_CASE("for_each_lane: covers every position once, in order, and nothing else", "[simd]", float, double) {
  testing::for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    testing::Placed<TestType> x(n, offset);
    std::size_t next = 0, visits = 0;
    lmc::for_each_lane(x.span(), [&](auto lane, std::size_t i) {
      using V = typename decltype(lane)::Vector;
      CHECK(i >= next);
      next = i + 1;
      ++visits;
      lane.store(x.span().data() + i, lane.load(x.span().data() + i) + V(TestType(1)));
    });
    CHECK(testing::matches(x.view(), [](std::size_t) { return 1; }));
    CHECK(x.surroundings_intact());
    // Short lanes only at the ends.
    CHECK(visits <= n / xsimd::batch<TestType>::size + 2);
  });
}

TEMPLATE_TEST_CASE("for_each_lane: stores whole lanes to aligned places", "[simd]", float, double) {
  testing::for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    testing::Placed<TestType> x(n, offset);
    lmc::for_each_lane(x.view(), [&](auto lane, std::size_t i) {
      using Lane = decltype(lane);
      if constexpr (std::is_same_v<Lane, lmc::WholeLane<TestType>>)
        CHECK(reinterpret_cast<std::uintptr_t>(x.view().data() + i) % sizeof(typename Lane::Vector) == 0);
    });
  });
}

TEMPLATE_TEST_CASE("PartLane: reads zeros behind its scalars", "[simd]", float, double) {
  using V = xsimd::batch<TestType>;
  for (std::size_t count = 1; count < V::size; ++count) {
    testing::Placed<TestType> x(count, 1, [](std::size_t i) { return i + 1; });
    const V v = lmc::PartLane<TestType>{count}.load(x.view().data());
    for (std::size_t i = 0; i < V::size; ++i) CHECK(v.get(i) == (i < count ? static_cast<TestType>(i + 1) : TestType(0)));
  }
}
