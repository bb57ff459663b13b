// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/narrow_product.hpp>
#include <lmc/simd/transpose.hpp>

namespace lmc::simd {

namespace detail {

// The tile of C that stays in registers is tile_rows × tile_vectors vectors: as many accumulators as the register file holds
// beside the vectors of B and a broadcast entry of A; wide enough that loads (one per row, one per vector of B) stay below the
// arithmetic.
template <class T>
struct ProductTile {
  using Batch = xsimd::batch<T>;
  static constexpr Index lanes = static_cast<Index>(Batch::size);
  static constexpr bool many_registers = sizeof(Batch) == 64;  // AVX-512: 32 vector registers, else 16
  static constexpr Index rows = many_registers ? 12 : 6;
  static constexpr Index vectors = 2;
  static constexpr Index cols = vectors * lanes;
};

// Blocks of the summed dimension: constants, since they decide the bits. A panel of B, product_depth × ProductTile::cols, stays
// in a first-level cache; the columns of C that go through all blocks before the next do, about product_width where there are
// several blocks, in a second-level one.
inline constexpr Index product_depth = 256;
inline constexpr Index product_width = 768;
// Entries of A that are packed together, about, so that they stay in a second-level cache beside a panel of B; and the columns
// of B and the length of the sums from which on packing them pays. None of them decides the bits.
inline constexpr Index product_packed = 96 * 1024;
inline constexpr Index product_packing_cols = 96;
inline constexpr Index product_packing_depth = 24;

/// Whether rows of A are packed for C [m, n] and sums of k terms.
template <class T>
constexpr bool packs_rows(Index m, Index n, Index k) {
  return m > ProductTile<T>::rows && n >= product_packing_cols && k >= product_packing_depth;
}

/// C[Rows, cols] (+)= A B for one panel: a(r, k) at a[r * a_row + k * a_col], B as depth rows of ProductTile::cols entries,
/// b_row apart. Every entry of C is one chain of multiply-adds in the order of k, so that its bits do not depend on its place
/// in the tile.
template <class T, Index Rows, class RowStride, class ColStride, class Stride>
void product_tile(Index depth, const T* a, RowStride a_row, ColStride a_col, const T* b, Stride b_row, Strided<T> c,
                  WriteMode into) {
  using Tile = ProductTile<T>;
  using Batch = typename Tile::Batch;
  Batch sum[Rows][2];
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r) sum[r][0] = sum[r][1] = Batch(T(0));
  for (Index k = 0; k < depth; ++k) {
    const Batch b0 = Batch::load_unaligned(b), b1 = Batch::load_unaligned(b + Tile::lanes);
#pragma GCC unroll 16
    for (Index r = 0; r < Rows; ++r) {
      const Batch x(a[r * a_row]);
      sum[r][0] = multiply_add(x, b0, sum[r][0]);
      sum[r][1] = multiply_add(x, b1, sum[r][1]);
    }
    a += a_col;
    b += b_row;
  }
  if (c.cols == Tile::cols && c.col_stride == 1) {
#pragma GCC unroll 16
    for (Index r = 0; r < Rows; ++r) {
      T* const out = c.data + r * c.row_stride;
      if (into == WriteMode::add) {
        sum[r][0] += Batch::load_unaligned(out);
        sum[r][1] += Batch::load_unaligned(out + Tile::lanes);
      }
      sum[r][0].store_unaligned(out);
      sum[r][1].store_unaligned(out + Tile::lanes);
    }
    return;
  }
  alignas(64) T edge[Rows * Tile::cols];
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r) {
    sum[r][0].store_aligned(edge + r * Tile::cols);
    sum[r][1].store_aligned(edge + r * Tile::cols + Tile::lanes);
  }
  for (Index r = 0; r < Rows; ++r)
    for (Index j = 0; j < c.cols; ++j) {
      T& out = c.data[r * c.row_stride + j * c.col_stride];
      const T value = edge[r * Tile::cols + j];
      out = into == WriteMode::add ? out + value : value;
    }
}

