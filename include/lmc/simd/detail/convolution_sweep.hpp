// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <vector>

#include <lmc/core/shape.hpp>

// Which entries of an image meet which rows of the packed weights, as tables: the geometry of ConvolutionDirect.

namespace lmc::simd::detail {

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

}  // namespace lmc::simd::detail
