// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <lmc/simd/local_product.hpp>

#include "simd/arrays.hpp"

namespace simd_local_product_test {

using lmc::Index;
using lmc::Strided;
using lmc::WriteMode;
using lmc::simd::ProductTerm;
using testing::dyadic;
using testing::Placed;

namespace {

// The factors of a few terms, and a destination with a gap after each row; all between numbers that nobody may read or change.
template <class T>
struct Example {
  Index rows, cols, depth, terms;
  bool a_transposed;  // its columns are contiguous then, else its rows
  Index c_row_stride = cols + 3;
  Placed<T> a = fitted(terms * rows * depth, 0), b = fitted(terms * depth * cols, 100),
            c = Placed<T>(rows == 0 ? 0 : static_cast<std::size_t>((rows - 1) * c_row_stride + cols), 1, dyadic);

  static Placed<T> fitted(Index n, std::size_t first) {
    return Placed<T>(static_cast<std::size_t>(n), 1, [first](std::size_t i) { return dyadic(i + first); });
  }
  // Sums of products of multiples of 1/64 below 4 are exact in float while there are at most a few hundred.
  [[nodiscard]] double want(std::size_t at, WriteMode into) const {
    const auto i = static_cast<Index>(at) / c_row_stride, j = static_cast<Index>(at) % c_row_stride;
    if (j >= cols) return dyadic(at);  // in the gap
    double sum = into == WriteMode::add ? dyadic(at) : 0;
    for (Index t = 0; t < terms; ++t)
      for (Index k = 0; k < depth; ++k)
        sum += dyadic(static_cast<std::size_t>(t * rows * depth + (a_transposed ? k * rows + i : i * depth + k))) *
               dyadic(static_cast<std::size_t>(t * depth * cols + k * cols + j) + 100);
    return sum;
  }
  void run(WriteMode into) {
    std::vector<ProductTerm<T>> list;
    for (Index t = 0; t < terms; ++t) list.push_back({a.view().data() + t * rows * depth, b.view().data() + t * depth * cols});
    lmc::simd::sum_of_products<T>(list,
                                  {.depth = depth,
                                   .a_row_stride = a_transposed ? 1 : depth,
                                   .a_col_stride = a_transposed ? rows : 1,
                                   .b_row_stride = cols},
                                  Strided<T>(c.span().data(), rows, cols, c_row_stride), into);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("sum_of_products: equals the loops, at every number of columns", "[simd]", float, double) {
  constexpr auto lanes = static_cast<Index>(xsimd::batch<TestType>::size);
  const bool a_transposed = GENERATE(false, true);
  const WriteMode into = GENERATE(WriteMode::overwrite, WriteMode::add);
  for (Index cols = 0; cols <= 4 * lanes + 3; ++cols)
    for (const auto& [rows, depth, terms] : {std::array<Index, 3>{13, 5, 1}, {3, 2, 3}}) {
      CAPTURE(rows, cols, depth, terms);
      Example<TestType> e{rows, cols, depth, terms, a_transposed};
      e.run(into);
      CHECK(testing::matches(e.c.view(), [&](std::size_t at) { return e.want(at, into); }));
      CHECK(e.c.surroundings_intact());
    }
}

TEMPLATE_TEST_CASE("sum_of_products: equals the loops, for every number of rows, depths and terms", "[simd]", float, double) {
  const WriteMode into = GENERATE(WriteMode::overwrite, WriteMode::add);
  for (Index rows = 0; rows <= 28; ++rows)
    for (const auto& [depth, terms] : {std::array<Index, 2>{1, 1}, {7, 2}, {0, 1}, {3, 0}}) {  // the last two: empty sums
      CAPTURE(rows, depth, terms);
      Example<TestType> e{rows, 21, depth, terms, false};
      e.run(into);
      CHECK(testing::matches(e.c.view(), [&](std::size_t at) { return e.want(at, into); }));
      CHECK(e.c.surroundings_intact());
    }
}

TEMPLATE_TEST_CASE("sum_of_products: the bits of an entry do not depend on its place", "[simd]", float, double) {
  const Index rows = 27, cols = 53, depth = 40;
  const auto rough = [](std::size_t i) { return std::sin(static_cast<double>(i * i) + 0.3); };
  Placed<TestType> a(static_cast<std::size_t>(rows * depth), 0, rough), b(static_cast<std::size_t>(depth * cols), 0, rough),
      c(static_cast<std::size_t>(rows * cols), 0);
  const auto run = [&](Index i, Index j, Strided<TestType> to) {
    const std::vector<ProductTerm<TestType>> terms{{a.view().data() + i * depth, b.view().data() + j}};
    lmc::simd::sum_of_products<TestType>(
        terms, {.depth = depth, .a_row_stride = depth, .a_col_stride = 1, .b_row_stride = cols}, to, WriteMode::overwrite);
  };
  run(0, 0, Strided<TestType>(c.span().data(), rows, cols, cols));
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) {
      TestType alone = 0;
      run(i, j, Strided<TestType>(&alone, 1, 1, 1));
      REQUIRE(alone == c[static_cast<std::size_t>(i * cols + j)]);
    }
}

TEMPLATE_TEST_CASE("copy_rows, copy_rows_and_sum: copy, and sum the columns", "[simd]", float, double) {
  const std::size_t rows = GENERATE(0u, 1u, 5u);
  testing::for_each_length<TestType>([rows](std::size_t cols, std::size_t offset) {
    if (offset > 1) return;
    CAPTURE(rows, cols);
    const std::size_t from_stride = cols + 5, to_stride = cols + 2;
    Placed<TestType> from(rows * from_stride, 3, dyadic), to(rows * to_stride, offset), copy(rows * to_stride, 2),
        sums(cols, offset, dyadic);
    const auto view = [&](auto* data, std::size_t stride) {
      return Strided(data, static_cast<Index>(rows), static_cast<Index>(cols), static_cast<Index>(stride));
    };
    lmc::simd::copy_rows<TestType>(view(from.view().data(), from_stride), view(to.span().data(), to_stride));
    lmc::simd::copy_rows_and_sum<TestType>(view(from.view().data(), from_stride), view(copy.span().data(), to_stride),
                                           sums.span());
    const auto copied = [&](std::size_t at) {
      const std::size_t i = at / to_stride, j = at % to_stride;
      return j < cols ? dyadic(i * from_stride + j) : 0;  // 0 in the gaps
    };
    CHECK(testing::matches(to.view(), copied));
    CHECK(testing::matches(copy.view(), copied));
    CHECK(testing::matches(sums.view(), [&](std::size_t j) {
      double sum = dyadic(j);
      for (std::size_t i = 0; i < rows; ++i) sum += dyadic(i * from_stride + j);
      return sum;
    }));
    CHECK((to.surroundings_intact() && copy.surroundings_intact() && sums.surroundings_intact()));
  });
}

}  // namespace simd_local_product_test
