// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/local_product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/transpose.hpp>

namespace lmc::simd {

/// The geometry of a convolution whose filters are shared by the positions of a block alone.
struct LocalConvolutionShape {
  Window window;
  Index channels = 0;  // channels of the input
  Index outputs = 0;   // channels of the output
  Index groups = 1;    // divides both
  Extent sharing = 1;  // output positions of a block

  [[nodiscard]] Index filter_channels() const { return channels / groups; }                // channels that a filter sees
  [[nodiscard]] Index filter() const { return window.kernel.size() * filter_channels(); }  // weights of a filter
  [[nodiscard]] Index units() const { return outputs / groups; }                           // filters of a group
  /// Numbers of blocks along the axes.
  [[nodiscard]] Extent blocks() const {
    return {(window.out.rows + sharing.rows - 1) / sharing.rows, (window.out.cols + sharing.cols - 1) / sharing.cols};
  }
  /// The block of output position (r, c); blocks are numbered row by row.
  [[nodiscard]] Index block_of(Index r, Index c) const { return r / sharing.rows * blocks().cols + c / sharing.cols; }
};

/// The kernel of LocallyConnected2d; formulas there. weight: [blocks, outputs, kernel rows, kernel cols, channels of a filter].
/// At each output position the patches of some examples are copied side by side and multiplied by the block's filters
/// (sum_of_products); backward, the gradient of each pixel is written once, as a sum of products over the positions that see it.
/// workspace: workspace_size(N), of no meaning before or after. benchmarks/locally_connected.cpp measures it.
template <std::floating_point T>
class LocalConvolution {
 public:
  explicit LocalConvolution(const LocalConvolutionShape& shape) : s_(shape) {}

  [[nodiscard]] Index workspace_size(Index batch) const {
    const Index forward = forward_rows * patch_stride() + (s_.filter() + 1) * padded<T>(s_.units());
    const Index backward = backward_rows * patch_stride() + batch * recent_rows() * s_.window.out.cols * s_.outputs;
    return std::max(forward, backward);
  }

  /// y ← the layer of x; bias: [blocks, outputs], or empty.
  void forward(std::span<const T> weight, std::span<const T> bias, MatrixView<const T> x, MatrixView<T> y,
               std::span<T> workspace) const {
    const Index stride = patch_stride(), room = padded<T>(s_.units()), depth = s_.filter() + (bias.empty() ? 0 : 1);
    T* const patches = workspace.data();
    // The filters of one block and group, transposed, and under them their biases, to which the one behind each patch belongs.
    T* const filters = patches + forward_rows * stride;
    for (Index n = 0; n < forward_rows; ++n) patches[n * stride + s_.filter()] = 1;
    for (Index block = 0; block < s_.blocks().size(); ++block)
      for (Index group = 0; group < s_.groups; ++group) {
        const Index first = block * s_.outputs + group * s_.units();
        const auto size = [](Index n) { return static_cast<std::size_t>(n); };
        transpose(weight.data() + first * s_.filter(), size(s_.filter()), size(s_.units()), size(s_.filter()), filters,
                  size(room));
        if (!bias.empty()) std::copy_n(bias.data() + first, s_.units(), filters + s_.filter() * room);
        const std::array terms{ProductTerm<T>{patches, filters}};
        for_each_position_of(block, [&](Index r, Index c) {
          for (Index n = 0; n < x.rows(); n += forward_rows) {
            const Index rows = std::min(forward_rows, x.rows() - n);
            gather(x, n, rows, r, c, group, patches);
            T* const to = y.data() + n * y.cols() + (r * s_.window.out.cols + c) * s_.outputs + group * s_.units();
            sum_of_products<T>(terms, {.depth = depth, .a_row_stride = stride, .a_col_stride = 1, .b_row_stride = room},
                               Strided<T>(to, rows, s_.units(), y.cols()), WriteMode::overwrite);
          }
        });
      }
  }

