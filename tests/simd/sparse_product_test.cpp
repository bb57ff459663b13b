// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/random.hpp>
#include <lmc/layers/detail/affine.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/sparse_limits.hpp>
#include <lmc/simd/sparse_product.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace simd_sparse_product_test {

namespace {

using Catch::Matchers::WithinAbs;
using lmc::Index;

// Multiples of 1/64 below 1: every sum here is exact in float.
template <class T>
T value(std::uint64_t seed, std::size_t i) {
  return static_cast<T>(static_cast<int>(lmc::random_bits({.seed = seed}, i)[0] % 127) - 63) / T(64);
}

// Rows with a common background, of which a share of entries differ.
template <class T>
struct Batch {
  Index rows, in, units;
  std::vector<T> x, weight, bias, dy;

  Batch(Index rows_, Index in_, Index units_, double share) : rows(rows_), in(in_), units(units_) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows * in); ++i) {
      const std::size_t j = i % static_cast<std::size_t>(in);
      const bool differs = lmc::uniform({.seed = 9}, i) < share;
      x.push_back(j % 3 == 0 && !differs ? T(0) : value<T>(differs ? 2 : 1, differs ? i : j));
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(units * in); ++i) weight.push_back(value<T>(3, i));
    for (std::size_t i = 0; i < static_cast<std::size_t>(units); ++i) bias.push_back(value<T>(4, i));
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows * units); ++i) dy.push_back(value<T>(5, i));
  }
  auto x_view() const { return lmc::matrix_view<const T>(x, rows, in); }
  auto weight_view() const { return lmc::matrix_view<const T>(weight, units, in); }
  auto dy_view() const { return lmc::matrix_view<const T>(dy, rows, units); }
  T at(const std::vector<T>& v, Index cols, Index i, Index j) const { return v[static_cast<std::size_t>(i * cols + j)]; }
};

// The workspace for a batch, of just the size that is asked for, and what is behind it.
template <class T>
struct Workspace {
  std::vector<T> values;
  explicit Workspace(const Batch<T>& b)
      : values(static_cast<std::size_t>(lmc::simd::SparseBatch<T>::workspace_size(b.rows, b.in, b.units)) + 1, T(-99)) {}
  ~Workspace() { CHECK(values.back() == -99); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  std::span<T> span() { return std::span(values).first(values.size() - 1); }
};

}  // namespace

TEMPLATE_TEST_CASE("SparseBatch: gives what a loop gives, for any number of rows, inputs and units", "[simd]", float, double) {
  const auto [rows, in, units] = GENERATE(
      table<Index, Index, Index>({{16, 64, 32}, {17, 65, 33}, {128, 784, 64}, {20, 130, 100}, {33, 257, 192}, {16, 127, 65}}));
  CAPTURE(rows, in, units);
  const Batch<TestType> b(rows, in, units, 0.15);
  Workspace<TestType> workspace(b);
  lmc::simd::SparseBatch<TestType> sparse(workspace.span());

  std::vector<TestType> y(static_cast<std::size_t>(rows * units) + 1, TestType(-99));
  REQUIRE(sparse.affine(b.x_view(), b.weight_view(), b.bias, lmc::matrix_view(std::span(y), rows, units)));
  for (Index n = 0; n < rows; ++n)
    for (Index u = 0; u < units; ++u) {
      double sum = static_cast<double>(b.bias[static_cast<std::size_t>(u)]);
      for (Index j = 0; j < in; ++j) sum += static_cast<double>(b.at(b.x, in, n, j) * b.at(b.weight, in, u, j));
      REQUIRE(static_cast<double>(b.at(y, units, n, u)) == sum);
    }
  CHECK(y.back() == -99);

  // Gradients are added to what is there; that of the weights may also replace it.
  const lmc::WriteMode weights = GENERATE(lmc::WriteMode::add, lmc::WriteMode::overwrite);
  const TestType before = weights == lmc::WriteMode::add ? TestType(2) : std::numeric_limits<TestType>::quiet_NaN();
  std::vector<TestType> dw(static_cast<std::size_t>(units * in) + 1, before), db(static_cast<std::size_t>(units), TestType(3));
  dw.back() = 2;
  REQUIRE(sparse.affine_backward(b.x_view(), b.dy_view(), lmc::matrix_view(std::span(dw), units, in), db, weights));
  for (Index u = 0; u < units; ++u) {
    double bias = 3;
    for (Index n = 0; n < rows; ++n) bias += static_cast<double>(b.at(b.dy, units, n, u));
    REQUIRE(static_cast<double>(db[static_cast<std::size_t>(u)]) == bias);
    for (Index j = 0; j < in; ++j) {
      double sum = weights == lmc::WriteMode::add ? 2 : 0;
      for (Index n = 0; n < rows; ++n) sum += static_cast<double>(b.at(b.dy, units, n, u) * b.at(b.x, in, n, j));
      REQUIRE(static_cast<double>(b.at(dw, in, u, j)) == sum);
    }
  }
  CHECK(dw.back() == 2);
}

