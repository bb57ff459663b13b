// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/layer_groups.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// A number about the loss, and the same about the error where that was measured.
struct LossAndError {
  double loss = 0;                   // in the units of the loss
  std::optional<double> error = {};  // a share of examples
  friend bool operator==(const LossAndError&, const LossAndError&) = default;
};

/// Where a layer is: at an end, or at the place of the path that is looked at.
enum class LayerPlace : std::uint8_t { a, between, b };

/// A θ whose layers are at different places: one entry for each layer.
using LayerMixture = std::vector<LayerPlace>;

/// Several mixtures of the same three θ. The spans are views: what they show must outlive it.
template <std::floating_point T>
struct LayerMixtures {
  std::array<std::span<const T>, 3> thetas = {};  // at a, between and at b, of one length
  std::span<const LayerRange> ranges = {};        // which stretch of θ belongs to which layer: all of θ, in order
  std::span<const LayerMixture> mixtures = {};    // no two alike

  /// Where the parameters of that range come from in a mixture.
  [[nodiscard]] std::span<const T> source(const LayerRange& range, const LayerMixture& mixture) const {
    return thetas[static_cast<std::size_t>(mixture[range.layer])].subspan(range.first, range.count);
  }
  /// theta ← that mixture, for equal lengths.
  void assemble(const LayerMixture& mixture, std::span<T> theta) const {
    for (const LayerRange& range : ranges)
      std::ranges::copy(source(range, mixture), theta.begin() + static_cast<std::ptrdiff_t>(range.first));
  }
};

/// An Evaluator that measures many mixtures in one call, with work shared between them: their metrics in order. `wrong` may be
/// left out.
template <class E, class T>
concept MixtureEvaluator =
    Evaluator<E, T> && requires(const std::remove_reference_t<E>& evaluate, const LayerMixtures<T>& mixtures) {
      { evaluate.evaluate_mixtures(mixtures) } -> std::same_as<std::vector<Metrics>>;
    };

namespace detail {

/// f of the losses, and of the errors where all have one.
template <class F, class... Values>
LossAndError of_each(F f, const Values&... values) {
  LossAndError result{.loss = f(values.loss...)};
  if ((values.error.has_value() && ...)) result.error = f(*values.error...);
  return result;
}

/// Which layers are moved: one entry for each.
using LayerSet = std::vector<bool>;

/// What was measured with one set of layers at θ(α).
struct MovedSet {
  LossAndError from_a;  // the other layers at a
  LossAndError from_b;  // the other layers at b
  LossAndError height;  // v = ᾱ (from_a − f(a)) + α (from_b − f(b))
};
struct MovedSets {
  LossAndError a, b;           // f at the ends
  std::vector<MovedSet> sets;  // in the order of the sets asked for
  Index evaluations = 0;       // different θ that were measured
};

/// Throws: Error, begun by `who`, unless a and b are two finite θ of these layers and α is a place between them.
template <std::floating_point T>
void require_ends(std::string_view who, const LayerGroups& layers, std::span<const T> a, std::span<const T> b, double alpha) {
  require(a.size() == layers.parameter_count() && b.size() == a.size(), who, ": a has ", a.size(), " parameters and b ",
          b.size(), "; the layers have ", layers.parameter_count());
  require(alpha >= 0 && alpha <= 1, who, ": alpha = ", shortest(alpha), "; expected a place on the path, in [0, 1]");
  for (const auto& [theta, name] : {std::pair(a, "a"), std::pair(b, "b")}) {
    const auto found = std::ranges::find_if(theta, [](T x) { return !std::isfinite(x); });
    require(found == theta.end(), who, ": parameter ", found - theta.begin(), " of ", name, " is ",
            found == theta.end() ? T(0) : *found, "; a run that diverged has no barrier to be explained");
  }
}

template <class T>
bool equal_bytes(std::span<const T> x, std::span<const T> y) {
  return std::ranges::equal(std::as_bytes(x), std::as_bytes(y));
}

/// The layers that differ between a and b in any bit.
template <std::floating_point T>
LayerSet moving_layers(const LayerGroups& layers, std::span<const T> a, std::span<const T> b) {
  LayerSet moving(layers.layers().size());
  for (const LayerRange& r : layers.ranges())
    if (!equal_bytes(a.subspan(r.first, r.count), b.subspan(r.first, r.count))) moving[r.layer] = true;
  return moving;
}

template <std::floating_point T, class E>
std::vector<Metrics> evaluate_mixtures(const LayerMixtures<T>& request, E& evaluate) {
  if constexpr (MixtureEvaluator<E, T>) {
    return std::as_const(evaluate).evaluate_mixtures(request);
  } else {
    std::vector<Metrics> measured;
    std::vector<T> theta(request.thetas[0].size());
    for (const LayerMixture& mixture : request.mixtures) {
      request.assemble(mixture, theta);
      measured.push_back(std::invoke(evaluate, std::span<const T>(theta)));
      measured.back().wrong.clear();  // of thousands of θ, they would take more memory than the networks
    }
    return measured;
  }
}

/// Says which θ a mixture is.
inline std::string describe(const LayerGroups& layers, const LayerMixture& mixture, double alpha) {
  std::string moved;
  for (std::size_t l = 0; l < mixture.size(); ++l)
    if (mixture[l] == LayerPlace::between) moved += (moved.empty() ? "" : ", ") + layers.layers()[l].name;
  const char* rest = std::ranges::find(mixture, LayerPlace::b) == mixture.end() ? "a" : "b";
  return moved.empty() ? concat("with all layers at ", rest)
                       : concat("with ", moved, " at α = ", shortest(alpha), " and the other layers at ", rest);
}

/// Measures θ with each of the sets at θ(α) and the other layers at a, and at b; each different θ once. A layer that is equal at
/// both ends counts as being at a. Throws: Error, begun by `who`, as layer_paths and layer_shapley say.
template <std::floating_point T, Evaluator<T> E>
MovedSets measure_moved_sets(std::string_view who, const LayerGroups& layers, std::span<const T> a, std::span<const T> b,
                             double alpha, const std::vector<LayerSet>& sets, E& evaluate) {
  const PathWeights place{alpha, 1 - alpha};
  const std::vector<T> a_before(a.begin(), a.end()), b_before(b.begin(), b.end());
  std::vector<T> between(a.size());
  interpolate<T>(a, b, place, between);
  const LayerSet moving = moving_layers(layers, a, b);
  const auto mixture_of = [&](const LayerSet& set, LayerPlace rest) {
    LayerMixture mixture(set.size(), LayerPlace::a);
    for (std::size_t l = 0; l < set.size(); ++l)
      if (moving[l]) mixture[l] = set[l] ? LayerPlace::between : rest;
    return mixture;
  };

  const LayerSet none(moving.size());
  std::vector<LayerMixture> distinct{mixture_of(none, LayerPlace::a), mixture_of(none, LayerPlace::b)};
  for (const LayerSet& set : sets)
    for (const LayerPlace rest : {LayerPlace::a, LayerPlace::b}) distinct.push_back(mixture_of(set, rest));
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());

