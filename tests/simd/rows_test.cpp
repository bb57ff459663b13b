// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <tuple>
#include <vector>

#include <lmc/simd/rows.hpp>

#include "simd/arrays.hpp"

namespace simd_rows_test {

using lmc::Index;
using testing::dyadic;
using testing::Placed;

namespace {

// Whole numbers, so that sums are exact.
double whole(std::size_t i) { return static_cast<double>(i * 7 % 13) - 6; }

// Every width from 1 to past nine vectors, of which add_column_sums takes four at a time.
template <class T, class Check>
void for_each_width(Check check) {
  constexpr std::size_t lanes = xsimd::batch<T>::size;
  for (std::size_t cols = 1; cols <= 9 * lanes + 1; cols += cols < 4 * lanes ? 1 : 3)
    for (const std::size_t rows : {0U, 1U, 2U, 5U}) check(rows, cols);
}

}  // namespace

TEMPLATE_TEST_CASE("add_to_rows: adds a vector to every row, at every width", "[simd]", float, double) {
  for_each_width<TestType>([](std::size_t rows, std::size_t cols) {
    CAPTURE(rows, cols);
    Placed<TestType> v(cols, 1, dyadic), y(rows * cols, 2, whole);
    lmc::simd::add_to_rows<TestType>(v.view(), lmc::matrix_view(y.span(), static_cast<Index>(rows), static_cast<Index>(cols)));
    CHECK(testing::matches(y.view(), [&](std::size_t i) { return whole(i) + dyadic(i % cols); }));
    CHECK(y.surroundings_intact());
  });
}

TEMPLATE_TEST_CASE("add_column_sums: adds the sum over the rows, at every width", "[simd]", float, double) {
  for_each_width<TestType>([](std::size_t rows, std::size_t cols) {
    CAPTURE(rows, cols);
    Placed<TestType> x(rows * cols, 2, whole), sums(cols, 3, dyadic);
    lmc::simd::add_column_sums<TestType>(lmc::matrix_view(x.view(), static_cast<Index>(rows), static_cast<Index>(cols)),
                                         sums.span());
    CHECK(testing::matches(sums.view(), [&](std::size_t j) {
      double sum = dyadic(j);
      for (std::size_t i = 0; i < rows; ++i) sum += whole(i * cols + j);
      return sum;
    }));
    CHECK(sums.surroundings_intact());
  });
}

}  // namespace simd_rows_test
