// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <lmc/align/alignment.hpp>
#include <lmc/align/detail/matching_ends.hpp>
#include <lmc/align/detail/matching_scale.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/detail/random_order.hpp>
#include <lmc/align/detail/relaxed_matching.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/product.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>

namespace lmc {

/// How frank_wolfe() searches.
struct FrankWolfeOptions {
  std::uint64_t seed = 0;  // of the random starts
  int restarts = 0;        // ascents besides that from the barycenter, each from half way to random permutations
  int iterations = 1000;   // steps of an ascent, at most; 20 to 50 are usual
  double tolerance = 1e-9;  // an ascent ends where its gap is at most so many Σ_t ‖A_t‖ ‖B_t‖, over the tensors that move
  std::optional<Permutations> start = {};  // one more ascent begins half way to these; the result is no worse than they are
};

namespace detail {

/// One step of Frank and Wolfe's.
struct FrankWolfeStep {
  UnitMaps vertex;   // S, the permutations with the largest ⟨∇f(X), S⟩
  double value = 0;  // f(S)
  double gap = 0;    // ⟨∇f(X), S − X⟩, where X was; 0, up to rounding, where X is stationary
};

/// Moves X towards S as far as f rises, at most to S. On the way f is the parabola
///   f(X + t (S − X)) = f(X) + gap t + (f(S) − f(X) − gap) t²,
/// so that the best t in [0, 1] is exact. X stays where its gap is at most `least`.
template <std::floating_point Scalar>
FrankWolfeStep frank_wolfe_step(RelaxedMatching<Scalar>& matching, RelaxedPoint& x, double least) {
  FrankWolfeStep step{.vertex = matching.assign(x.gradient)};
  RelaxedPoint s = matching.vertex(step.vertex);
  step.value = s.value;
  step.gap = inner_product(x.gradient, step.vertex) - inner_product(x.gradient, x.x);
  if (!(step.gap > least)) return step;
  const double curvature = s.value - x.value - step.gap;
  if (step.gap + 2 * curvature >= 0) {
    x = std::move(s);  // f rises all the way
  } else {
    matching.mix(step.gap / (-2 * curvature), s, x);
  }
  return step;
}

/// Several ascents; the best permutations that any of them met. The objectives and the bound of the result are of what permutations
/// change alone.
template <std::floating_point Scalar>
class FrankWolfeSearch {
 public:
  FrankWolfeSearch(const ParameterLayout& layout, const MatchingTerms& terms, std::span<const Scalar> a,
                   std::span<const Scalar> b, const FrankWolfeOptions& options, const AddProduct& product)
      : layout_(layout),
        a_(a),
        b_(b),
        o_(options),
        terms_(terms),
        matching_(terms, a, b, product),
        scale_(movable_magnitude(terms, a, b)) {}

  Alignment search() {
    best_ = unit_maps(terms_, identity_permutations(layout_));
    best_value_ = objective(best_);
    Alignment result{.objective_before = best_value_, .seed = o_.seed, .restarts = o_.restarts};
    result.sweeps += ascend(matching_.barycenter());
    if (o_.start) {
      keep(unit_maps(terms_, *o_.start));
      result.sweeps += ascend(half_way_to(*o_.start));
    }
    for (int restart = 1; restart <= o_.restarts; ++restart)
      result.sweeps += ascend(half_way_to(random_order(layout_, o_.seed, restart)));
    result.permutations = identity_permutations(layout_);
    for (const JointGroup& joint : terms_.joints) set_permutations(joint, best_, result.permutations);
    result.objective_after = best_value_;
    result.upper_bound = std::max(matching_.upper_bound(), best_value_);
    result.optimal = *result.upper_bound - best_value_ <= 1e-12 * scale_;
    result.moved = moved_units(result.permutations);
    return result;
  }

 private:
  [[nodiscard]] double objective(const UnitMaps& maps) const { return movable_value<Scalar>(terms_, a_, b_, maps); }