  const std::vector<Metrics> measured =
      evaluate_mixtures<T>({.thetas = {a, between, b}, .ranges = layers.ranges(), .mixtures = distinct}, evaluate);
  require(equal_bytes<T>(a, a_before) && equal_bytes<T>(b, b_before), who,
          ": the evaluator changes a or b; is one of them the memory that it loads θ into? Pass a copy");
  require(measured.size() == distinct.size(), who, ": evaluate_mixtures gave ", measured.size(), " metrics for ",
          distinct.size(), " θ");
  for (std::size_t i = 0; i < distinct.size(); ++i) {  // all layers at a come first
    const std::string gave = concat(who, ": ", describe(layers, distinct[i], alpha), " the evaluator gave ");
    require_consistent(gave, measured[i], measured.front());
    require(std::isfinite(measured[i].loss) && std::isfinite(measured[i].error.value_or(0)), gave, "the loss ",
            shortest(measured[i].loss), measured[i].error ? concat(" and the error ", shortest(*measured[i].error)) : "",
            "; expected finite numbers, since one that is not leaves nothing to divide among the layers");
  }

  const auto value_of = [&](const LayerSet& set, LayerPlace rest) -> LossAndError {
    const auto found = std::ranges::lower_bound(distinct, mixture_of(set, rest));
    const Metrics& metrics = measured[static_cast<std::size_t>(found - distinct.begin())];
    return {metrics.loss, metrics.error};
  };
  MovedSets result{.a = value_of(none, LayerPlace::a),
                   .b = value_of(none, LayerPlace::b),
                   .sets = {},
                   .evaluations = static_cast<Index>(distinct.size())};
  // By chord, so that the mirrored sum has the same bits.
  const auto height = [&](double from_a, double at_a, double from_b, double at_b) {
    return chord(from_a - at_a, from_b - at_b, place);
  };
  for (const LayerSet& set : sets) {
    const LossAndError from_a = value_of(set, LayerPlace::a), from_b = value_of(set, LayerPlace::b);
    result.sets.push_back({from_a, from_b, of_each(height, from_a, result.a, from_b, result.b)});
  }
  return result;
}

}  // namespace detail
}  // namespace lmc
