// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/layer_groups.hpp>
#include <lmc/connectivity/causes/layer_mixtures.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// Where layer_shapley() divides the barrier, and how many layers are few enough to do so exactly.
struct LayerShapleyOptions {
  double alpha = 0.5;       // a place on the path, in [0, 1]; `error_barrier(curve).alpha` is where the barrier is attained
  Index exact_up_to = 8;    // layers that move, in [0, 16]: up to here all subsets are measured, above it orders are sampled
  Index permutations = 16;  // sampled orders, an even number of at least 4: each is followed by its reverse
  std::uint64_t seed = 0;   // of the sampled orders
};

/// A layer's part of the height of a path above the chord.
struct LayerShare {
  std::string name;             // of the layer
  LossAndError share;           // φ; negative where moving the layer lowers the bump
  LossAndError standard_error;  // of φ over the sampled orders; 0 where it is exact
};

/// How much each layer adds to the height of loss and error above the chord, at one place of a path.
struct LayerShapley {
  double alpha = 0;                // the place, as in the options
  std::vector<LayerShare> layers;  // in the order of the layers
  LossAndError height;             // f(α) − chord(α)
  LossAndError sum;                // Σ φ: height up to rounding, also where orders are sampled
  bool exact = true;               // whether all subsets were measured
  Index evaluations = 0;           // different θ that were measured
};

namespace detail {

/// Every subset of `players` layers: bit i of its number says whether layer players[i] is in it.
inline std::vector<LayerSet> all_subsets(const std::vector<std::size_t>& players, std::size_t layers) {
  std::vector<LayerSet> subsets(std::size_t{1} << players.size(), LayerSet(layers));
  for (std::size_t s = 0; s < subsets.size(); ++s)
    for (std::size_t i = 0; i < players.size(); ++i) subsets[s][players[i]] = (s >> i & 1) != 0;
  return subsets;
}

/// φ_i = Σ over S without i of |S|! (n − |S| − 1)!/n! · [v(S ∪ i) − v(S)], values in the order of all_subsets.
inline double shapley_value(std::size_t player, std::size_t players, std::span<const double> v) {
  // |S|! (n − |S| − 1)!/n! = 1 ÷ (n · (n − 1 choose |S|))
  std::vector<double> weight{1 / static_cast<double>(players)};
  for (std::size_t size = 1; size < players; ++size)
    weight.push_back(weight.back() * static_cast<double>(size) / static_cast<double>(players - size));
  double sum = 0;
  for (std::size_t s = 0; s < v.size(); ++s)
    if ((s >> player & 1) == 0)
      sum += weight[static_cast<std::size_t>(std::popcount(s))] * (v[s | std::size_t{1} << player] - v[s]);
  return sum;
}

/// Orders of the players: a random one at every even place, its reverse behind it.
inline std::vector<std::vector<std::size_t>> sampled_orders(const std::vector<std::size_t>& players, Index permutations,
                                                            std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> orders;
  for (Index pair = 0; pair < permutations / 2; ++pair) {
    std::vector<std::size_t> order = players;
    shuffle({.seed = seed, .purpose = Purpose::layer_order, .epoch = static_cast<std::uint32_t>(pair)}, std::span(order));
    orders.push_back(order);
    std::ranges::reverse(order);
    orders.push_back(std::move(order));
  }
  return orders;
}

/// The first 0, 1, …, n layers of each order.
inline std::vector<LayerSet> first_layers(const std::vector<std::vector<std::size_t>>& orders, std::size_t layers) {
  std::vector<LayerSet> sets;
  for (const std::vector<std::size_t>& order : orders) {
    sets.emplace_back(layers);
    for (const std::size_t layer : order) {
      LayerSet next = sets.back();
      next[layer] = true;
      sets.push_back(std::move(next));
    }
  }
  return sets;
}

/// A layer's part of one metric.
struct Share {
  double value = 0, standard_error = 0;
};

/// The mean of what several pairs of orders say, and its standard error.
inline Share mean_of_pairs(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return {mean, std::sqrt(squares / (n * (n - 1)))};
}

/// The shares of all layers in v, whose values are in the order of first_layers. An order's share of a layer is what v gains when
/// it is moved after those before it; gains add up to v(all). The two orders of a pair lean to opposite sides, and are one sample.
inline std::vector<Share> sampled_shares(const std::vector<std::vector<std::size_t>>& orders, std::size_t layers,
                                         std::span<const double> v) {
  const std::size_t pairs = orders.size() / 2, players = orders.front().size();
  std::vector<std::vector<double>> gains(layers, std::vector<double>(pairs));
  for (std::size_t o = 0; o < orders.size(); ++o)
    for (std::size_t k = 0; k < players; ++k) {
      const std::size_t before = o * (players + 1) + k;
      gains[orders[o][k]][o / 2] += (v[before + 1] - v[before]) / 2;
    }
  std::vector<Share> shares;
  for (const std::vector<double>& gain : gains) shares.push_back(mean_of_pairs(gain));
  return shares;
}

}  // namespace detail

