// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/core/views.hpp>
#include <lmc/simd/convolution_shape.hpp>
#include <lmc/simd/lanes.hpp>
#include <lmc/simd/transpose.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc {
namespace detail {

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
    for (; channels - first >= width; first += width) body(ConvolutionChannels<T, Vectors, WholeLane<T>>{first, width, {}});
  };
  if constexpr (ConvolutionTile<T>::most_vectors == 4) whole(std::integral_constant<Index, 4>{});
  whole(std::integral_constant<Index, 2>{});
  if (channels - first == lanes) whole(std::integral_constant<Index, 1>{});
  const Index left = channels - first;
  if (left > lanes)
    body(ConvolutionChannels<T, 2, PartLane<T>>{first, left, {static_cast<std::size_t>(left - lanes)}});
  else if (left > 0)
    body(ConvolutionChannels<T, 1, PartLane<T>>{first, left, {static_cast<std::size_t>(left)}});
}

// length entries of the source, side by side, that meet as many rows of the packed weights.
struct ConvolutionTap {
  Index source, weight, length;  // where they begin, from that of the position; first row of weights
};

// Positions of the target that see the same taps: a grid, in the plane of an image and in its memory.
struct ConvolutionSweep {
  Index rows, cols;
  Index source, source_row, source_col;  // the first position's, and the way to the next row and column
  Index target, target_row, target_col;
  std::vector<ConvolutionTap> taps;
};

// The same along one axis: `count` positions from first on, for which the `taps` taps from tap on, and no others, lie inside;
// source is under the first tap of the first position.
struct ConvolutionRun {
  Index first, count, tap, taps, source;
};

// Positions where not all of the same taps are inside are runs of their own.
template <class Describe>
std::vector<ConvolutionRun> convolution_runs(Index first, Index step, Index end, Describe describe) {
  std::vector<ConvolutionRun> runs;
  for (Index at = first; at < end; at += step) {
    const ConvolutionRun here = describe(at);
    if (!runs.empty() && runs.back().tap == here.tap && runs.back().taps == here.taps)
      ++runs.back().count;
    else
      runs.push_back(here);
  }
  return runs;
}

// Output positions r whose taps i, one after the other, lie over the inputs r stride + i − padding.
inline std::vector<ConvolutionRun> forward_runs(Index in, Index out, Index kernel, Index stride, Index padding) {
  return convolution_runs(0, 1, out, [&](Index r) {
    const Index start = r * stride - padding, tap = std::max<Index>(0, -start);
    return ConvolutionRun{r, 1, tap, std::max<Index>(0, std::min(kernel, in - start) - tap), start + tap};
  });
}

// Input positions u that are so many strides apart, and lie under taps that are a stride apart: tap i of output position
// (u + padding − i) / stride, which falls by one from tap to tap.
inline std::vector<ConvolutionRun> backward_runs(Index in, Index out, Index kernel, Index stride, Index padding) {
  std::vector<ConvolutionRun> all;
  for (Index residue = 0; residue < std::min(stride, in); ++residue) {
    const auto runs = convolution_runs(residue, stride, in, [&](Index u) {
      Index tap = (u + padding) % stride;
      const Index last = std::max<Index>(0, (u + padding - tap) / stride - (out - 1));  // taps before it lie behind the output
      tap += last * stride;
      Index taps = 0;
      while (tap + taps * stride < kernel && (u + padding - tap) / stride - taps >= 0) ++taps;
      return ConvolutionRun{u, 1, tap, taps, (u + padding - tap) / stride};
    });
    all.insert(all.end(), runs.begin(), runs.end());
  }
  return all;
}

// Row-major example arrays of several images, one after the other.
template <class T>
struct ConvolutionImages {
  T* data;
  Index size;  // of one
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

}  // namespace detail

