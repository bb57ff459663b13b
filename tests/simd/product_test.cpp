// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include <lmc/core/random.hpp>
#include <lmc/simd/product.hpp>

namespace simd_product_test {

namespace {

using lmc::Index;
using lmc::Strided;
using lmc::WriteMode;

// product() in a workspace of just the size that it asks for.
template <class T>
void multiply(Strided<const T> a, Strided<const T> b, Strided<T> c, WriteMode into) {
  std::vector<T> workspace(static_cast<std::size_t>(lmc::simd::product_workspace<T>(c.rows, c.cols, a.cols)) + 1, T(-99));
  lmc::simd::product<T>(a, b, c, into, std::span(workspace).first(workspace.size() - 1));
  REQUIRE(workspace.back() == -99);
}

// Multiples of 1/8 in [-2, 2): sums of a thousand products are exact in float, so that the right answer is one number.
template <class T>
std::vector<T> exact_numbers(Index n, std::uint64_t seed) {
  std::vector<T> values;
  for (Index i = 0; i < n; ++i)
    values.push_back(
        static_cast<T>(static_cast<double>(lmc::uniform_below({.seed = seed}, static_cast<std::uint64_t>(i), 32)) / 8 - 2));
  return values;
}

template <class T>
Strided<const T> row_major(const std::vector<T>& values, Index rows, Index cols) {
  return Strided<const T>(values.data(), rows, cols, cols);
}

// A view of the same shape whose memory is the transpose's.
template <class T>
Strided<const T> stored(const std::vector<T>& values, Index rows, Index cols, bool transposed) {
  return transposed ? row_major(values, cols, rows).transposed() : row_major(values, rows, cols);
}

template <class T>
std::vector<T> reference(Strided<const T> a, Strided<const T> b, std::vector<T> c, WriteMode into) {
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < b.cols; ++j) {
      double sum = 0;
      for (Index k = 0; k < a.cols; ++k)
        sum += double{a.data[i * a.row_stride + k * a.col_stride]} * double{b.data[k * b.row_stride + j * b.col_stride]};
      T& out = c[static_cast<std::size_t>(i * b.cols + j)];
      out = static_cast<T>(sum + (into == WriteMode::add ? double{out} : 0.0));
    }
  return c;
}

}  // namespace

TEMPLATE_TEST_CASE("product: equals the triple loop for every shape, storage and mode", "[simd][product][long]", float,
                   double) {
  // Rows around the tile's 12, 8, 4, 2, 1; columns around one and two panels and the packing block of 768; sums around blocks
  // of 256; few columns and long sums, in blocks of 1024, for the narrow product; 96 columns and more, from which on rows are
  // packed too, in one go or, where they are many and long, in shares.
  const auto [m, n, k] = GENERATE(table<Index, Index, Index>({{1, 1, 1},
                                                              {3, 5, 2},
                                                              {12, 32, 7},
                                                              {13, 33, 5},
                                                              {27, 31, 17},
                                                              {23, 64, 255},
                                                              {8, 10, 256},
                                                              {5, 3, 257},
                                                              {15, 40, 600},
                                                              {2, 768, 3},
                                                              {4, 801, 9},
                                                              {9, 16, 2061},
                                                              {6, 7, 1024},
                                                              {27, 96, 5},
                                                              {31, 131, 300},
                                                              {14, 801, 257},
                                                              {701, 97, 290}}));
  const bool a_transposed = GENERATE(false, true), b_transposed = GENERATE(false, true);
  const WriteMode into = GENERATE(WriteMode::overwrite, WriteMode::add);
  CAPTURE(m, n, k, a_transposed, b_transposed, into == WriteMode::add);
  const auto a = exact_numbers<TestType>(m * k, 1), b = exact_numbers<TestType>(k * n, 2),
             c = exact_numbers<TestType>(m * n, 3);
  const auto a_view = stored(a, m, k, a_transposed), b_view = stored(b, k, n, b_transposed);
  auto result = c;
  multiply<TestType>(a_view, b_view, Strided<TestType>(result.data(), m, n, n), into);
  CHECK(result == reference(a_view, b_view, c, into));
}

