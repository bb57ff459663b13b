// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd::detail {

// Entries of the summed dimension that are gone through for all rows before the next: the columns of B there stay in a
// first-level cache. A constant, since it decides the bits.
inline constexpr Index narrow_depth = 1024;

/// C[Rows, Cols] (+)= A B for one block of the summed dimension, whose entries are adjacent in A's rows and in B's columns.
/// Every entry sums in the lanes of one register, which are added at the end.
template <class T, Index Rows, Index Cols>
void narrow_tile(Index depth, const T* a, Index a_row, const T* b, Index b_col, Strided<T> c, WriteMode into) {
  using Batch = xsimd::batch<T>;
  constexpr auto lanes = static_cast<Index>(Batch::size);
  Batch sum[Rows][Cols];
#pragma GCC unroll 8
  for (Index r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (Index j = 0; j < Cols; ++j) sum[r][j] = Batch(T(0));
  const auto add = [&](auto part, Index k) {
    Batch x[Rows];
#pragma GCC unroll 8
    for (Index r = 0; r < Rows; ++r) x[r] = part.load(a + r * a_row + k);
#pragma GCC unroll 8
    for (Index j = 0; j < Cols; ++j) {
      const Batch w = part.load(b + j * b_col + k);
#pragma GCC unroll 8
      for (Index r = 0; r < Rows; ++r) sum[r][j] = multiply_add(x[r], w, sum[r][j]);
    }
  };
  Index k = 0;
  for (; k + lanes <= depth; k += lanes) add(FullVector<T>{}, k);
  if (k < depth) add(MaskedVector<T>{static_cast<std::size_t>(depth - k)}, k);
#pragma GCC unroll 8
  for (Index r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (Index j = 0; j < Cols; ++j) {
      T& out = c.data[r * c.row_stride + j * c.col_stride];
      const T value = sum_of(sum[r][j]);
      out = into == WriteMode::add ? out + value : value;
    }
}

/// Whether narrow_product is the faster way to A B: few columns, long sums, entries of a sum adjacent in both. It does not
/// depend on the rows of A, which are the examples of a batch.
template <class T>
bool narrow_product_fits(const Strided<const T>& a, const Strided<const T>& b) {
  return b.cols <= 16 && a.cols >= 256 && a.col_stride == 1 && b.row_stride == 1;
}

/// C (+)= A B where narrow_product_fits: a readout. Nothing is packed; in the tiles of product(), most columns would be
/// padding.
template <std::floating_point T>
void narrow_product(Strided<const T> a, Strided<const T> b, Strided<T> c, WriteMode into) {
  constexpr Index rows = sizeof(xsimd::batch<T>) == 64 ? 4 : 2;  // rows · 5 sums stay in registers
  for (Index k = 0; k < a.cols; k += narrow_depth) {
    const Index depth = std::min(narrow_depth, a.cols - k);
    const WriteMode how = k == 0 ? into : WriteMode::add;
    Index i = 0;
    const auto go_down = [&]<Index Rows>(std::integral_constant<Index, Rows>) {
      for (; i + Rows <= a.rows; i += Rows) {
        Index j = 0;
        const auto go_right = [&]<Index Cols>(std::integral_constant<Index, Cols>) {
          for (; j + Cols <= b.cols; j += Cols)
            narrow_tile<T, Rows, Cols>(
                depth, a.data + i * a.row_stride + k, a.row_stride, b.data + j * b.col_stride + k, b.col_stride,
                Strided<T>(c.data + i * c.row_stride + j * c.col_stride, Rows, Cols, c.row_stride, c.col_stride), how);
        };
        go_right(std::integral_constant<Index, 5>{});
        go_right(std::integral_constant<Index, 2>{});
        go_right(std::integral_constant<Index, 1>{});
      }
    };
    go_down(std::integral_constant<Index, rows>{});
    go_down(std::integral_constant<Index, 1>{});
  }
}

}  // namespace lmc::simd::detail
