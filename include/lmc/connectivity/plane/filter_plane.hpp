// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/detail/vectors.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/random_plane.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// What filter normalization does with parameters that are no filters: biases, and scales and shifts of normalization layers.
enum class NoFilters {
  zero,   // the direction is 0 there, and the plane keeps their values: what Li et al. show
  scaled  // the direction's entries for each segment are scaled to the norm of that segment, as if it were one filter
};

/// Scales a direction, filter by filter, to the norms of the network's own filters:
///   d_f ← d_f ‖θ_f‖ / ‖d_f‖   for every filter f, once.
/// A filter is what an output sums over: a row of a weight matrix, a kernel of a convolution, one for each position where a layer is
/// locally connected, a token's row of an embedding. Where θ_f or d_f is 0, so is the result. Entries of weights that are exactly 0
/// in θ, as those that a mask takes out, are 0 in the direction before its norm is taken: moving them would show nothing.
/// Source: Li, Xu, Taylor, Studer, Goldstein, Visualizing the Loss Landscape of Neural Nets, arXiv 1712.09913, section 4.
/// Throws: Error when θ or the direction is not as long as the layout says.
template <std::floating_point T>
void normalize_filters(const ParameterLayout& layout, std::span<const T> theta, std::span<double> direction,
                       NoFilters others = NoFilters::zero) {
  require(static_cast<Index>(theta.size()) == layout.parameter_count() && direction.size() == theta.size(),
          "normalize_filters: θ has ", theta.size(), " entries and the direction ", direction.size(), "; the layout has ",
          layout.parameter_count(), " parameters, and expects one entry each");
  const auto scale = [&](Index first, Index count) {
    double own = 0, drawn = 0;
    for (Index i = first; i < first + count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      own += static_cast<double>(theta[k]) * static_cast<double>(theta[k]);
      drawn += direction[k] * direction[k];
    }
    const double by = drawn > 0 ? std::sqrt(own) / std::sqrt(drawn) : 0;
    for (Index i = first; i < first + count; ++i) direction[static_cast<std::size_t>(i)] *= by;
  };
  for (const Segment& segment : layout.parameters) {
    const bool filters = segment.role == Role::weight || segment.role == Role::embedding;
    if (!filters && others == NoFilters::zero) {
      std::fill_n(direction.begin() + segment.offset, segment.size(), 0.0);
      continue;
    }
    Index rows = 1;  // of a vector there is one, whatever it holds
    if (filters && segment.shape.rank() > 1)
      for (Index axis = 0; axis < segment.matrix.matrices + segment.matrix.rows; ++axis) rows *= segment.shape[axis];
    if (filters)
      for (Index i = segment.offset; i < segment.offset + segment.size(); ++i)
        if (theta[static_cast<std::size_t>(i)] == 0) direction[static_cast<std::size_t>(i)] = 0;
    for (Index row = 0; row < rows; ++row) scale(segment.offset + row * (segment.size() / rows), segment.size() / rows);
  }
}

/// A plane of filter-normalized directions, and what one step of theirs is.
template <std::floating_point T>
struct FilterPlane {
  Plane<T> plane;     // through θ
  double step = 0;    // ‖d₁‖, to which a coordinate of 1 in the figures of Li et al. corresponds
  double cosine = 0;  // between d₁ and d₂, which is not 0, but about 1 / √(number of weights)
};

/// The plane through θ that two Gaussian directions span after normalize_filters. Its axes have length 1 as in every Plane, so that
/// distances are Euclidean; the direction d₁ is `step` long. The second axis is what d₂ has at a right angle to d₁, for which the
/// norms of its filters hold up to a share of `cosine`.
/// Throws: Error as random_plane and normalize_filters, and when the network's weights are all 0.
template <std::floating_point T>
FilterPlane<T> filter_plane(const ParameterLayout& layout, std::span<const T> theta, std::uint64_t seed = 0,
                            NoFilters others = NoFilters::zero) {
  std::vector<double> first = random_direction(theta.size(), seed, 0), second = random_direction(theta.size(), seed, 1);
  normalize_filters(layout, theta, std::span(first), others);
  normalize_filters(layout, theta, std::span(second), others);
  const double step = detail::length(first), other = detail::length(second);
  require(step > 0 && other > 0,
          "filter_plane: all weights of the network are 0, so that its filters have no norm; expected a "
          "network that is initialized, or random_plane");
  const double cosine = detail::dot(first, second) / step / other;
  return {Plane<T>(theta, std::move(first), std::move(second)), step, cosine};
}

/// The same for θ in a vector, an array and the like.
template <ContiguousFloats Range>
auto filter_plane(const ParameterLayout& layout, const Range& theta, std::uint64_t seed = 0,
                  NoFilters others = NoFilters::zero) {
  using T = std::ranges::range_value_t<Range>;
  return filter_plane<T>(layout, std::span<const T>(theta), seed, others);
}

}  // namespace lmc
