// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// One term of sum_of_products: where its factors begin.
template <class T>
struct ProductTerm {
  const T* a;
  const T* b;
};

/// What the terms of a sum_of_products have in common: A [m, depth] has entry (i, k) at a[i * a_row_stride + k * a_col_stride],
/// B [depth, n] entry (k, j) at b[k * b_row_stride + j].
struct ProductTerms {
  Index depth;
  Index a_row_stride, a_col_stride;
  Index b_row_stride;
};

namespace detail {

// A tile of Rows × Vectors vectors of C, of which the last is stored by Last. Every entry is one chain of multiply-adds in the
// order of the terms and of k in them, so that its bits do not depend on its place in the tile.
template <Index Rows, Index Vectors, class T, class Last>
void product_sum_tile(std::span<const ProductTerm<T>> terms, const ProductTerms& s, Index i, Index j, T* c, Index c_row_stride,
                      WriteMode into, Last last) {
  using Batch = xsimd::batch<T>;
  constexpr Index lanes = static_cast<Index>(Batch::size);
  Batch sum[Rows][Vectors];
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r)
    for (Index v = 0; v < Vectors; ++v) sum[r][v] = Batch(T(0));
  for (const ProductTerm<T>& term : terms) {
    const T* a = term.a + i * s.a_row_stride;
    const T* b = term.b + j;
    for (Index k = 0; k < s.depth; ++k) {
      Batch of_b[Vectors];
      if constexpr (Vectors == 2) of_b[0] = FullVector<T>::load(b);
      of_b[Vectors - 1] = last.load(b + (Vectors - 1) * lanes);
#pragma GCC unroll 16
      for (Index r = 0; r < Rows; ++r) {
        const Batch x(a[r * s.a_row_stride]);
        if constexpr (Vectors == 2) sum[r][0] = multiply_add(x, of_b[0], sum[r][0]);
        sum[r][Vectors - 1] = multiply_add(x, of_b[Vectors - 1], sum[r][Vectors - 1]);
      }
      a += s.a_col_stride;
      b += s.b_row_stride;
    }
  }
  const auto write = [into](auto part, T* to, Batch value) {
    if (into == WriteMode::add) value += part.load(to);
    part.store(to, value);
  };
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r) {
    T* const to = c + r * c_row_stride;
    if constexpr (Vectors == 2) write(FullVector<T>{}, to, sum[r][0]);
    write(last, to + (Vectors - 1) * lanes, sum[r][Vectors - 1]);
  }
}

}  // namespace detail

/// C = Σ_t A_t B_t, or C += Σ_t A_t B_t, for small factors that are in cache and need no packing: the rows of B and of C lie
/// contiguous (asserted of C); A may have any strides. Without terms, C = 0.
///
/// Every entry of C is one sum over the terms in order and over k in each; its bits depend on its own rows of A and columns of
/// B alone. C must not overlap the factors. Compute bound: 2mnk operations per term; benchmarks/locally_connected.cpp compares
/// it with product(), which copies B and knows one term.
template <std::floating_point T>
void sum_of_products(std::span<const ProductTerm<T>> terms, const ProductTerms& shape, Strided<T> c, WriteMode into) {
  using Tile = detail::ProductTile<T>;
  assert(c.col_stride == 1);
  const auto rows = [&]<Index Vectors>(std::integral_constant<Index, Vectors>, Index j, auto last) {
    Index i = 0;
    const auto run = [&]<Index Rows>(std::integral_constant<Index, Rows>) {
      for (; i + Rows <= c.rows; i += Rows)
        detail::product_sum_tile<Rows, Vectors>(terms, shape, i, j, c.data + i * c.row_stride + j, c.row_stride, into, last);
    };
    run(std::integral_constant<Index, Tile::rows>{});
    if constexpr (Tile::rows > 8) run(std::integral_constant<Index, 8>{});
    run(std::integral_constant<Index, 4>{});
    run(std::integral_constant<Index, 2>{});
    run(std::integral_constant<Index, 1>{});
  };
  constexpr std::integral_constant<Index, 1> one{};
  constexpr std::integral_constant<Index, 2> two{};
  for (Index j = 0; j < c.cols; j += Tile::cols) {
    const Index left = c.cols - j;
    if (left >= Tile::cols)
      rows(two, j, FullVector<T>{});
    else if (left == Tile::lanes)
      rows(one, j, FullVector<T>{});
    else if (left > Tile::lanes)
      rows(two, j, MaskedVector<T>{static_cast<std::size_t>(left - Tile::lanes)});
    else
      rows(one, j, MaskedVector<T>{static_cast<std::size_t>(left)});
  }
}

/// to(i, j) = from(i, j), for equal shapes and contiguous rows (asserted) that do not overlap. Memory bound.
template <std::floating_point T>
void copy_rows(Strided<const T> from, Strided<T> to) {
  assert(from.rows == to.rows && from.cols == to.cols && from.col_stride == 1 && to.col_stride == 1);
  for (Index i = 0; i < from.rows; ++i)
    for_each_row_vector<T>(static_cast<std::size_t>(from.cols),
                           [source = from.data + i * from.row_stride, target = to.data + i * to.row_stride](
                               auto part, std::size_t j) { part.store(target + j, part.load(source + j)); });
}

/// to(i, j) = from(i, j) and sums[j] += Σ_i from(i, j), i in order, for contiguous rows (asserted) that do not overlap. Memory
/// bound. Column by column: each row of a few scalars is in a page of its own, and waits for memory, not for the sums.
template <std::floating_point T>
void copy_rows_and_sum(Strided<const T> from, Strided<T> to, std::span<T> sums) {
  assert(from.rows == to.rows && from.cols == to.cols && from.col_stride == 1 && to.col_stride == 1);
  assert(static_cast<Index>(sums.size()) == from.cols);
  for_each_row_vector<T>(sums.size(), [&](auto part, std::size_t j) {
    xsimd::batch<T> sum(T(0));
    for (Index i = 0; i < from.rows; ++i) {
      const auto value = part.load(from.data + i * from.row_stride + j);
      part.store(to.data + i * to.row_stride + j, value);
      sum += value;
    }
    part.store(sums.data() + j, part.load(sums.data() + j) + sum);
  });
}

}  // namespace lmc::simd
