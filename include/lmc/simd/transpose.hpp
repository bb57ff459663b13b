// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <xsimd/xsimd.hpp>

namespace lmc {

/// to[j · to_stride + i] = from[i · from_stride + j] for i < rows, j < cols. The two must not overlap. Any alignment.
template <std::floating_point T>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t cols, T* to, std::size_t to_stride) {
  // Squares of 4 × 4 floats or 2 × 2 doubles, in the 16-byte registers that every instruction set has.
  using Quad = xsimd::make_sized_batch_t<T, 16 / sizeof(T)>;
  constexpr std::size_t side = Quad::size;
  const std::size_t square_rows = rows - rows % side, square_cols = cols - cols % side;
  for (std::size_t i = 0; i < square_rows; i += side)
    for (std::size_t j = 0; j < square_cols; j += side) {
      // Without the pragmas GCC 12 keeps these in memory, and is five times slower.
      Quad row[side], mixed[side];
#pragma GCC unroll 4
      for (std::size_t k = 0; k < side; ++k) row[k] = Quad::load_unaligned(from + (i + k) * from_stride + j);
        // A perfect shuffle of the entries moves one bit of the row's number into the column's: log₂ side of them transpose.
#pragma GCC unroll 2
      for (std::size_t bit = 0; bit < side / 2; ++bit) {
#pragma GCC unroll 4
        for (std::size_t k = 0; k < side / 2; ++k) {
          mixed[2 * k] = xsimd::zip_lo(row[k], row[k + side / 2]);
          mixed[2 * k + 1] = xsimd::zip_hi(row[k], row[k + side / 2]);
        }
#pragma GCC unroll 4
        for (std::size_t k = 0; k < side; ++k) row[k] = mixed[k];
      }
#pragma GCC unroll 4
      for (std::size_t k = 0; k < side; ++k) row[k].store_unaligned(to + (j + k) * to_stride + i);
    }
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = i < square_rows ? square_cols : 0; j < cols; ++j) to[j * to_stride + i] = from[i * from_stride + j];
}

}  // namespace lmc
