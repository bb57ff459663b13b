// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>

namespace lmc {

/// Which parameters move together: a block for each parameter, counted from 0; nothing for one that keeps the path's own pace.
using BlockOfParameter = std::vector<std::optional<std::size_t>>;

/// How far apart the blocks of block_path() move, and where the path is measured.
struct BlockPathOptions {
  double spread = 0;       // σ, how far the blocks' paces differ, at least 0
  std::uint64_t seed = 0;  // seed of the paces
  PathOptions path = {};   // the grid of α, and the check of the ends
};

/// Progress of a block at a place of the path: α_b = clamp(α + 4 α ᾱ σ u_b, 0, 1), with u_b uniform on [−1, 1] at (seed, b).
/// The factor 4 α ᾱ is 1 in the middle and 0 at the ends, which therefore stay. σ = 0: the place itself, to the bit.
inline PathWeights block_progress(const PathWeights& place, double spread, std::uint64_t seed, std::size_t block) {
  if (spread == 0) return place;
  const double u = 2 * uniform({.seed = seed, .purpose = Purpose::block_path}, block) - 1;
  const double alpha = std::clamp(place.alpha + 4 * place.alpha * place.alpha_bar * spread * u, 0.0, 1.0);
  return {alpha, 1 - alpha};
}

/// Measures the path on which every block moves from a to b at a pace of its own:
///   θ_i(α) = (1 − α_b) a_i + α_b b_i,  b the block of parameter i,  α_b = block_progress(α, …).
/// At both ends the blocks of positions of a locally connected layer may have equal filters, as after lift_to_tied() of a
/// convolution. Filters that stayed equal on the way would all be at α: the curve says what it costs when they do not.
/// Everything else is as for linear_path, which this is for σ = 0. Each point is evaluated by itself. Throws: Error when
/// `blocks` does not have one entry per parameter, or the spread is negative; and as linear_path.
template <std::floating_point T, Evaluator<T> E>
Curve block_path(std::span<const T> a, std::span<const T> b, const BlockOfParameter& blocks, E&& evaluate,
                 const BlockPathOptions& options = {}) {
  require(blocks.size() == a.size(), "block_path: ", blocks.size(), " entries say which block a parameter belongs to; a has ",
          a.size(), " parameters");
  require(std::isfinite(options.spread) && options.spread >= 0, "block_path: spread = ", options.spread,
          "; expected a finite number, at least 0");
  return detail::path_curve<T>(a, b, evaluate, options.path, false, [&](std::span<const PathWeights> points) {
    std::vector<Metrics> measured;
    std::vector<T> theta(a.size());
    for (const PathWeights& place : points) {
      for (std::size_t first = 0, last = 0; first < blocks.size(); first = last) {
        while (last < blocks.size() && blocks[last] == blocks[first]) ++last;
        const PathWeights at = blocks[first] ? block_progress(place, options.spread, options.seed, *blocks[first]) : place;
        interpolate<T>(a.subspan(first, last - first), b.subspan(first, last - first), at,
                       std::span(theta).subspan(first, last - first));
      }
      measured.push_back(std::invoke(evaluate, std::span<const T>(theta)));
    }
    return measured;
  });
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, Evaluator<std::ranges::range_value_t<Range>> E>
Curve block_path(const Range& a, const Range& b, const BlockOfParameter& blocks, E&& evaluate,
                 const BlockPathOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return block_path<T>(std::span<const T>(a), std::span<const T>(b), blocks, std::forward<E>(evaluate), options);
}

}  // namespace lmc
