// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/detail/joint_assignment.hpp>
#include <lmc/align/detail/matching_bound.hpp>
#include <lmc/align/detail/matching_ends.hpp>
#include <lmc/align/detail/matching_gains.hpp>
#include <lmc/align/detail/matching_scale.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/detail/random_order.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/product.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>

namespace lmc {

/// How weight matching searches.
struct WeightMatchingOptions {
  std::uint64_t seed = 0;  // of the order in which groups are visited, and of random starts
  int restarts = 1;  // starts besides the order that the units have: one from the best order by all that lies between units
                     // and fixed axes, then random ones; the best result counts
  int max_sweeps = 1000;  // passes over the groups from one start, at most; they end before where no group gains
};

namespace detail {

/// Coordinate descent from one start after another. The objectives and the bound of its result are of what permutations change alone.
template <std::floating_point Scalar>
class WeightMatcher {
 public:
  WeightMatcher(const ParameterLayout& layout, const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b,
                const WeightMatchingOptions& options, const AddProduct& add_product)
      : layout_(layout),
        a_(a),
        b_(b),
        o_(options),
        terms_(terms),
        gains_(terms, a, b, add_product),
        neighbors_(terms_.joints.size()),
        quadratic_(terms_.joints.size()),
        gain_(terms_.sets.size()),
        duals_(terms_.joints.size()) {
    for (const MatchingTerm& t : terms_.terms) {
      if (!t.col_set) continue;
      const std::size_t x = terms_.sets[*t.row_set].joint, y = terms_.sets[*t.col_set].joint;
      if (x == y) {
        quadratic_[x] = true;
      } else {
        neighbors_[x].push_back(y);
        neighbors_[y].push_back(x);
      }
    }
  }

  Alignment search() {
    Permutations best = identity_permutations(layout_);
    maps_ = unit_maps(terms_, best);
    // Where no weight lies between two groups, the first start ends at an optimum.
    Alignment result{.seed = o_.seed, .restarts = is_coupled() ? o_.restarts : 0};
    double highest = result.objective_before = objective();
    const double rounding = 1e-12 * movable_magnitude(terms_, a_, b_);
    for (int start = 0; start <= result.restarts; ++start) {
      begin(start);
      result.sweeps += descend(start);
      // The first start never falls. What other starts reach must be better than rounding, which may choose among equal units.
      if (const double reached = objective(); start == 0 ? reached >= highest : reached > highest + rounding) {
        highest = reached;
        for (const JointGroup& joint : terms_.joints) set_permutations(joint, maps_, best);
      }
    }
    result.objective_after = highest;
    result.upper_bound = std::max(matching_bound(terms_, gains_), highest);
    result.optimal = *result.upper_bound - highest <= rounding;
    result.moved = moved_units(best);
    result.permutations = std::move(best);
    return result;
  }

 private:
  [[nodiscard]] bool is_coupled() const {
    return std::ranges::any_of(terms_.terms, [](const MatchingTerm& t) { return t.col_set.has_value(); });
  }
  [[nodiscard]] double objective() const { return movable_value<Scalar>(terms_, a_, b_, maps_); }

  // Sets the order of units that search number `start` begins with.
  void begin(int start) {
    maps_ = unit_maps(terms_, start > 1 ? random_order(layout_, o_.seed, start) : identity_permutations(layout_));
    if (start == 1)
      for (std::size_t joint = 0; joint < terms_.joints.size(); ++joint) {
        gains_.compute_fixed(joint, gain_);
        assign_jointly(terms_, joint, gain_, maps_);
      }
  }

