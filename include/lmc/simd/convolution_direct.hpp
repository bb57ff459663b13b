// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/convolution_shape.hpp>
#include <lmc/simd/detail/convolution_sweep.hpp>
#include <lmc/simd/detail/convolution_tile.hpp>
#include <lmc/simd/transpose.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc::simd {

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

}  // namespace lmc::simd
