// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <type_traits>

#include <lmc/simd/detail/xsimd.hpp>

namespace lmc::simd {

namespace detail {

/// As transpose, by squares of 4 × 4 floats or 2 × 2 doubles, in the 16-byte registers that every instruction set has.
template <std::floating_point T>
void transpose_by_quads(const T* from, std::size_t from_stride, std::size_t rows, std::size_t cols, T* to,
                        std::size_t to_stride) {
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

#ifdef __AVX512F__
/// A square of 16 × 16: of four columns, quads of every fourth row go into the quarters of a register, so that no shuffle
/// crosses them. The masks select all entries: GCC 12 makes the same instructions of the intrinsics without one, and warns of
/// an undefined register in them.
inline void transpose_square(const float* from, std::size_t from_stride, float* to, std::size_t to_stride) {
#pragma GCC unroll 4
  for (std::size_t j = 0; j < 16; j += 4) {
    __m512 quads[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      const float* const at = from + i * from_stride + j;
      __m512 q = _mm512_castps128_ps512(_mm_loadu_ps(at));
      q = _mm512_insertf32x4(q, _mm_loadu_ps(at + 4 * from_stride), 1);
      q = _mm512_insertf32x4(q, _mm_loadu_ps(at + 8 * from_stride), 2);
      quads[i] = _mm512_insertf32x4(q, _mm_loadu_ps(at + 12 * from_stride), 3);
    }
    const __m512d low01 = _mm512_castps_pd(_mm512_maskz_unpacklo_ps(0xffff, quads[0], quads[1]));
    const __m512d high01 = _mm512_castps_pd(_mm512_maskz_unpackhi_ps(0xffff, quads[0], quads[1]));
    const __m512d low23 = _mm512_castps_pd(_mm512_maskz_unpacklo_ps(0xffff, quads[2], quads[3]));
    const __m512d high23 = _mm512_castps_pd(_mm512_maskz_unpackhi_ps(0xffff, quads[2], quads[3]));
    _mm512_storeu_ps(to + (j + 0) * to_stride, _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(0xff, low01, low23)));
    _mm512_storeu_ps(to + (j + 1) * to_stride, _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(0xff, low01, low23)));
    _mm512_storeu_ps(to + (j + 2) * to_stride, _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(0xff, high01, high23)));
    _mm512_storeu_ps(to + (j + 3) * to_stride, _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(0xff, high01, high23)));
  }
}
#endif

}  // namespace detail

/// to[j · to_stride + i] = from[i · from_stride + j] for i < rows, j < cols. The two must not overlap. Any alignment.
template <std::floating_point T>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t cols, T* to, std::size_t to_stride) {
#ifdef __AVX512F__
  if constexpr (std::is_same_v<T, float>) {
    constexpr std::size_t side = 16;
    const std::size_t square_rows = rows - rows % side, square_cols = cols - cols % side;
    for (std::size_t i = 0; i < square_rows; i += side)
      for (std::size_t j = 0; j < square_cols; j += side)
        detail::transpose_square(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
    detail::transpose_by_quads(from + square_cols, from_stride, square_rows, cols - square_cols, to + square_cols * to_stride,
                               to_stride);
    detail::transpose_by_quads(from + square_rows * from_stride, from_stride, rows - square_rows, cols, to + square_rows,
                               to_stride);
    return;
  }
#endif
  detail::transpose_by_quads(from, from_stride, rows, cols, to, to_stride);
}

}  // namespace lmc::simd
