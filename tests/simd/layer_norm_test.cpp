// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <lmc/simd/layer_norm.hpp>

#include "simd/arrays.hpp"

namespace simd_layer_norm_test {

using Catch::Matchers::WithinRel;
using lmc::Index;
using testing::dyadic;
using testing::nearly_matches;
using testing::Placed;

namespace {

constexpr double epsilon = 1e-5;

// Scalar references, in a wider type; every row has its own offset, so that no two are alike.
double input(std::size_t i, std::size_t cols) {
  const std::size_t row = i / cols;
  return dyadic(i) + static_cast<double>(row);
}
struct Row {
  long double mean = 0, inverse = 0;
  Row(std::size_t row, std::size_t cols) {
    long double variance = 0;
    for (std::size_t j = 0; j < cols; ++j) mean += input(row * cols + j, cols) / static_cast<long double>(cols);
    for (std::size_t j = 0; j < cols; ++j)
      variance += std::pow(input(row * cols + j, cols) - mean, 2) / static_cast<long double>(cols);
    inverse = 1 / std::sqrt(variance + epsilon);
  }
};

template <class T>
struct Arrays {
  std::size_t rows, cols;
  Placed<T> x, dy, scale, bias, y, dx, mean, inverse, dscale, dbias;
  Arrays(std::size_t rows_, std::size_t cols_, std::size_t offset)
      : rows(rows_),
        cols(cols_),
        x(rows * cols, offset, [this](std::size_t i) { return input(i, cols); }),
        dy(rows * cols, offset / 2, [](std::size_t i) { return dyadic(i + 100); }),
        scale(cols, 1, [](std::size_t j) { return 1 + dyadic(j) / 8; }),
        bias(cols, 2, [](std::size_t j) { return dyadic(j + 7); }),
        y(rows * cols, offset),
        dx(rows * cols, offset),
        mean(rows, 0),
        inverse(rows, 1),
        dscale(cols, 1, [](std::size_t j) { return dyadic(j); }),
        dbias(cols, 1, [](std::size_t j) { return dyadic(j); }) {}
  template <class Array>
  auto matrix(Array values) const {
    return lmc::matrix_view(values, static_cast<Index>(rows), static_cast<Index>(cols));
  }
  void run() {
    lmc::simd::layer_norm<T>(matrix(x.view()), scale.view(), bias.view(), epsilon, matrix(y.span()),
                             {mean.span(), inverse.span()});
    lmc::simd::layer_norm_backward<T>(matrix(x.view()), matrix(dy.view()), scale.view(), {mean.view(), inverse.view()},
                                      matrix(dx.span()), dscale.span(), dbias.span());
  }
};

}  // namespace

TEMPLATE_TEST_CASE("layer_norm: normalizes every row, at every width", "[simd]", float, double) {
  using T = TestType;
  constexpr std::size_t lanes = xsimd::batch<T>::size;
  for (std::size_t cols = 2; cols <= 9 * lanes + 1; cols += cols < 4 * lanes ? 1 : 3)
    for (const std::size_t rows : {1U, 3U, 70U}) {  // two blocks of 32 rows and a rest
      if (rows == 70 && cols % 5 != 0) continue;
      CAPTURE(rows, cols);
      Arrays<T> a(rows, cols, cols % lanes);
      a.run();
      const auto normal = [&](std::size_t i) {
        const Row row(i / cols, cols);
        return (input(i, cols) - row.mean) * row.inverse;
      };
      const auto g = [&](std::size_t i) { return dyadic(i + 100) * (1 + static_cast<long double>(dyadic(i % cols)) / 8); };
      // Rows are up to 70 away from 0 with deviations of order 1: x − μ is off by some 70 ε, the rest by less.
      CHECK(nearly_matches(a.y.view(), 300, 1, [&](std::size_t i) {
        return normal(i) * (1 + static_cast<long double>(dyadic(i % cols)) / 8) + dyadic(i % cols + 7);
      }));
      CHECK(a.y.surroundings_intact());
      std::vector<long double> mean_of_g(rows), mean_of_products(rows), of_products(cols), of_dy(cols);
      for (std::size_t i = 0; i < rows * cols; ++i) {
        mean_of_g[i / cols] += g(i) / static_cast<long double>(cols);
        mean_of_products[i / cols] += g(i) * normal(i) / static_cast<long double>(cols);
        of_products[i % cols] += dyadic(i + 100) * normal(i);
        of_dy[i % cols] += dyadic(i + 100);
      }
      CHECK(nearly_matches(a.dx.view(), 3000, 1, [&](std::size_t i) {
        const std::size_t row = i / cols;
        return Row(row, cols).inverse * (g(i) - mean_of_g[row] - normal(i) * mean_of_products[row]);
      }));
      CHECK(a.dx.surroundings_intact());
      CHECK(nearly_matches(a.dscale.view(), 300, static_cast<long double>(rows),
                           [&](std::size_t j) { return dyadic(j) + of_products[j]; }));
      CHECK(nearly_matches(a.dbias.view(), 10, static_cast<long double>(rows),
                           [&](std::size_t j) { return dyadic(j) + of_dy[j]; }));
      CHECK(a.dscale.surroundings_intact());
      CHECK(a.dbias.surroundings_intact());
    }
}

TEMPLATE_TEST_CASE("layer_norm: a row's bits do not depend on its place", "[simd]", float, double) {
  using T = TestType;
  const std::size_t cols = GENERATE(5U, 37U);
  Arrays<T> together(40, cols, 3);
  for (std::size_t i = cols; i < 40 * cols; ++i) {  // all rows as the first
    together.x[i] = together.x[i % cols];
    together.dy[i] = together.dy[i % cols];
  }
  together.run();
  Arrays<T> alone(1, cols, 0);
  alone.run();
  CHECK(testing::matches(together.y.view(), [&](std::size_t i) { return alone.y[i % cols]; }));
  CHECK(testing::matches(together.dx.view(), [&](std::size_t i) { return alone.dx[i % cols]; }));
}

TEMPLATE_TEST_CASE("layer_norm: a large mean takes nothing from the variance", "[simd]", float, double) {
  using T = TestType;
  Arrays<T> a(1, 4, 0);
  const T large = T(1) / std::numeric_limits<T>::epsilon() / 64;
  for (std::size_t j = 0; j < 4; ++j) a.x[j] = large + static_cast<T>(j % 2);  // exact
  a.run();
  // Mean and variance are exact; the rest is a sum, a root and a quotient, rounded.
  CHECK_THAT(static_cast<double>(a.inverse[0]),
             WithinRel(1 / std::sqrt(0.25 + epsilon), 3.0 * std::numeric_limits<T>::epsilon()));
}

TEMPLATE_TEST_CASE("layer_norm: y may be x, dx may be dy, and dx may be left out", "[simd]", float, double) {
  using T = TestType;
  Arrays<T> a(40, 19, 1), b(40, 19, 1);
  a.run();
  const auto in = b.matrix(b.x.view());
  lmc::simd::layer_norm<T>(in, b.scale.view(), b.bias.view(), epsilon, b.matrix(b.y.span()), {b.mean.span(), b.inverse.span()});
  lmc::simd::layer_norm_backward<T>(in, b.matrix(b.dy.view()), b.scale.view(), {b.mean.view(), b.inverse.view()},
                                    lmc::MatrixView<T>(nullptr, 0, 0), b.dscale.span(), b.dbias.span());
  CHECK(testing::matches(b.dscale.view(), [&](std::size_t j) { return a.dscale[j]; }));
  lmc::simd::layer_norm_backward<T>(in, b.matrix(b.dy.view()), b.scale.view(), {b.mean.view(), b.inverse.view()},
                                    b.matrix(b.dy.span()), b.dscale.span(), b.dbias.span());
  CHECK(testing::matches(b.dy.view(), [&](std::size_t i) { return a.dx[i]; }));
  lmc::simd::layer_norm<T>(in, b.scale.view(), b.bias.view(), epsilon, b.matrix(b.x.span()), {b.mean.span(), b.inverse.span()});
  CHECK(testing::matches(b.x.view(), [&](std::size_t i) { return a.y[i]; }));
}

}  // namespace simd_layer_norm_test
