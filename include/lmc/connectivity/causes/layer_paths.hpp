// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/layer_groups.hpp>
#include <lmc/connectivity/causes/layer_mixtures.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// Where layer_paths() moves the layers to.
struct LayerPathsOptions {
  double alpha = 0.5;  // a place on the path, in [0, 1]; `error_barrier(curve).alpha` is where the barrier is attained
};

/// What was measured with some layers at θ(α).
struct LayerMove {
  std::string name;     // of the one layer that is moved; of the last one where the first layers are
  LossAndError from_a;  // loss and error with the other layers at a
  LossAndError from_b;  // the same with the other layers at b
  LossAndError height;  // ᾱ (from_a − f(a)) + α (from_b − f(b)); with all layers moved, f(α) − chord(α)
};

/// What single layers, and the first ones, do to a network when they are moved to a place between two networks.
struct LayerPaths {
  double alpha = 0;              // the place, as in the options
  LossAndError a;                // loss and error at the end a
  LossAndError b;                // the same at the end b
  std::vector<LayerMove> alone;  // one entry for each layer: that layer moved
  std::vector<LayerMove> up_to;  // one entry for each layer: that layer and all before it moved; all of them in the last
  Index evaluations = 0;         // different θ that were measured
};

/// Moves layers of θ from an end to θ(α) = ᾱ a + α b and leaves the others there: each layer alone, and the first k for every k.
/// With θ_a(S) having the layers of S at θ(α) and the others at a, θ_b(S) the others at b, an entry's height is
///   v(S) = ᾱ [f(θ_a(S)) − f(a)] + α [f(θ_b(S)) − f(b)] = ᾱ f(θ_a(S)) + α f(θ_b(S)) − chord(α)
/// so that v(∅) = 0 and v(all) is the height of the path at α. Heights of layers alone do not add up to it where layers interact:
/// layer_shapley() divides what is left. A layer that does not move has the height 0 alone.
///
/// Adilova et al. move one layer from one end, and take the mean of the ends off: from_a − (f(a) + f(b))/2, over α in 0, ½, 1. At
/// ½, `height` is the mean of their numbers from the two ends; at another α from one end, theirs is larger than from_a − f(a) by
/// (f(a) − f(b))/2, which no layer has caused.
///
/// layers: the layout of the network, for parameter_layers(), or LayerGroups. Cost: at most 4 L − 1 evaluations for L layers that
/// move. A plain callable gets one θ at a time, in memory that is reused; a MixtureEvaluator gets all in one call. Swapping a and
/// b swaps from_a and from_b and keeps the heights, to the bit where 1 − α is exact (as at ½).
/// Throws: Error when a or b does not have as many parameters as the layers, or one that is not finite; when alpha is out of range;
/// when metrics contradict themselves or are not finite, or the number of examples changes; when the evaluator writes into a or b.
/// Source: Adilova et al., arXiv:2307.06966.
template <std::floating_point T, Evaluator<T> E>
LayerPaths layer_paths(const LayerGroups& layers, std::span<const T> a, std::span<const T> b, E&& evaluate,
                       const LayerPathsOptions& options = {}) {
  detail::require_ends("layer_paths", layers, a, b, options.alpha);
  const std::size_t count = layers.layers().size();
  std::vector<detail::LayerSet> sets(2 * count, detail::LayerSet(count));
  for (std::size_t l = 0; l < count; ++l) {
    sets[l][l] = true;
    for (std::size_t first = 0; first <= l; ++first) sets[count + l][first] = true;
  }
  const detail::MovedSets moved = detail::measure_moved_sets<T>("layer_paths", layers, a, b, options.alpha, sets, evaluate);
  LayerPaths result{
      .alpha = options.alpha, .a = moved.a, .b = moved.b, .alone = {}, .up_to = {}, .evaluations = moved.evaluations};
  for (std::size_t i = 0; i < sets.size(); ++i)
    (i < count ? result.alone : result.up_to)
        .push_back({layers.layers()[i % count].name, moved.sets[i].from_a, moved.sets[i].from_b, moved.sets[i].height});
  return result;
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, Evaluator<std::ranges::range_value_t<Range>> E>
LayerPaths layer_paths(const LayerGroups& layers, const Range& a, const Range& b, E&& evaluate,
                       const LayerPathsOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return layer_paths<T>(layers, std::span<const T>(a), std::span<const T>(b), std::forward<E>(evaluate), options);
}

}  // namespace lmc