/// packed[k, j] = b(k, j) for depth × cols entries; zeros beyond, up to ProductTile::cols.
template <class T>
void pack_panel(Strided<const T> b, T* packed) {
  using Batch = typename ProductTile<T>::Batch;
  constexpr Index width = ProductTile<T>::cols, lanes = ProductTile<T>::lanes;
  if (b.cols < width) std::fill_n(packed, b.rows * width, T(0));
  if (b.col_stride == 1 && b.cols == width) {
    for (Index k = 0; k < b.rows; ++k)
      for (Index j = 0; j < width; j += lanes)
        Batch::load_unaligned(b.data + k * b.row_stride + j).store_aligned(packed + k * width + j);
  } else if (b.col_stride == 1) {
    for (Index k = 0; k < b.rows; ++k) std::copy_n(b.data + k * b.row_stride, b.cols, packed + k * width);
  } else if (b.row_stride == 1) {
    const auto size = [](Index n) { return static_cast<std::size_t>(n); };
    transpose(b.data, size(b.col_stride), size(b.cols), size(b.rows), packed, size(width));
  } else {
    for (Index k = 0; k < b.rows; ++k)
      for (Index j = 0; j < b.cols; ++j) packed[k * width + j] = b.data[k * b.row_stride + j * b.col_stride];
  }
}

/// Calls body(i, Rows) for strips of rows that cover `rows` of them, from row i on, as high as a tile or, at the end, lower.
template <class T, class Body>
void for_each_strip(Index rows, Body body) {
  Index i = 0;
  const auto run = [&]<Index Rows>(std::integral_constant<Index, Rows> strip) {
    for (; i + Rows <= rows; i += Rows) body(i, strip);
  };
  run(std::integral_constant<Index, ProductTile<T>::rows>{});
  if constexpr (ProductTile<T>::rows > 8) {
    run(std::integral_constant<Index, 10>{});  // ten classes
    run(std::integral_constant<Index, 8>{});
  }
  run(std::integral_constant<Index, 4>{});
  run(std::integral_constant<Index, 2>{});
  run(std::integral_constant<Index, 1>{});
}

/// A strip by strip, each column by column: entry (i + r, k) at packed[i * a.cols + k * Rows + r].
template <class T>
void pack_strips(Strided<const T> a, T* packed) {
  for_each_strip<T>(a.rows, [&]<Index Rows>(Index i, std::integral_constant<Index, Rows>) {
    const T* const from = a.data + i * a.row_stride;
    T* const to = packed + i * a.cols;
    if (a.col_stride == 1 && Rows % 4 == 0) {
      transpose(from, static_cast<std::size_t>(a.row_stride), static_cast<std::size_t>(Rows), static_cast<std::size_t>(a.cols),
                to, static_cast<std::size_t>(Rows));
    } else {
      for (Index k = 0; k < a.cols; ++k)
        for (Index r = 0; r < Rows; ++r) to[k * Rows + r] = from[r * a.row_stride + k * a.col_stride];
    }
  });
}

/// C (+)= A B for one panel of B, its rows panel_row apart, and all rows of A; strips: A packed by pack_strips, or null.
template <class T, class Stride>
void product_rows(Strided<const T> a, const T* strips, const T* panel, Stride panel_row, Strided<T> c, WriteMode into) {
  for_each_strip<T>(a.rows, [&]<Index Rows>(Index i, std::integral_constant<Index, Rows> strip) {
    const Strided<T> result(c.data + i * c.row_stride, Rows, c.cols, c.row_stride, c.col_stride);
    if (strips != nullptr)
      product_tile<T, Rows>(a.cols, strips + i * a.cols, std::integral_constant<Index, 1>{}, strip, panel, panel_row, result,
                            into);
    else
      product_tile<T, Rows>(a.cols, a.data + i * a.row_stride, a.row_stride, a.col_stride, panel, panel_row, result, into);
  });
}

}  // namespace detail

/// The workspace of product() in scalars, for C [m, n] and sums of k terms; never smaller for larger ones.
template <std::floating_point T>
Index product_workspace(Index m, Index n, Index k) {
  using Tile = detail::ProductTile<T>;
  const Index block = std::min(k, detail::product_depth);
  const Index panel = block * Tile::cols;
  if (!detail::packs_rows<T>(m, n, k)) return panel + padded<T>(1);
  return panel + std::min(m * block, detail::product_packed + (Tile::rows + 1) * block) + padded<T>(1);
}