/// Convolution without unfolding: vectors of output channels (of input channels, for ∂L/∂x) times single entries of the images,
/// which are read where they lie. Positions that see the same taps are swept over together, so that no tap in the padding is
/// computed; ∂L/∂x is gathered, tap by tap, and not scattered. The members are those of Convolution.
template <std::floating_point T>
class ConvolutionDirect {
 public:
  explicit ConvolutionDirect(const ConvolutionShape& shape)
      : s_(shape), in_(s_.in_channels / s_.groups), out_(s_.out_channels / s_.groups) {
    const Window& w = s_.window;
    const Index in_row = w.in.cols * s_.in_channels, out_row = w.out.cols * s_.out_channels;
    for (const auto& r : detail::forward_runs(w.in.rows, w.out.rows, w.kernel.rows, w.stride.rows, w.padding.rows))
      for (const auto& c : detail::forward_runs(w.in.cols, w.out.cols, w.kernel.cols, w.stride.cols, w.padding.cols)) {
        detail::ConvolutionSweep sweep{.rows = r.count,
                                       .cols = c.count,
                                       .source = r.source * in_row + c.source * s_.in_channels,
                                       .source_row = w.stride.rows * in_row,
                                       .source_col = w.stride.cols * s_.in_channels,
                                       .target = r.first * out_row + c.first * s_.out_channels,
                                       .target_row = out_row,
                                       .target_col = s_.out_channels,
                                       .taps = {}};
        for (Index i = 0; i < r.taps; ++i) {
          const Index row = (r.tap + i) * w.kernel.cols + c.tap;
          if (s_.groups == 1) {  // a row of taps lies side by side
            add_taps(sweep, {i * in_row, row * in_, c.taps * in_});
          } else {
            for (Index j = 0; j < c.taps; ++j) add_taps(sweep, {i * in_row + j * s_.in_channels, (row + j) * in_, in_});
          }
        }
        forward_.push_back(std::move(sweep));
      }
    for (const auto& r : detail::backward_runs(w.in.rows, w.out.rows, w.kernel.rows, w.stride.rows, w.padding.rows))
      for (const auto& c : detail::backward_runs(w.in.cols, w.out.cols, w.kernel.cols, w.stride.cols, w.padding.cols)) {
        detail::ConvolutionSweep sweep{.rows = r.count,
                                       .cols = c.count,
                                       .source = r.source * out_row + c.source * s_.out_channels,
                                       .source_row = out_row,
                                       .source_col = s_.out_channels,
                                       .target = r.first * in_row + c.first * s_.in_channels,
                                       .target_row = w.stride.rows * in_row,
                                       .target_col = w.stride.cols * s_.in_channels,
                                       .taps = {}};
        for (Index i = 0; i < r.taps; ++i)
          for (Index j = 0; j < c.taps; ++j)
            add_taps(sweep, {-i * out_row - j * s_.out_channels,
                             ((r.tap + i * w.stride.rows) * w.kernel.cols + c.tap + j * w.stride.cols) * out_, out_});
        backward_.push_back(std::move(sweep));
      }
  }

  [[nodiscard]] Index workspace_size() const {
    const Index taps = s_.window.kernel.size();
    const Index filters = s_.groups * whole(out_) * s_.patch();
    return std::max(
        {filters + s_.groups * whole(out_), s_.groups * whole(in_) * taps * out_ + whole(in_), filters + width * s_.patch()});
  }

  void forward(std::span<const T> weight, std::span<const T> bias, MatrixView<const T> x, MatrixView<T> y,
               std::span<T> workspace) const {
    assert(static_cast<Index>(workspace.size()) >= workspace_size());
    // Weights as [group, block of channels, tap and input channel, channel]; then the biases as [group, channel].
    const Index group = whole(out_) * s_.patch();
    T* const packed = workspace.data();
    T* const start = packed + s_.groups * group;
    for (Index g = 0; g < s_.groups; ++g) {
      std::fill_n(start + g * whole(out_), whole(out_), T(0));
      if (!bias.empty()) std::copy_n(bias.data() + g * out_, out_, start + g * whole(out_));
      detail::for_each_channel_block<T>(out_, [&](auto block) {
        T* const to = packed + g * group + block.first * s_.patch();
        if (block.count < block.width) std::fill_n(to, block.width * s_.patch(), T(0));
        transpose(weight.data() + (g * out_ + block.first) * s_.patch(), size(s_.patch()), size(block.count), size(s_.patch()),
                  to, size(block.width));
      });
    }
    for_each_block(x.rows(), out_, [&](Index image, Index count, Index g, auto block) {
      sweep_over(forward_, count, {x.data() + image * x.cols() + g * in_, x.cols()},
                 {y.data() + image * y.cols() + g * out_ + block.first, y.cols()},
                 packed + g * group + block.first * s_.patch(), start + g * whole(out_) + block.first, block);
    });
  }

