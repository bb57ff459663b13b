// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <limits>

#include <lmc/simd/masked.hpp>

#include "simd/arrays.hpp"

namespace simd_masked_test {

using testing::dyadic;
using testing::for_each_length;
using testing::matches;
using testing::Placed;

namespace {

bool kept(std::size_t i) { return i * i % 3 == 1; }

// Where it is masked, a number that would spoil a product with 0.
template <class T>
Placed<T> spoiled(std::size_t n, std::size_t offset) {
  return Placed<T>(n, offset, [](std::size_t i) {
    const T bad = i % 2 == 0 ? std::numeric_limits<T>::quiet_NaN() : std::numeric_limits<T>::infinity();
    return kept(i) ? static_cast<T>(dyadic(i)) : bad;
  });
}

}  // namespace

TEMPLATE_TEST_CASE("copy_masked: is 0 where masked, whatever was there", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> keep(n, offset / 3, kept), x = spoiled<TestType>(n, offset / 2), out(n, offset, dyadic);
    const auto want = [](std::size_t i) { return kept(i) ? dyadic(i) : 0; };
    lmc::simd::copy_masked(keep.view(), x.view(), out.span());
    CHECK(matches(out.view(), want));
    CHECK(out.surroundings_intact());
    lmc::simd::copy_masked(keep.view(), x.view(), x.span());  // in place
    CHECK(matches(x.view(), want));
  });
}

TEMPLATE_TEST_CASE("add_masked: leaves alone what is masked", "[simd]", float, double) {
  for_each_length<TestType>([](std::size_t n, std::size_t offset) {
    CAPTURE(n, offset);
    Placed<TestType> keep(n, offset / 3, kept), x = spoiled<TestType>(n, offset / 2),
                                                out(n, offset, [](std::size_t i) { return dyadic(i + 9); });
    lmc::simd::add_masked(keep.view(), x.view(), out.span());
    CHECK(matches(out.view(), [](std::size_t i) { return dyadic(i + 9) + (kept(i) ? dyadic(i) : 0); }));
    CHECK(out.surroundings_intact());
  });
}

}  // namespace simd_masked_test
