// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>

namespace lmc {

/// Which inputs each output of a layer sees: entry (o, i), at bits[o * inputs + i], is true where it does.
struct Mask {
  Index outputs = 0;            // outputs of the layer
  Index inputs = 0;             // inputs of the layer
  std::vector<bool> bits = {};  // [outputs, inputs], row-major

  /// Whether that output sees that input.
  [[nodiscard]] bool at(Index output, Index input) const { return bits[static_cast<std::size_t>(output * inputs + input)]; }
  /// Number of true entries.
  [[nodiscard]] Index kept() const { return std::count(bits.begin(), bits.end(), true); }
  friend bool operator==(const Mask&, const Mask&) = default;
};

/// The size and the sparsity of a random mask, and what decides which entries are false.
struct RandomMaskOptions {
  Index outputs = 0;       // outputs of the layer, > 0
  Index inputs = 0;        // inputs of the layer, > 0
  double sparsity = 0.9;   // share of entries that are false, in [0, 1]
  std::uint64_t seed = 0;  // with layer, decides which entries are false
  std::size_t layer = 0;   // number of the layer, below 2²⁴: masks of different layers have nothing to do with each other
};

/// A mask with exactly round(sparsity · outputs · inputs) false entries, each choice of them equally likely.
/// Source: Knuth, The Art of Computer Programming, vol. 2, section 3.4.2, Algorithm S.
/// Throws: Error for an option out of range.
inline Mask random_mask(const RandomMaskOptions& options) {
  require(options.outputs > 0 && options.inputs > 0, "random_mask: outputs = ", options.outputs, ", inputs = ", options.inputs,
          "; both must be positive");
  require(options.sparsity >= 0 && options.sparsity <= 1, "random_mask: sparsity = ", options.sparsity,
          "; expected a share in [0, 1]");
  require(options.inputs <= (Index{1} << 32) / options.outputs, "random_mask: ", options.outputs, " x ", options.inputs,
          " entries; expected at most 2^32");
  require(options.layer < 1u << 24, "random_mask: layer = ", options.layer, "; expected less than 2^24");
  Mask mask{options.outputs, options.inputs, std::vector<bool>(static_cast<std::size_t>(options.outputs * options.inputs))};
  const auto size = static_cast<std::uint64_t>(mask.bits.size());
  auto to_drop = static_cast<std::uint64_t>(std::llround(options.sparsity * static_cast<double>(size)));
  const Stream stream{.seed = options.seed, .purpose = Purpose::mask, .part = static_cast<std::uint32_t>(options.layer)};
  for (std::uint64_t i = 0; i < size; ++i) {
    const bool drop = uniform_below(stream, i, size - i) < to_drop;  // to_drop of those that are left
    mask.bits[i] = !drop;
    to_drop -= drop;
  }
  return mask;
}

/// The mask of a convolution: output (r, c, o) sees input (row, col, k) where that lies under a tap of position (r, c) and k is
/// in o's group of channels. Outputs are numbered by (r, c, o), inputs by (row, col, k), the last fastest; groups divides both
/// numbers of channels. Throws: Error when it does not, or a number is not positive.
inline Mask convolution_mask(const Window& window, Index in_channels, Index out_channels, Index groups = 1) {
  require(in_channels > 0 && out_channels > 0 && groups > 0 && in_channels % groups == 0 && out_channels % groups == 0,
          "convolution_mask: ", in_channels, " input and ", out_channels, " output channels in groups = ", groups,
          "; expected positive numbers, and a divisor of both");
  Mask mask{window.out.size() * out_channels, window.in.size() * in_channels, {}};
  mask.bits.resize(static_cast<std::size_t>(mask.outputs * mask.inputs));
  const Index seen = in_channels / groups, units = out_channels / groups;
  Index output = 0;
  for (Index r = 0; r < window.out.rows; ++r)
    for (Index c = 0; c < window.out.cols; ++c) {
      const IndexRange rows = window.row_taps(r), cols = window.col_taps(c);
      for (Index o = 0; o < out_channels; ++o, ++output)
        for (Index i = rows.first; i < rows.last; ++i)
          for (Index j = cols.first; j < cols.last; ++j) {
            const Index pixel = window.in_row(r, i) * window.in.cols + window.in_col(c, j);
            const Index first = output * mask.inputs + pixel * in_channels + o / units * seen;
            std::fill_n(mask.bits.begin() + first, seen, true);
          }
    }
  return mask;
}

}  // namespace lmc