  /// dweight and dbias, which is empty without biases, are added to or replaced; dx, if there is any, is overwritten.
  void backward(std::span<const T> weight, MatrixView<const T> x, MatrixView<const T> dy, std::optional<MatrixView<T>> dx,
                std::span<T> dweight, std::span<T> dbias, WriteMode dparams_mode, std::span<T> workspace) const {
    T* const patches = workspace.data();
    // What the products read of ∂L/∂Y lies together, [N, out] for each position of the last few output rows: as many as the
    // rows of the input need, which are written as soon as all output rows that see them have been here.
    T* const recent = patches + backward_rows * patch_stride();
    const auto recent_dy = [&](Index r, Index c) {
      return recent + (dx ? (r % recent_rows() * s_.window.out.cols + c) * dy.rows() * s_.outputs : 0);
    };
    if (dparams_mode == WriteMode::overwrite) std::ranges::fill(dbias, T(0));
    Index row = 0;
    for (Index r = 0; r < s_.window.out.rows; ++r) {
      for (Index c = 0; c < s_.window.out.cols; ++c) {
        const Strided<const T> from(dy.data() + (r * s_.window.out.cols + c) * s_.outputs, dy.rows(), s_.outputs, dy.cols());
        const Strided<T> to(recent_dy(r, c), dy.rows(), s_.outputs, s_.outputs);
        if (!dbias.empty())
          copy_rows_and_sum<T>(from, to, slice(dbias, s_.block_of(r, c) * s_.outputs, s_.outputs));
        else
          copy_rows<T>(from, to);
        add_weight_gradient(x, r, c, to.data, patches, dweight, dparams_mode);
      }
      for (; dx && row < s_.window.in.rows && rows_over(row).last <= r + 1; ++row)
        write_input_gradient(weight, row, recent_dy, *dx);
    }
  }

 private:
  // Examples whose patches are copied together: with them, a panel of the filters stays in a first-level cache when going
  // forward; going backward they are the summed dimension.
  static constexpr Index forward_rows = 48, backward_rows = 128;

  // From one patch to the next, with room for a one behind it: an odd number of cache lines, so that patches fall into
  // different sets of a cache.
  [[nodiscard]] Index patch_stride() const {
    const Index line = padded<T>(1), lines = padded<T>(s_.filter() + 1) / line;
    return (lines | 1) * line;
  }

  template <class Visit>
  void for_each_position_of(Index block, Visit visit) const {
    const Index r0 = block / s_.blocks().cols * s_.sharing.rows, c0 = block % s_.blocks().cols * s_.sharing.cols;
    for (Index r = r0; r < std::min(r0 + s_.sharing.rows, s_.window.out.rows); ++r)
      for (Index c = c0; c < std::min(c0 + s_.sharing.cols, s_.window.out.cols); ++c) visit(r, c);
  }

  // The patches of examples n, …, n + rows − 1 under output position (r, c), [rows, kernel rows, kernel cols, channels].
  void gather(MatrixView<const T> x, Index n, Index rows, Index r, Index c, Index group, T* patches) const {
    const IndexRange row_taps = s_.window.row_taps(r), col_taps = s_.window.col_taps(c);
    const Index stride = patch_stride();
    if (row_taps.size() * col_taps.size() < s_.window.kernel.size())
      for (Index row = 0; row < rows; ++row) std::fill_n(patches + row * stride, s_.filter(), T(0));
    // A row of taps is contiguous, where a filter sees all channels.
    const Index taps = s_.groups == 1 ? col_taps.size() : 1;
    for (Index i = row_taps.first; i < row_taps.last; ++i)
      for (Index j = col_taps.first; j < col_taps.last; j += taps) {
        const Index pixel = s_.window.in_row(r, i) * s_.window.in.cols + s_.window.in_col(c, j);
        copy_rows<T>(
            {x.data() + n * x.cols() + pixel * s_.channels + group * s_.filter_channels(), rows, taps * s_.filter_channels(),
             x.cols()},
            {patches + (i * s_.window.kernel.cols + j) * s_.filter_channels(), rows, taps * s_.filter_channels(), stride});
      }
  }