  void backward_input(std::span<const T> weight, MatrixView<const T> dy, MatrixView<T> dx, std::span<T> workspace) const {
    assert(static_cast<Index>(workspace.size()) >= workspace_size());
    // Weights as [group, block of input channels, tap and channel, input channel]; then zeros.
    const Index taps = s_.window.kernel.size(), rows = taps * out_, group = whole(in_) * rows;
    T* const packed = workspace.data();
    T* const start = packed + s_.groups * group;
    std::fill_n(start, whole(in_), T(0));
    for (Index g = 0; g < s_.groups; ++g)
      detail::for_each_channel_block<T>(in_, [&](auto block) {
        T* to = packed + g * group + block.first * rows;
        if (block.count < block.width) std::fill_n(to, block.width * rows, T(0));
        for (Index tap = 0; tap < taps; ++tap)
          for (Index o = 0; o < out_; ++o, to += block.width)
            std::copy_n(weight.data() + ((g * out_ + o) * taps + tap) * in_ + block.first, block.count, to);
      });
    for_each_block(dy.rows(), in_, [&](Index image, Index count, Index g, auto block) {
      sweep_over(backward_, count, {dy.data() + image * dy.cols() + g * out_, dy.cols()},
                 {dx.data() + image * dx.cols() + g * in_ + block.first, dx.cols()}, packed + g * group + block.first * rows,
                 start, block);
    });
  }

  void backward_weights(MatrixView<const T> x, MatrixView<const T> dy, std::span<T> dweight, std::span<T> dbias,
                        std::span<T> workspace) const {
    assert(static_cast<Index>(workspace.size()) >= workspace_size());
    // Sums as [group, block of channels, tap and input channel, channel]; then room for one block, transposed.
    const Index group = whole(out_) * s_.patch();
    T* const sums = workspace.data();
    T* const transposed = sums + s_.groups * group;
    std::fill_n(sums, s_.groups * group, T(0));
    const Index images = chunk(gradient_room);
    for (Index image = 0; image < x.rows(); image += images) {
      const Index count = std::min(images, x.rows() - image);
      for (Index g = 0; g < s_.groups; ++g)
        detail::for_each_channel_block<T>(out_, [&](auto block) {
          const Index channel = g * out_ + block.first;
          const detail::ConvolutionImages<const T> source{x.data() + image * x.cols() + g * in_, x.cols()},
              target{dy.data() + image * dy.cols() + channel, dy.cols()};
          for (const detail::ConvolutionSweep& sweep : forward_) {
            const Index band = band_rows(sweep.cols, block.width);
            for (Index row = 0; row < sweep.rows; row += band)
              add_gradient(sweep, {row, std::min(row + band, sweep.rows)}, count, source, target,
                           sums + g * group + block.first * s_.patch(), block);
          }
          if (!dbias.empty())
            detail::add_rows<T, block.vectors>(target.data, count * s_.positions(), s_.out_channels, dbias.data() + channel,
                                               block.last_lane);
        });
    }
    for (Index g = 0; g < s_.groups; ++g)
      detail::for_each_channel_block<T>(out_, [&](auto block) {
        transpose(sums + g * group + block.first * s_.patch(), size(block.width), size(s_.patch()), size(block.count),
                  transposed, size(s_.patch()));
        axpy<T>(T(1), std::span<const T>(transposed, size(block.count * s_.patch())),
                slice(dweight, (g * out_ + block.first) * s_.patch(), block.count * s_.patch()));
      });
  }