/// C = A B, or C += A B; A [m, k], B [k, n], C [m, n], any strides: `a.transposed()` costs nothing but the packing.
///
/// Where the library multiplies two dense matrices, it does so here; batches with a common background (SparseBatch), sums of
/// products at single positions (sum_of_products) and the direct convolution have loops of their own. Every entry of C sums k in
/// order inside blocks of at most 256, and the blocks in order (a narrow_product, for a few columns of B, sums in lanes); so its
/// bits depend on its own row of A and column of B and on the number of columns of B alone: not on threads, caches, or what else
/// is in the batch.
/// (Eigen's product takes its blocks from the detected caches, and its order of summation from the place in the tile.) Serial.
/// workspace: product_workspace(m, n, k), of no meaning before or after. C must not overlap A or B; shapes are asserted. Compute
/// bound: 2mnk operations; benchmarks/product.cpp compares it with Eigen's product and with the measured peak.
template <std::floating_point T>
void product(Strided<const T> a, Strided<const T> b, Strided<T> c, WriteMode into, std::span<T> workspace) {
  using Tile = detail::ProductTile<T>;
  const Index depth = a.cols;
  assert(b.rows == depth && c.rows == a.rows && c.cols == b.cols);
  if (c.rows == 0 || c.cols == 0) return;
  if (detail::narrow_product_fits(a, b)) return detail::narrow_product(a, b, c, into);
  const Index blocks = std::max<Index>(1, (depth + detail::product_depth - 1) / detail::product_depth);
  const Index block = (depth + blocks - 1) / blocks;
  // Rows that are packed together: equal shares, of whole tiles.
  const bool packs_rows = detail::packs_rows<T>(a.rows, b.cols, depth);
  const Index shares = packs_rows ? (a.rows * block + detail::product_packed - 1) / detail::product_packed : 1;
  const Index height = ((a.rows + shares - 1) / shares + Tile::rows - 1) / Tile::rows * Tile::rows;
  assert(static_cast<Index>(workspace.size()) >= product_workspace<T>(a.rows, b.cols, depth));
  T* const packed = from_cache_line(workspace).data();
  T* const strip_memory = packed + block * Tile::cols;
  // Columns that go through all blocks together: equal shares, of whole tiles.
  const Index parts = blocks > 1 ? (b.cols + detail::product_width - 1) / detail::product_width : 1;
  const Index most = ((b.cols + parts - 1) / parts + Tile::cols - 1) / Tile::cols * Tile::cols;
  for (Index j0 = 0; j0 < b.cols; j0 += most) {
    const Index width = std::min(most, b.cols - j0);
    for (Index k0 = 0; k0 == 0 || k0 < depth; k0 += block) {
      const Index rows = std::min(block, depth - k0);
      const WriteMode how = k0 == 0 ? into : WriteMode::add;
      for (Index i0 = 0; i0 < a.rows; i0 += height) {
        const Strided<const T> a_block(a.data + i0 * a.row_stride + k0 * a.col_stride, std::min(height, a.rows - i0), rows,
                                       a.row_stride, a.col_stride);
        if (packs_rows) detail::pack_strips(a_block, strip_memory);
        const T* const strips = packs_rows ? strip_memory : nullptr;
        for (Index j = 0; j < width; j += Tile::cols) {
          const Strided<const T> panel(b.data + k0 * b.row_stride + (j0 + j) * b.col_stride, rows,
                                       std::min(Tile::cols, width - j), b.row_stride, b.col_stride);
          const Strided<T> result(c.data + i0 * c.row_stride + (j0 + j) * c.col_stride, a_block.rows, panel.cols, c.row_stride,
                                  c.col_stride);
          // A panel that is used once is used where it lies.
          if (a.rows <= Tile::rows && b.col_stride == 1 && panel.cols == Tile::cols) {
            detail::product_rows<T>(a_block, strips, panel.data, b.row_stride, result, how);
          } else {
            detail::pack_panel(panel, packed);
            detail::product_rows<T>(a_block, strips, packed, std::integral_constant<Index, Tile::cols>{}, result, how);
          }
        }
      }
    }
  }
}

}  // namespace lmc::simd
