// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd::detail {

/// Lists the entries j of a row that differ from what background(part, j) gives, in order: positions first + j and, unless
/// values is null, differences. Returns how many; up to a register's entries behind them are overwritten.
template <std::floating_point T, class Background>
std::size_t list_differences(const T* row, Background background, std::size_t n, std::size_t first, std::uint16_t* positions,
                             std::type_identity_t<T>* values) {
  std::size_t count = 0;
  for_each_row_vector<T>(n, [&](auto part, std::size_t j) {
    const auto x = part.load(row + j), s = background(part, j);
    // Not x != s: that of xsimd 8.1 for AVX-512 says that NaN is equal to everything.
    const std::uint64_t bits = ~bits_of<T>(x == s) & part.all();
#ifdef __AVX512F__
    // Compressed in registers: there is no branch to predict, and a compressing store takes more than a hundred cycles on
    // Zen 4. As in transpose.hpp, the constant masks are for GCC 12's warnings alone.
    const auto at = static_cast<int>(first + j);
    if constexpr (std::is_same_v<T, float>) {
      const auto mask = static_cast<__mmask16>(bits);
      const __m512i all =
          _mm512_add_epi32(_mm512_set1_epi32(at), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(positions + count),
                          _mm512_maskz_cvtepi32_epi16(0xffff, _mm512_maskz_compress_epi32(mask, all)));
      if (values != nullptr) _mm512_storeu_ps(values + count, _mm512_maskz_compress_ps(mask, x - s));
    } else {
      const auto mask = static_cast<__mmask8>(bits);
      const __m512i all = _mm512_add_epi64(_mm512_set1_epi64(at), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(positions + count),
                       _mm512_maskz_cvtepi64_epi16(0xff, _mm512_maskz_compress_epi64(mask, all)));
      if (values != nullptr) _mm512_storeu_pd(values + count, _mm512_maskz_compress_pd(mask, x - s));
    }
    count += static_cast<std::size_t>(std::popcount(bits));
#else
    if (bits == 0) return;
    alignas(64) T differences[xsimd::batch<T>::size];
    (x - s).store_aligned(differences);
    for (std::uint64_t rest = bits; rest != 0; rest &= rest - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(rest));
      if (values != nullptr) values[count] = differences[k];
      positions[count++] = static_cast<std::uint16_t>(first + j + k);
    }
#endif
  });
  return count;
}

/// The vectors of units that a pass of the sparse products computes.
inline constexpr std::size_t sparse_vectors = 4;
template <class T>
inline constexpr std::size_t sparse_units = sparse_vectors * xsimd::batch<T>::size;

/// The terms that are added to a row of the product, and where.
template <class T>
struct SparseSum {
  const std::uint16_t* rows;  // of the table, `count` of them
  std::size_t count;
  const T* start;  // what the terms are added to, sparse_units
  T* sums;         // what becomes of it; may be start
};

/// Each of the sums becomes its start and the rows of `table`, sparse_units wide, each times value(sum, p): one chain of
/// multiply-adds in the order of p. Two of them are computed side by side, since the vectors of one do not hide the latency of
/// a multiply-add where the processor begins two in a cycle.
template <std::size_t Sums, class T, class Value>
[[gnu::always_inline]] inline void add_rows(const std::array<SparseSum<T>, Sums>& to, Value value, const T* table) {
  using V = xsimd::batch<T>;
  constexpr std::size_t lanes = V::size;
  V sum[Sums][sparse_vectors];
  const auto add = [&](std::size_t s, std::size_t p) __attribute__((always_inline)) {
    const V v(value(s, p));
    const T* const from = table + to[s].rows[p] * sparse_units<T>;
#pragma GCC unroll 4
    for (std::size_t i = 0; i < sparse_vectors; ++i) sum[s][i] = multiply_add(v, V::load_aligned(from + i * lanes), sum[s][i]);
  };
#pragma GCC unroll 2
  for (std::size_t s = 0; s < Sums; ++s)
#pragma GCC unroll 4
    for (std::size_t i = 0; i < sparse_vectors; ++i) sum[s][i] = V::load_aligned(to[s].start + i * lanes);
  std::size_t together = 0;
  if constexpr (Sums == 2)
    for (; together < std::min(to[0].count, to[1].count); ++together) {
      add(0, together);
      add(1, together);
    }
#pragma GCC unroll 2
  for (std::size_t s = 0; s < Sums; ++s) {
    for (std::size_t p = together; p < to[s].count; ++p) add(s, p);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < sparse_vectors; ++i) sum[s][i].store_aligned(to[s].sums + i * lanes);
  }
}

}  // namespace lmc::simd::detail