  // Visits groups in random order until none gains. A group is visited again only where one that shares a term with it has moved
  // since: else its gains are those that it had.
  int descend(int start) {
    std::vector<std::size_t> order(terms_.joints.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<bool> stale(order.size(), true);
    for (int sweep = 0; sweep < o_.max_sweeps; ++sweep) {
      if (std::ranges::find(stale, true) == stale.end()) return sweep;
      shuffle({.seed = o_.seed,
               .purpose = Purpose::unit_order,
               .epoch = static_cast<std::uint32_t>(sweep),
               .part = 2 * static_cast<std::uint32_t>(start) + 1},
              std::span(order));
      for (const std::size_t joint : order) {
        if (!stale[joint]) continue;
        stale[joint] = false;
        if (!improve(joint)) continue;
        stale[joint] = quadratic_[joint];
        for (const std::size_t neighbor : neighbors_[joint]) stale[neighbor] = true;
      }
    }
    return o_.max_sweeps;
  }

  // Gives a joint group the best permutations for the others as they are; whether that gains more than rounding.
  bool improve(std::size_t joint) {
    gains_.compute(joint, maps_, gain_);
    const JointGroup& group = terms_.joints[joint];
    const auto first = maps_.begin() + static_cast<std::ptrdiff_t>(group.first_set);
    const UnitMaps before(first, first + static_cast<std::ptrdiff_t>(group.sets()));
    const double objective_before = quadratic_[joint] ? objective() : 0;
    double gained = 0, magnitude = 0;
    const auto add = [&](double sign) {
      for (std::size_t set = group.first_set; set < group.first_set + group.sets(); ++set)
        for (std::size_t i = 0; i < maps_[set].size(); ++i) {
          const double gain = gain_[set][i * maps_[set].size() + static_cast<std::size_t>(maps_[set][i])];
          gained += sign * gain;
          magnitude += std::abs(gain);
        }
    };
    add(-1);
    duals_[joint] = assign_jointly(terms_, joint, gain_, maps_, duals_[joint]).duals;
    add(1);
    // Where both sides of a term are this group, its gains are those of one side while the other stays: both together may lose.
    if (quadratic_[joint]) gained = objective() - objective_before;
    if (gained > 1e-12 * magnitude) return true;
    std::ranges::copy(before, first);
    return false;
  }

  const ParameterLayout& layout_;
  std::span<const Scalar> a_, b_;
  WeightMatchingOptions o_;
  const MatchingTerms& terms_;
  MatchingGains<Scalar> gains_;
  std::vector<std::vector<std::size_t>> neighbors_;  // of each joint group: those with which it shares a term
  std::vector<bool> quadratic_;                      // whether both sides of a term are this group
  UnitMaps maps_;
  std::vector<std::vector<double>> gain_;   // of each set
  std::vector<std::vector<double>> duals_;  // of each joint group, from its last visit
};

}  // namespace detail

/// The permutations π of b's units with the largest ⟨θ_A, π(θ_B)⟩ that coordinate descent finds, so that ‖θ_A − π(θ_B)‖ is small:
/// group after group, in a random order, takes the linear assignment that is best while the others stay, until none gains.
/// Weights, biases and gains of normalizations count alike, each as it lies in θ; buffers follow their units in permute(), and
/// have no say. Heads and the units inside them are one group: a pair of heads is worth the optimum inside.
///
/// a and b, of length layout.parameter_count(), stay as they are. objective_after is never below objective_before. Where no
/// weight lies between two groups (one hidden layer, of any kind), the result is a global optimum, and optimal says so, by the
/// duals of the assignments. Deeper, upper_bound is that of relaxed assignments: for a weight between two groups, a pair of rows
/// counts with the largest dot product that any order of their entries has. That bound is loose unless the networks are alike.
/// optimal: upper_bound − objective_after ≤ 10⁻¹² Σ_t ‖A_t‖ ‖B_t‖, what rounding may leave, over the tensors t that permutations move.
/// A segment that none moves has no say, however large: it is added to the objectives and the bound at the end,
/// whose difference may then have lost its digits. Nor does underflow decide: networks with entries of 10⁻¹⁷⁰, say, are matched as
/// their multiples by powers of two.
///
/// All sums are in double. product: C += X Yᵀ, where nearly all time goes; it decides the last bits, and by them which of equally
/// good permutations is found. Equal arguments give equal bits.
/// Source: Ainsworth, Hayase, Srinivasa, "Git Re-Basin", arXiv:2209.04836, algorithm 1.
/// Throws: Error when a length is not the layout's, a parameter is not finite (with its segment), or more than two groups meet in
/// one segment.
template <std::floating_point Scalar>
Alignment weight_matching(const ParameterLayout& layout, std::span<const Scalar> a, std::span<const Scalar> b,
                          const WeightMatchingOptions& options = {}, const AddProduct& product = add_product) {
  require(options.restarts >= 0 && options.restarts < 1 << 22, "weight_matching: restarts = ", options.restarts,
          "; expected 0 … 4194303");
  require(options.max_sweeps > 0, "weight_matching: max_sweeps = ", options.max_sweeps, "; expected a positive number");
  detail::require_matching_ends("weight_matching", layout, a, b);
  const detail::MatchingTerms terms = detail::matching_terms(layout);
  return detail::search_at_scale(terms, a, b, [&]<class T>(std::span<const T> x, std::span<const T> y) {
    return detail::WeightMatcher<T>(layout, terms, x, y, options, product).search();
  });
}

/// The same for networks that come with a layout each. Throws: Error that names the first segment in which they differ, before
/// anything is computed.
template <std::floating_point Scalar>
Alignment weight_matching(const ParameterLayout& layout_a, std::span<const Scalar> a, const ParameterLayout& layout_b,
                          std::span<const Scalar> b, const WeightMatchingOptions& options = {},
                          const AddProduct& product = add_product) {
  detail::require_equal_layouts("weight_matching", layout_a, layout_b);
  return weight_matching(layout_a, a, b, options, product);
}

}  // namespace lmc
