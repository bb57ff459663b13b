// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>

namespace lmc::simd {

/// A convolution of images [rows, cols, in_channels] with filters [out_channels, kernel rows, kernel cols, in_channels /
/// groups]:
///   y[r, c, o] = b[o] + Σ_{i, j, k} W[o, i, j, k] · x[under tap (i, j) of (r, c), g · in_channels / groups + k]
/// where g = o / (out_channels / groups) is the group of channel o, and x is 0 in the padding. groups divides both numbers of
/// channels.
struct ConvolutionShape {
  Window window;
  Index in_channels, out_channels, groups = 1;

  /// Entries of one filter, and of the part of the input that it sees at one position.
  [[nodiscard]] Index patch() const { return window.kernel.size() * (in_channels / groups); }
  [[nodiscard]] Index positions() const { return window.out.size(); }
};

}  // namespace lmc::simd
