// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <span>
#include <type_traits>

#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/simd/detail/convolution_sweep.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

// Sums that stay in registers while ConvolutionDirect passes over an image.

namespace lmc::simd::detail {

// Tiles that stay in registers: positions (or entries of the filters) × vectors of channels, as many as there are registers
// beside the vectors of weights.
template <class T>
struct ConvolutionTile {
  static constexpr Index lanes = static_cast<Index>(xsimd::batch<T>::size);
  static constexpr bool many_registers = sizeof(xsimd::batch<T>) == 64;  // AVX-512: 32 vector registers, else 16
  static constexpr Index most_vectors = many_registers ? 4 : 2;
  static constexpr Index positions(Index vectors) { return many_registers ? (vectors == 4 ? 6 : 12) : (vectors == 2 ? 6 : 8); }
  static constexpr Index entries(Index vectors) { return many_registers ? (vectors == 4 ? 6 : 9) : (vectors == 2 ? 6 : 9); }
};

// Rows of packed weights that stay in a first-level cache while a tile passes over them, in bytes.
inline constexpr Index convolution_depth = 24 * 1024;

// Channels first, …, first + count − 1 in so many vectors, of which the last may be only partly used.
template <class T, Index Vectors, class LastLane>
struct ConvolutionChannels {
  static constexpr Index vectors = Vectors, width = Vectors * ConvolutionTile<T>::lanes;
  Index first, count;
  LastLane last_lane;
};

// Calls body(ConvolutionChannels) for blocks that cover all channels.
template <class T, class Body>
void for_each_channel_block(Index channels, Body body) {
  constexpr Index lanes = ConvolutionTile<T>::lanes;
  Index first = 0;
  const auto whole = [&]<Index Vectors>(std::integral_constant<Index, Vectors>) {
    constexpr Index width = Vectors * lanes;
    for (; channels - first >= width; first += width) body(ConvolutionChannels<T, Vectors, FullVector<T>>{first, width, {}});
  };
  if constexpr (ConvolutionTile<T>::most_vectors == 4) whole(std::integral_constant<Index, 4>{});
  whole(std::integral_constant<Index, 2>{});
  if (channels - first == lanes) whole(std::integral_constant<Index, 1>{});
  const Index left = channels - first;
  if (left > lanes)
    body(ConvolutionChannels<T, 2, MaskedVector<T>>{first, left, {static_cast<std::size_t>(left - lanes)}});
  else if (left > 0)
    body(ConvolutionChannels<T, 1, MaskedVector<T>>{first, left, {static_cast<std::size_t>(left)}});
}

// Row-major example arrays of several images, one after the other.
template <class T>
struct ConvolutionImages {
  T* data;
  Index size;  // entries of one array
};

// Sums of one part of the taps for Positions positions: every one of them, for each channel, is one chain of multiply-adds in
// the order of the taps, which begins with `start` or, without it, with what is in target. So its bits do not depend on its
// place in the tile.
template <class T, Index Positions, Index Vectors, class LastLane>
void convolution_tile(const std::array<const T*, Positions>& source, const std::array<T*, Positions>& target,
                      std::span<const ConvolutionTap> taps, const T* weights, const T* start, LastLane last_lane) {
  using Batch = xsimd::batch<T>;
  constexpr Index lanes = ConvolutionTile<T>::lanes, width = Vectors * lanes;
  Batch sum[Positions][Vectors];
#pragma GCC unroll 16
  for (std::size_t p = 0; p < Positions; ++p)
#pragma GCC unroll 4
    for (Index v = 0; v < Vectors; ++v)
      sum[p][v] = start != nullptr  ? Batch::load_unaligned(start + v * lanes)
                  : v + 1 < Vectors ? Batch::load_unaligned(target[p] + v * lanes)
                                    : last_lane.load(target[p] + v * lanes);
  std::array<const T*, Positions> x = source;
  for (const ConvolutionTap& tap : taps) {
    const T* w = weights + tap.weight * width;
    for (Index k = tap.source, end = k + tap.length; k < end; ++k, w += width) {
      Batch wv[Vectors];
#pragma GCC unroll 4
      for (Index v = 0; v < Vectors; ++v) wv[v] = Batch::load_unaligned(w + v * lanes);
#pragma GCC unroll 16
      for (std::size_t p = 0; p < Positions; ++p) {
        const Batch entry(x[p][k]);
#pragma GCC unroll 4
        for (Index v = 0; v < Vectors; ++v) sum[p][v] = multiply_add(entry, wv[v], sum[p][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (std::size_t p = 0; p < Positions; ++p)
#pragma GCC unroll 4
    for (Index v = 0; v < Vectors; ++v) {
      if (v + 1 < Vectors)
        sum[p][v].store_unaligned(target[p] + v * lanes);
      else
        last_lane.store(target[p] + v * lanes, sum[p][v]);
    }
}

// All positions of a sweep, tile by tile; where less than a tile is left, its last position is computed several times.
template <class T, Index Vectors, class LastLane>
void convolve(const ConvolutionSweep& sweep, Index count, ConvolutionImages<const T> source, ConvolutionImages<T> target,
              std::span<const ConvolutionTap> taps, const T* weights, const T* start, LastLane last_lane) {
  constexpr Index positions = ConvolutionTile<T>::positions(Vectors);
  const T* image_source = source.data + sweep.source;
  T* image_target = target.data + sweep.target;
  const T *row_source = image_source, *x = image_source;
  T *row_target = image_target, *y = image_target;
  Index row = 0, col = 0, left = count * sweep.rows * sweep.cols;
  const auto next = [&] {
    x += sweep.source_col;
    y += sweep.target_col;
    if (++col < sweep.cols) return;
    col = 0;
    x = row_source += sweep.source_row;
    y = row_target += sweep.target_row;
    if (++row < sweep.rows) return;
    row = 0;
    x = row_source = image_source += source.size;
    y = row_target = image_target += target.size;
  };
  while (left > 0) {
    std::array<const T*, positions> from;
    std::array<T*, positions> to;
    for (std::size_t p = 0; p < positions; ++p) {
      from[p] = x;
      to[p] = y;
      if (left-- > 1) next();
    }
    convolution_tile<T, positions, Vectors>(from, to, taps, weights, start, last_lane);
  }
}

// sums[e] += Σ over the positions of a sweep, in these of its rows, of source[position + offsets[e]] · target[position,
// channels], for the first `entries` of Entries.
template <class T, Index Entries, Index Vectors, class LastLane>
void convolution_gradient_tile(const ConvolutionSweep& sweep, IndexRange rows, Index count, ConvolutionImages<const T> source,
                               ConvolutionImages<const T> target, const std::array<Index, Entries>& offsets,
                               const std::array<T*, Entries>& sums, Index entries, LastLane last_lane) {
  using Batch = xsimd::batch<T>;
  constexpr Index lanes = ConvolutionTile<T>::lanes;
  const std::array<Index, Entries> at = offsets;
  Batch sum[Entries][Vectors];
#pragma GCC unroll 16
  for (std::size_t e = 0; e < Entries; ++e)
#pragma GCC unroll 4
    for (Index v = 0; v < Vectors; ++v) sum[e][v] = Batch(T(0));
  for (Index n = 0; n < count; ++n)
    for (Index row = rows.first; row < rows.last; ++row) {
      const T* x = source.data + n * source.size + sweep.source + row * sweep.source_row;
      const T* d = target.data + n * target.size + sweep.target + row * sweep.target_row;
      for (Index col = 0; col < sweep.cols; ++col, x += sweep.source_col, d += sweep.target_col) {
        Batch dv[Vectors];
#pragma GCC unroll 4
        for (Index v = 0; v < Vectors; ++v)
          dv[v] = v + 1 < Vectors ? Batch::load_unaligned(d + v * lanes) : last_lane.load(d + v * lanes);
#pragma GCC unroll 16
        for (std::size_t e = 0; e < Entries; ++e) {
          const Batch entry(x[at[e]]);
#pragma GCC unroll 4
          for (Index v = 0; v < Vectors; ++v) sum[e][v] = multiply_add(entry, dv[v], sum[e][v]);
        }
      }
    }
#pragma GCC unroll 16
  for (std::size_t e = 0; e < Entries; ++e) {
    if (static_cast<Index>(e) >= entries) break;
#pragma GCC unroll 4
    for (Index v = 0; v < Vectors; ++v)
      (Batch::load_unaligned(sums[e] + v * lanes) + sum[e][v]).store_unaligned(sums[e] + v * lanes);
  }
}

// out[c] += Σ over rows of values[row, c], for the channels of one block.
template <class T, Index Vectors, class LastLane>
void add_rows(const T* values, Index rows, Index row_size, T* out, LastLane last_lane) {
  using Batch = xsimd::batch<T>;
  constexpr Index lanes = ConvolutionTile<T>::lanes;
  Batch sum[Vectors];
#pragma GCC unroll 4
  for (Index v = 0; v < Vectors; ++v) sum[v] = Batch(T(0));
  for (Index row = 0; row < rows; ++row, values += row_size)
#pragma GCC unroll 4
    for (Index v = 0; v < Vectors; ++v)
      sum[v] += v + 1 < Vectors ? Batch::load_unaligned(values + v * lanes) : last_lane.load(values + v * lanes);
#pragma GCC unroll 4
  for (Index v = 0; v + 1 < Vectors; ++v) (Batch::load_unaligned(out + v * lanes) + sum[v]).store_unaligned(out + v * lanes);
  constexpr Index last = (Vectors - 1) * lanes;
  last_lane.store(out + last, last_lane.load(out + last) + sum[Vectors - 1]);
}

}  // namespace lmc::simd::detail