TEMPLATE_TEST_CASE("SparseBatch: with zeros as the background, it has the bits of the dense product", "[simd][long]", float,
                   double) {
  using T = TestType;
  // One block of the summed dimension and several, in both passes; rows and units that do not come in pairs and whole vectors.
  const auto [rows, in, units] = GENERATE(table<Index, Index, Index>(
      {{16, 64, 32}, {128, 512, 512}, {17, 257, 33}, {300, 70, 65}, {33, 784, 100}, {513, 300, 40}}));
  const double share = GENERATE(0.0, 0.02, 0.5);
  CAPTURE(rows, in, units, share);
  const auto number = [](std::uint64_t seed, std::size_t i) { return static_cast<T>(lmc::uniform({.seed = seed}, i) - 0.4); };
  Batch<T> b(rows, in, units, 0);
  for (std::size_t i = 0; i < b.x.size(); ++i) b.x[i] = lmc::uniform({.seed = 1}, i) < share ? number(2, i) : T(0);
  for (std::size_t i = 0; i < b.weight.size(); ++i) b.weight[i] = number(3, i);
  for (std::size_t i = 0; i < b.bias.size(); ++i) b.bias[i] = number(4, i);
  for (std::size_t i = 0; i < b.dy.size(); ++i) b.dy[i] = number(5, i);
  Workspace<T> workspace(b);
  lmc::simd::SparseBatch<T> sparse(workspace.span());
  std::vector<T> dense_workspace(static_cast<std::size_t>(lmc::detail::affine_workspace<T>(rows, in, units)));
  const auto zeros = [](Index size) { return std::vector<T>(static_cast<std::size_t>(size)); };

  std::vector<T> y = zeros(rows * units), expected = y;
  REQUIRE(sparse.affine(b.x_view(), b.weight_view(), b.bias, lmc::matrix_view(std::span(y), rows, units)));
  const auto expected_view = lmc::matrix_view(std::span(expected), rows, units);
  lmc::simd::product<T>(b.x_view(), lmc::Strided<const T>(b.weight_view()).transposed(), expected_view,
                        lmc::WriteMode::overwrite, dense_workspace);
  lmc::simd::add_to_rows<T>(b.bias, expected_view);
  const auto same_bits = [](const std::vector<T>& p, const std::vector<T>& q) {
    return std::ranges::equal(std::as_bytes(std::span(p)), std::as_bytes(std::span(q)));
  };
  CHECK(same_bits(y, expected));

  const lmc::WriteMode mode = GENERATE(lmc::WriteMode::add, lmc::WriteMode::overwrite);
  std::vector<T> dw(b.weight), db(b.bias), dw_expected(b.weight), db_expected(b.bias);
  REQUIRE(sparse.affine_backward(b.x_view(), b.dy_view(), lmc::matrix_view(std::span(dw), units, in), db, mode));
  lmc::simd::product<T>(lmc::Strided<const T>(b.dy_view()).transposed(), b.x_view(),
                        lmc::matrix_view(std::span(dw_expected), units, in), mode, dense_workspace);
  lmc::simd::add_column_sums<T>(b.dy_view(), db_expected);
  CHECK(same_bits(dw, dw_expected));
  CHECK(same_bits(db, db_expected));
}

TEST_CASE("SparseBatch: the machine's limits hold where the background is zero, and only there", "[simd]") {
  Batch<float> b(32, 100, 64, 0);
  for (std::size_t i = 0; i < b.x.size(); ++i) b.x[i] = (i + i / 100) % 5 == 0 ? value<float>(2, i) + 2 : 0.0F;
  std::vector<float> memory(static_cast<std::size_t>(lmc::simd::SparseBatch<float>::workspace_size(32, 100, 64)));
  std::vector<float> y(32 * 64), dw(64 * 100), db(64);
  const auto taken = [&](lmc::simd::SparseLimits (*limits)()) {
    lmc::simd::SparseBatch<float> sparse(memory, limits);
    return std::pair(
        sparse.affine(b.x_view(), b.weight_view(), b.bias, lmc::matrix_view(std::span(y), 32, 64)),
        sparse.affine_backward(b.x_view(), b.dy_view(), lmc::matrix_view(std::span(dw), 64, 100), db, lmc::WriteMode::add));
  };
  const auto low_high = [] { return lmc::simd::SparseLimits{.forward = 0.1, .backward = 0.3}; };
  const auto high_low = [] { return lmc::simd::SparseLimits{.forward = 0.3, .backward = 0.1}; };
  CHECK(taken(low_high) == std::pair(false, true));
  CHECK(taken(high_low) == std::pair(true, false));
  for (float& x : b.x)
    if (x == 0) x = 1;
  CHECK(taken(low_high) == std::pair(true, true));
}

TEST_CASE("measured_sparse_limits: shares of entries, measured once", "[simd]") {
  const lmc::simd::SparseLimits limits = lmc::simd::measured_sparse_limits<float>();
  for (const double limit : {limits.forward, limits.backward}) {
    CHECK(limit >= 0);
    CHECK(limit <= 2.0 / 3);
  }
  CHECK(lmc::simd::measured_sparse_limits<float>().forward == limits.forward);
}