/// Divides the height f(α) − chord(α) of error and loss on the straight line from a to b among the layers that move, by Shapley
/// values. With θ_a(S) having the layers of S at θ(α) and the others at a, θ_b(S) the others at b, n layers:
///   v(S) = ᾱ [f(θ_a(S)) − f(a)] + α [f(θ_b(S)) − f(b)]
///   φ_i  = Σ over S without i of |S|! (n − |S| − 1)!/n! · [v(S ∪ i) − v(S)]
/// that is what moving layer i adds, averaged over all orders in which the layers can be moved. v(∅) = 0 and v(all) = f(α) −
/// chord(α), so Σ φ is the height, up to rounding; with plain halves for ᾱ and α it would be so at ½ alone. A layer that is equal
/// at both ends has φ = 0 and costs nothing; layers that play the same part have the same φ, up to rounding; swapping a and b
/// keeps φ, to the bit where 1 − α is exact (as at ½).
///
/// layers: the layout of the network, for parameter_layers(), or LayerGroups. Up to exact_up_to layers that move, all subsets are
/// measured, each θ once: 2ⁿ⁺¹ − 1 evaluations, 511 for 8 layers. For more layers φ is the mean over random orders, each followed
/// by its reverse: at most 2 (n − 1) · permutations + 3 evaluations; every order's shares add up to v(all), so the sum has no
/// sampling error; standard_error is that of the mean over pairs of orders, and says nothing about the examples. A plain callable
/// gets one θ at a time, in memory that is reused; a MixtureEvaluator gets all in one call.
/// Throws: Error as layer_paths; when exact_up_to or permutations is out of range.
/// Source: Shapley, "A value for n-person games", 1953; sampled: Castro, Gómez, Tejada, "Polynomial calculation of the Shapley value
/// based on sampling", 2009, in antithetic pairs as in Mitchell et al., arXiv:2104.12199.
template <std::floating_point T, Evaluator<T> E>
LayerShapley layer_shapley(const LayerGroups& layers, std::span<const T> a, std::span<const T> b, E&& evaluate,
                           const LayerShapleyOptions& options = {}) {
  detail::require_ends("layer_shapley", layers, a, b, options.alpha);
  require(
      options.exact_up_to >= 0 && options.exact_up_to <= 16, "layer_shapley: exact_up_to = ", options.exact_up_to,
      "; expected 0 to 16 layers, since each doubles the number of evaluations; join layers (LayerGroups) or sample orders");
  require(options.permutations >= 4 && options.permutations <= 100'000 && options.permutations % 2 == 0,
          "layer_shapley: permutations = ", options.permutations,
          "; expected an even number from 4 to 100000, since each is followed by its reverse, and one pair has no spread");
  const std::size_t count = layers.layers().size();
  const detail::LayerSet moving = detail::moving_layers(layers, a, b);
  std::vector<std::size_t> players;
  for (std::size_t l = 0; l < count; ++l)
    if (moving[l]) players.push_back(l);
  const bool exact = players.size() <= static_cast<std::size_t>(options.exact_up_to);

  const auto orders =
      exact ? std::vector<std::vector<std::size_t>>() : detail::sampled_orders(players, options.permutations, options.seed);
  const detail::MovedSets moved = detail::measure_moved_sets<T>(
      "layer_shapley", layers, a, b, options.alpha,
      exact ? detail::all_subsets(players, count) : detail::first_layers(orders, count), evaluate);
  const auto shares_in = [&](const auto& value_of) {
    std::vector<double> v;
    for (const detail::MovedSet& set : moved.sets) v.push_back(value_of(set.height));
    if (!exact) return detail::sampled_shares(orders, count, v);
    std::vector<detail::Share> shares(count);
    for (std::size_t i = 0; i < players.size(); ++i) shares[players[i]].value = detail::shapley_value(i, players.size(), v);
    return shares;
  };

  LayerShapley result{.alpha = options.alpha,
                      .layers = {},
                      .height = moved.sets.back().height,  // the last set is that of all layers
                      .sum = {},
                      .exact = exact,
                      .evaluations = moved.evaluations};
  const std::vector<detail::Share> losses = shares_in([](const LossAndError& v) { return v.loss; });
  for (std::size_t l = 0; l < count; ++l) {
    result.layers.push_back({layers.layers()[l].name, {.loss = losses[l].value}, {.loss = losses[l].standard_error}});
    result.sum.loss += losses[l].value;
  }
  if (!result.height.error) return result;
  const std::vector<detail::Share> errors = shares_in([](const LossAndError& v) { return *v.error; });
  result.sum.error = 0;
  for (std::size_t l = 0; l < count; ++l) {
    result.layers[l].share.error = errors[l].value;
    result.layers[l].standard_error.error = errors[l].standard_error;
    *result.sum.error += errors[l].value;
  }
  return result;
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, Evaluator<std::ranges::range_value_t<Range>> E>
LayerShapley layer_shapley(const LayerGroups& layers, const Range& a, const Range& b, E&& evaluate,
                           const LayerShapleyOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return layer_shapley<T>(layers, std::span<const T>(a), std::span<const T>(b), std::forward<E>(evaluate), options);
}

}  // namespace lmc