  // Adds the part of output position (r, c), whose ∂L/∂Y [N, out] is dy, to the gradient of its filters; where asked for, the
  // first position of a block replaces it.
  void add_weight_gradient(MatrixView<const T> x, Index r, Index c, const T* dy, T* patches, std::span<T> dweight,
                           WriteMode dparams_mode) const {
    const bool first_of_block = r % s_.sharing.rows == 0 && c % s_.sharing.cols == 0;
    for (Index n = 0; n < x.rows(); n += backward_rows)
      for (Index group = 0; group < s_.groups; ++group) {
        const Index rows = std::min(backward_rows, x.rows() - n), first = group * s_.units();
        gather(x, n, rows, r, c, group, patches);
        const std::array terms{ProductTerm<T>{dy + n * s_.outputs + first, patches}};
        sum_of_products<T>(
            terms, {.depth = rows, .a_row_stride = 1, .a_col_stride = s_.outputs, .b_row_stride = patch_stride()},
            {dweight.data() + (s_.block_of(r, c) * s_.outputs + first) * s_.filter(), s_.units(), s_.filter(), s_.filter()},
            first_of_block && n == 0 ? dparams_mode : WriteMode::add);
      }
  }

  // Pixel by pixel: each is written once, as the sum over the output positions that see it, whose ∂L/∂Y [N, out] are dy(r, c).
  template <class Dy>
  void write_input_gradient(std::span<const T> weight, Index row, Dy dy, MatrixView<T> dx) const {
    for (Index col = 0; col < s_.window.in.cols; ++col)
      for (Index first = 0, channel = 0; first < s_.outputs; first += s_.units(), channel += s_.filter_channels()) {
        const Strided<T> pixel(dx.data() + (row * s_.window.in.cols + col) * s_.channels + channel, dx.rows(),
                               s_.filter_channels(), dx.cols());
        std::array<ProductTerm<T>, 32> terms;
        std::size_t count = 0;
        WriteMode into = WriteMode::overwrite;
        const auto flush = [&] {
          sum_of_products<T>(std::span(terms).first(count),
                             {.depth = s_.units(), .a_row_stride = s_.outputs, .a_col_stride = 1, .b_row_stride = s_.filter()},
                             pixel, into);
          count = 0;
          into = WriteMode::add;
        };
        const IndexRange rows = rows_over(row), cols = cols_over(col);
        for (Index r = rows.first; r < rows.last; ++r)
          for (Index c = cols.first; c < cols.last; ++c) {
            if (count == terms.size()) flush();
            const Index tap = (row - s_.window.in_row(r, 0)) * s_.window.kernel.cols + col - s_.window.in_col(c, 0);
            terms[count++] = {dy(r, c) + first, weight.data() + (s_.block_of(r, c) * s_.outputs + first) * s_.filter() +
                                                    tap * s_.filter_channels()};
          }
        flush();
      }
  }

  // The output rows whose windows contain an input row, and the columns.
  [[nodiscard]] IndexRange rows_over(Index row) const {
    return over(row + s_.window.padding.rows, s_.window.kernel.rows, s_.window.stride.rows, s_.window.out.rows);
  }
  [[nodiscard]] IndexRange cols_over(Index col) const {
    return over(col + s_.window.padding.cols, s_.window.kernel.cols, s_.window.stride.cols, s_.window.out.cols);
  }
  // `at` counts from the edge of the padding.
  static IndexRange over(Index at, Index kernel, Index stride, Index out) {
    const Index first = at < kernel ? 0 : (at - kernel) / stride + 1;
    return {first, std::max(first, std::min(at / stride + 1, out))};
  }
  // The most output rows whose windows contain one input row.
  [[nodiscard]] Index recent_rows() const {
    return (s_.window.kernel.rows + s_.window.stride.rows - 1) / s_.window.stride.rows;
  }

  LocalConvolutionShape s_;
};

}  // namespace lmc::simd