namespace {

// Whether both products are taken; where they are not, nothing is written.
bool fits(const Batch<float>& b) {
  Workspace<float> workspace(b);
  lmc::simd::SparseBatch<float> sparse(workspace.span());
  const auto count = [](Index n) { return static_cast<std::size_t>(n); };
  std::vector<float> y(count(b.rows * b.units), 7), dw(count(b.units * b.in), 7), db(count(b.units), 7);
  const bool forward = sparse.affine(b.x_view(), b.weight_view(), b.bias, lmc::matrix_view(std::span(y), b.rows, b.units));
  const bool backward =
      sparse.affine_backward(b.x_view(), b.dy_view(), lmc::matrix_view(std::span(dw), b.units, b.in), db, lmc::WriteMode::add);
  CHECK(forward == backward);
  if (!forward)
    for (const auto* written : {&y, &dw, &db}) CHECK(*written == std::vector<float>(written->size(), 7));
  return forward;
}

}  // namespace

TEST_CASE("SparseBatch: does not take what is dense, small or narrow", "[simd]") {
  const auto taken = [](Index rows, Index in, Index units, double share) { return fits(Batch<float>(rows, in, units, share)); };
  CHECK(taken(128, 784, 512, 0.19));
  CHECK(taken(128, 784, 512, 0));
  CHECK(taken(128, 784, 512, 0.5));
  CHECK_FALSE(taken(128, 784, 512, 0.75));
  CHECK_FALSE(taken(128, 784, 512, 1));
  CHECK_FALSE(taken(8, 784, 512, 0.1));
  CHECK_FALSE(taken(128, 32, 512, 0.1));
  CHECK_FALSE(taken(128, 784, 10, 0.1));
}

TEST_CASE("SparseBatch: dense rows are found although the sampled ones are sparse", "[simd]") {
  Batch<float> b(128, 784, 64, 0.05);
  for (Index n = 0; n < 128; ++n)
    if (n % 16 > 2)
      for (Index j = 0; j < 784; ++j)
        b.x[static_cast<std::size_t>(n * 784 + j)] = value<float>(7, static_cast<std::size_t>(n * 784 + j));
  CHECK_FALSE(fits(b));
}

TEST_CASE("SparseBatch: the background is what most of the first rows agree upon", "[simd]") {
  Batch<float> b(128, 784, 32, 0.05);
  for (std::size_t i = 0; i < 4 * 784; ++i) b.x[i] = value<float>(11, i % 784);
  CHECK(fits(b));
}

TEST_CASE("SparseBatch: a value that is large beside the others is no background", "[simd]") {
  Batch<float> b(64, 100, 32, 0);
  // In column 7, a million twice, and small numbers that have nothing in common.
  for (std::size_t n = 0; n < 64; ++n) b.x[n * 100 + 7] = n == 2 || n == 5 ? 1e6F : value<float>(12, n) / 1024;
  for (std::size_t u = 0; u < 32; ++u) b.weight[u * 100 + 7] = 1;
  Workspace<float> workspace(b);
  lmc::simd::SparseBatch<float> sparse(workspace.span());
  std::vector<float> y(64 * 32);
  REQUIRE(sparse.affine(b.x_view(), b.weight_view(), b.bias, lmc::matrix_view(std::span(y), 64, 32)));
  double expected = static_cast<double>(b.bias[0]);
  for (std::size_t j = 0; j < 100; ++j) expected += static_cast<double>(b.x[j]) * static_cast<double>(b.weight[j]);
  // Sums of 101 terms below 1, in float and in another order.
  CHECK_THAT(static_cast<double>(y[0]), WithinAbs(expected, 1e-5));
}

TEST_CASE("SparseBatch: NaN and infinity reach what depends on them, and nothing else", "[simd]") {
  Batch<float> b(32, 100, 32, 0.1);
  const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity());
  b.x[5 * 100 + 99] = bad;
  Workspace<float> workspace(b);
  lmc::simd::SparseBatch<float> sparse(workspace.span());
  std::vector<float> y(32 * 32);
  REQUIRE(sparse.affine(b.x_view(), b.weight_view(), b.bias, lmc::matrix_view(std::span(y), 32, 32)));
  for (std::size_t n = 0; n < 32; ++n)
    for (std::size_t u = 0; u < 32; ++u)
      REQUIRE((std::isfinite(y[n * 32 + u]) || b.weight[u * 100 + 99] == 0) == (n != 5 || b.weight[u * 100 + 99] == 0));
  // A value that is not finite does not count as the background.
  for (std::size_t n = 0; n < 12; ++n) b.x[n * 100 + 7] = bad;
  REQUIRE(sparse.affine(b.x_view(), b.weight_view(), b.bias, lmc::matrix_view(std::span(y), 32, 32)));
  CHECK(std::isfinite(y[20 * 32 + 3]));
  CHECK_FALSE(std::isfinite(y[1 * 32 + 3]));
}

}  // namespace simd_sparse_product_test