  [[nodiscard]] RelaxedPoint half_way_to(const Permutations& permutations) {
    RelaxedPoint x = matching_.barycenter();
    matching_.mix(0.5, matching_.vertex(unit_maps(terms_, permutations)), x);
    return x;
  }
  // Steps until X is stationary, nearly always at permutations; if not, the assignment nearest to X counts as well. Returns the
  // number of steps.
  int ascend(RelaxedPoint x) {
    const double least = o_.tolerance * scale_;
    int steps = 0;
    double highest = -std::numeric_limits<double>::infinity();
    UnitMaps top;
    for (bool moves = true; moves && steps < o_.iterations; ++steps) {
      FrankWolfeStep step = frank_wolfe_step(matching_, x, least);
      moves = step.gap > least;
      if (step.value <= highest) continue;
      highest = step.value;
      top = std::move(step.vertex);
    }
    keep(std::move(top));
    keep(matching_.assign(x.x));
    return steps;
  }
  void keep(UnitMaps maps) {
    const double value = objective(maps);
    if (value <= best_value_) return;
    best_value_ = value;
    best_ = std::move(maps);
  }

  const ParameterLayout& layout_;
  std::span<const Scalar> a_, b_;
  FrankWolfeOptions o_;
  const MatchingTerms& terms_;
  RelaxedMatching<Scalar> matching_;
  double scale_;  // ‖θ_A‖ ‖θ_B‖ of what permutations move: no objective is larger
  UnitMaps best_;
  double best_value_ = 0;
};

}  // namespace detail

/// Permutations π of b's units with a large ⟨θ_A, π(θ_B)⟩, by Frank and Wolfe's method over all layers jointly. In place of
/// permutations there are means X of permutations, one matrix for each group, and f(X) is the objective, a quadratic one. A step
/// takes the permutations S that are best to first order, by one linear assignment for each group (heads and what is inside
/// them are one), all at the same X, and moves to the best point of the line to them:
///   S = argmax ⟨∇f(X), S⟩,     X ← X + t (S − X),     t = argmax f on [0, 1], in closed form.
/// f never falls. A step costs two products for each weight between two groups, as a sweep of weight_matching() does; but there
/// one layer at a time is settled while the others stay, and here all lean towards each other before any is. An ascent ends at
/// permutations nearly always; if not, X is rounded by one more assignment.
///
/// The first ascent starts at the barycenter, where all entries of X are equal; others start half way from there to options.start and
/// to random permutations. The best permutations met are returned, a local optimum; objective_after is below neither
/// objective_before nor the objective of options.start. upper_bound and optimal are those of weight_matching().
///
/// a and b, of length layout.parameter_count(), stay as they are. All sums are in double; product: C += X Yᵀ. Equal arguments give
/// equal bits. Memory: six matrices [n, n] of double for each group of n units.
/// Source: Vogelstein et al., "Fast approximate quadratic programming for graph matching", PLoS ONE 10 (2015); for networks
/// Crisostomi et al., "C²M³: Cycle-consistent multi-model merging", arXiv:2405.17897.
/// Throws: Error when an option is out of range, a length is not the layout's, a parameter is not finite (with its segment), the
/// start does not fit the layout, or more than two groups meet in one segment.
template <std::floating_point Scalar>
Alignment frank_wolfe(const ParameterLayout& layout, std::span<const Scalar> a, std::span<const Scalar> b,
                      const FrankWolfeOptions& options = {}, const AddProduct& product = add_product) {
  require(options.restarts >= 0 && options.restarts < 1 << 22, "frank_wolfe: restarts = ", options.restarts,
          "; expected 0 … 4194303");
  require(options.iterations > 0, "frank_wolfe: iterations = ", options.iterations, "; expected a positive number");
  require(options.tolerance >= 0 && options.tolerance <= 1, "frank_wolfe: tolerance = ", options.tolerance,
          "; expected a small share, in [0, 1]");
  if (options.start) detail::require_permutations("frank_wolfe", layout, *options.start);
  detail::require_matching_ends("frank_wolfe", layout, a, b);
  const detail::MatchingTerms terms = detail::matching_terms(layout);
  return detail::search_at_scale(terms, a, b, [&]<class T>(std::span<const T> x, std::span<const T> y) {
    return detail::FrankWolfeSearch<T>(layout, terms, x, y, options, product).search();
  });
}

/// The same for networks that come with a layout each. Throws: Error that names the first segment in which they differ, before
/// anything is computed.
template <std::floating_point Scalar>
Alignment frank_wolfe(const ParameterLayout& layout_a, std::span<const Scalar> a, const ParameterLayout& layout_b,
                      std::span<const Scalar> b, const FrankWolfeOptions& options = {},
                      const AddProduct& product = add_product) {
  detail::require_equal_layouts("frank_wolfe", layout_a, layout_b);
  return frank_wolfe(layout_a, a, b, options, product);
}

}  // namespace lmc