 private:
  using Tile = detail::ConvolutionTile<T>;
  static constexpr Index lanes = Tile::lanes, width = Tile::most_vectors * lanes;
  // A few images at a time, so that they stay in a second-level cache while one block of channels after the other is computed.
  // The weights' gradient passes over them once for a few of its entries: there, a few images or a few rows of one stay in a
  // first-level cache. But always enough positions to make up for the reading of weights, or the reading and writing of sums.
  static constexpr Index image_room = 128 * 1024 / sizeof(T), gradient_room = 48 * 1024 / sizeof(T), least_positions = 256;

  static std::size_t size(Index n) { return static_cast<std::size_t>(n); }
  static Index whole(Index channels) { return (channels + lanes - 1) / lanes * lanes; }
  static constexpr Index depth(Index vectors) {
    return detail::convolution_depth / static_cast<Index>(sizeof(T)) / (vectors * lanes);
  }

  // No tap is longer than what the first-level cache is to hold of its weights.
  static void add_taps(detail::ConvolutionSweep& sweep, detail::ConvolutionTap tap) {
    constexpr Index most = depth(Tile::most_vectors);
    for (Index at = 0; at < tap.length; at += most)
      sweep.taps.push_back({tap.source + at, tap.weight + at, std::min(most, tap.length - at)});
  }

  [[nodiscard]] Index chunk(Index room) const {
    return std::max(room / (s_.window.in.size() * s_.in_channels + s_.positions() * s_.out_channels),
                    (least_positions + s_.positions() - 1) / s_.positions());
  }
  [[nodiscard]] Index band_rows(Index cols, Index channels) const {
    const Index row = s_.window.stride.rows * s_.window.in.cols * s_.in_channels + cols * channels;
    return std::max(gradient_room / row, (least_positions + cols - 1) / cols);
  }
  template <class Body>
  void for_each_block(Index batch, Index channels, Body body) const {
    const Index images = chunk(image_room);
    for (Index image = 0; image < batch; image += images)
      for (Index g = 0; g < s_.groups; ++g)
        detail::for_each_channel_block<T>(channels,
                                          [&](auto block) { body(image, std::min(images, batch - image), g, block); });
  }

  template <class Block>
  static void sweep_over(const std::vector<detail::ConvolutionSweep>& sweeps, Index count,
                         detail::ConvolutionImages<const T> source, detail::ConvolutionImages<T> target, const T* weights,
                         const T* start, Block block) {
    for (const detail::ConvolutionSweep& sweep : sweeps) {
      const std::span<const detail::ConvolutionTap> taps(sweep.taps);
      std::size_t first = 0;
      do {
        std::size_t last = first;
        for (Index rows = 0; last < taps.size() && rows + taps[last].length <= depth(block.vectors); ++last)
          rows += taps[last].length;
        detail::convolve<T, block.vectors>(sweep, count, source, target, taps.subspan(first, last - first), weights,
                                           first == 0 ? start : nullptr, block.last_lane);
        first = last;
      } while (first < taps.size());
    }
  }

  template <class Block>
  static void add_gradient(const detail::ConvolutionSweep& sweep, IndexRange band, Index count,
                           detail::ConvolutionImages<const T> source, detail::ConvolutionImages<const T> target, T* sums,
                           Block block) {
    constexpr Index most = Tile::entries(block.vectors);
    std::array<Index, most> offsets;
    std::array<T*, most> rows;
    Index entries = 0;
    const auto flush = [&] {
      for (Index e = entries; e < most; ++e) offsets[size(e)] = offsets[0];
      detail::convolution_gradient_tile<T, most, block.vectors>(sweep, band, count, source, target, offsets, rows, entries,
                                                                block.last_lane);
      entries = 0;
    };
    for (const detail::ConvolutionTap& tap : sweep.taps)
      for (Index k = 0; k < tap.length; ++k) {
        offsets[size(entries)] = tap.source + k;
        rows[size(entries)] = sums + (tap.weight + k) * block.width;
        if (++entries == most) flush();
      }
    if (entries > 0) flush();
  }

  ConvolutionShape s_;
  Index in_, out_;  // channels of a group
  std::vector<detail::ConvolutionSweep> forward_, backward_;
};

}  // namespace lmc