TEST_CASE("product: a destination with strides keeps what lies between its entries", "[simd][product]") {
  const auto a = exact_numbers<float>(6, 1), b = exact_numbers<float>(6, 2);
  std::vector<float> c(30, 99.0f);  // C [2, 2] with rows 15 apart and columns 4 apart
  multiply<float>(row_major(a, 2, 3), row_major(b, 3, 2), Strided<float>(c.data(), 2, 2, 15, 4), WriteMode::overwrite);
  const auto expected = reference(row_major(a, 2, 3), row_major(b, 3, 2), std::vector<float>(4), WriteMode::overwrite);
  CHECK(std::vector<float>{c[0], c[4], c[15], c[19]} == expected);
  CHECK(std::count(c.begin(), c.end(), 99.0f) == 26);
}

TEST_CASE("product: the bits of an entry do not depend on its neighbors", "[simd][product]") {
  const Index m = 37, n = 100, k = 700;  // packed rows and columns, against neither
  std::vector<float> a, b;
  for (Index i = 0; i < m * k; ++i) a.push_back(static_cast<float>(lmc::normal({.seed = 1}, static_cast<std::uint64_t>(i))));
  for (Index i = 0; i < k * n; ++i) b.push_back(static_cast<float>(lmc::normal({.seed = 2}, static_cast<std::uint64_t>(i))));
  std::vector<float> whole(static_cast<std::size_t>(m * n)), entry(1);
  multiply<float>(row_major(a, m, k), row_major(b, k, n), Strided<float>(whole.data(), m, n, n), WriteMode::overwrite);
  for (Index i = 0; i < m; i += 5)
    for (Index j = 0; j < n; j += 7) {
      multiply<float>(Strided<const float>(a.data() + i * k, 1, k, k), Strided<const float>(b.data() + j, k, 1, n),
                      Strided<float>(entry.data(), 1, 1, 1), WriteMode::overwrite);
      REQUIRE(entry[0] == whole[static_cast<std::size_t>(i * n + j)]);
    }
}

TEST_CASE("product: the bits of a readout's row do not depend on the other rows", "[simd][product]") {
  const Index m = 11, n = 10, k = 1500;
  std::vector<float> a, b;
  for (Index i = 0; i < m * k; ++i) a.push_back(static_cast<float>(lmc::normal({.seed = 1}, static_cast<std::uint64_t>(i))));
  for (Index i = 0; i < k * n; ++i) b.push_back(static_cast<float>(lmc::normal({.seed = 2}, static_cast<std::uint64_t>(i))));
  std::vector<float> whole(static_cast<std::size_t>(m * n)), row(static_cast<std::size_t>(n));
  const auto weights = row_major(b, n, k).transposed();
  multiply<float>(row_major(a, m, k), weights, Strided<float>(whole.data(), m, n, n), WriteMode::overwrite);
  for (Index i = 0; i < m; ++i) {
    multiply<float>(Strided<const float>(a.data() + i * k, 1, k, k), weights, Strided<float>(row.data(), 1, n, n),
                    WriteMode::overwrite);
    REQUIRE(std::equal(row.begin(), row.end(), whole.begin() + i * n));
  }
}

TEST_CASE("product: NaN and infinity reach exactly the entries that use them", "[simd][product]") {
  std::vector<float> a(3 * 4, 1.0f), b(4 * 33, 1.0f), c(3 * 33);
  a[1 * 4 + 2] = std::numeric_limits<float>::quiet_NaN();
  b[3 * 33 + 32] = std::numeric_limits<float>::infinity();
  multiply<float>(row_major(a, 3, 4), row_major(b, 4, 33), Strided<float>(c.data(), 3, 33, 33), WriteMode::overwrite);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 33; ++j) {
      const float value = c[static_cast<std::size_t>(i * 33 + j)];
      CAPTURE(i, j, value);
      if (i == 1) CHECK(std::isnan(value));
      if (i != 1 && j == 32) CHECK(std::isinf(value));
      if (i != 1 && j != 32) CHECK(value == 4.0f);
    }
}

}  // namespace simd_product_test
