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
#include <lmc/align/detail/matching_ends.hpp>
#include <lmc/align/detail/matching_scale.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/frank_wolfe.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/align/product.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// How common_order() searches.
struct CommonOrderOptions {
  std::uint64_t seed = 0;  // of the orders in which networks are joined and visited
  int restarts = 0;        // other orders of joining, besides the given one; the best result counts
  int max_sweeps = 100;    // passes over the networks after they are joined, at most; they end before where none gains
};

/// An order of units that several networks have in common, the universe of the literature.
struct CommonOrder {
  std::vector<Permutations> permutations =
      {};                       // of each network k: permute(layout, permutations[k], θ_k) has the common order,
                                // which is that of the first
  double objective_before = 0;  // Σ over pairs of ⟨θ_j, θ_k⟩
  double objective_after = 0;   // Σ over pairs of ⟨π_j(θ_j), π_k(θ_k)⟩; never below the one before
  std::uint64_t seed = 0;       // of the options
  int restarts = 0;             // of the options
  int sweeps = 0;               // passes over the networks, joining among them, in all starts together
};

/// The permutations that bring network b into the order of network a. They are consistent in every cycle, exactly: from c to b and
/// on to a is from c to a. Throws: Error when there are no such networks, or the permutations do not fit the layout.
inline Permutations permutations_between(const ParameterLayout& layout, const CommonOrder& order, std::size_t a,
                                         std::size_t b) {
  const std::size_t count = order.permutations.size();
  require(a < count && b < count, "permutations_between: networks ", a, " and ", b, " of ", count,
          "; expected numbers below that");
  return compose(layout, inverse(layout, order.permutations[a]), order.permutations[b]);
}

namespace detail {

/// Networks that are joined one after another, and then moved one at a time while the others stay.
template <std::floating_point Scalar>
class CommonOrderSearch {
 public:
  CommonOrderSearch(const ParameterLayout& layout, std::span<const std::span<const Scalar>> networks,
                    const CommonOrderOptions& options, const AddProduct& product)
      : layout_(layout), o_(options), product_(product) {
    const MatchingTerms terms = matching_terms(layout);
    Theta before(static_cast<std::size_t>(layout.parameter_count()));
    for (const std::span<const Scalar> theta : networks) {
      const Theta whole(theta.begin(), theta.end());
      fixed_ += fixed_value<double>(terms, before, whole);
      for (std::size_t i = 0; i < before.size(); ++i) before[i] += whole[i];
    }
    // One exponent for all, the largest network's: the others keep their weight.
    double largest = 0;
    for (const std::span<const Scalar> theta : networks) largest = std::max(largest, movable_largest(terms, theta));
    exponent_ = underflow_exponent(largest);
    for (const std::span<const Scalar> theta : networks) networks_.push_back(movable_at_scale(terms, theta, exponent_));
  }

  CommonOrder search() {
    CommonOrder best{.seed = o_.seed, .restarts = o_.restarts};
    best.permutations.assign(networks_.size(), identity_permutations(layout_));
    best.objective_before = best.objective_after = objective(best.permutations);
    for (int start = 0; start <= o_.restarts; ++start) {
      join(start);
      best.sweeps += 1 + improve(start);
      const double reached = objective(permutations_);
      if (reached <= best.objective_after) continue;
      best.objective_after = reached;
      best.permutations = permutations_;
    }
    const Permutations to_first = inverse(layout_, best.permutations.front());
    for (Permutations& p : best.permutations) p = compose(layout_, to_first, p);
    for (double* const value : {&best.objective_before, &best.objective_after})
      *value = std::ldexp(*value, 2 * exponent_) + fixed_;
    return best;
  }

 private:
  using Theta = std::vector<double>;

  // Each network takes the order that is best for the sum of those before it.
  void join(int start) {
    std::vector<std::size_t> order = visiting_order(start, 0, start > 0);
    permutations_.assign(networks_.size(), identity_permutations(layout_));
    sum_.assign(static_cast<std::size_t>(layout_.parameter_count()), 0);
    for (const std::size_t k : order) {
      if (k != order.front()) permutations_[k] = frank_wolfe<double>(layout_, sum_, networks_[k], {}, product_).permutations;
      add(k, 1);
    }
  }
  // Each takes the order that is best for the sum of all others, until none gains. Returns the number of passes.
  int improve(int start) {
    std::size_t idle = 0;  // networks in a row that did not gain
    for (int sweep = 1; sweep <= o_.max_sweeps; ++sweep) {
      for (const std::size_t k : visiting_order(start, sweep, true)) {
        if (idle == networks_.size()) return sweep;
        add(k, -1);
        const Alignment from_now = frank_wolfe<double>(layout_, sum_, networks_[k], {.start = permutations_[k]}, product_);
        const double now = dot(sum_, moved(k, permutations_[k]));
        if (from_now.objective_after > now + 1e-12 * std::abs(now)) {
          permutations_[k] = from_now.permutations;
          idle = 0;
        }
        ++idle;
        add(k, 1);
      }
    }
    return o_.max_sweeps;
  }

  [[nodiscard]] std::vector<std::size_t> visiting_order(int start, int sweep, bool random) const {
    std::vector<std::size_t> order(networks_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (random)
      shuffle({.seed = o_.seed,
               .purpose = Purpose::model_order,
               .epoch = static_cast<std::uint32_t>(sweep),
               .part = static_cast<std::uint32_t>(start)},
              std::span(order));
    return order;
  }
  [[nodiscard]] Theta moved(std::size_t k, const Permutations& permutations) const {
    return permute_segments<double>(layout_.parameters, permutations, networks_[k]);
  }
  void add(std::size_t k, double sign) {
    const Theta theta = moved(k, permutations_[k]);
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += sign * theta[i];
  }
  [[nodiscard]] static double dot(const Theta& x, const Theta& y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  }
  // Σ over pairs, each network with the sum of those before it.
  [[nodiscard]] double objective(const std::vector<Permutations>& permutations) const {
    Theta before(static_cast<std::size_t>(layout_.parameter_count()));
    double sum = 0;
    for (std::size_t k = 0; k < networks_.size(); ++k) {
      const Theta theta = moved(k, permutations[k]);
      sum += dot(before, theta);
      for (std::size_t i = 0; i < before.size(); ++i) before[i] += theta[i];
    }
    return sum;
  }

  const ParameterLayout& layout_;
  CommonOrderOptions o_;
  const AddProduct& product_;
  std::vector<Theta> networks_;  // 2⁻ᵉ of the entries that permutations move; the others, which have no say, are 0
  int exponent_ = 0;             // e: not 0 where products would underflow
  double fixed_ = 0;             // Σ over pairs of the entries that no permutation moves
  std::vector<Permutations> permutations_;
  Theta sum_;  // of the networks in the order that they have now
};

}  // namespace detail

/// An order of units for several networks of one layout, in which
///   Σ over pairs j < k of ⟨π_j(θ_j), π_k(θ_k)⟩ = ½ ‖Σ_k π_k(θ_k)‖² − ½ Σ_k ‖θ_k‖²
/// is large, so that their mean is long and their distances from it are small. Each network has permutations to the common order alone;
/// those from one network to another are made of these, so that no cycle of networks contradicts itself, as matching every two
/// does. The networks are joined one after another; then, in a random order, each is matched anew with the sum of all others, until
/// none gains. Every match is a frank_wolfe() over all layers, which never returns less than it is given, so that the objective
/// never falls. What is found is an optimum for each network while the others stay.
///
/// As in weight_matching(), segments that no permutation moves have no say, and tiny entries are scaled, so that none underflows.
/// For two networks it is the objective of frank_wolfe(), and at least what that finds. Sums are in double; equal arguments give equal
/// bits. Memory: that of frank_wolfe(), and each network in double.
/// Source: Crisostomi et al., "C²M³: Cycle-consistent multi-model merging", arXiv:2405.17897, for objective and universe; there,
/// a step moves all networks at once. One network after another: Ainsworth et al., arXiv:2209.04836, algorithm 3, there by weight
/// matching to the mean.
/// Throws: Error when there is no network or an option is out of range; otherwise as frank_wolfe(), naming the network.
template <std::floating_point Scalar>
CommonOrder common_order(const ParameterLayout& layout, std::span<const std::span<const Scalar>> networks,
                         const CommonOrderOptions& options = {}, const AddProduct& product = add_product) {
  require(!networks.empty(), "common_order: no networks; expected at least one");
  require(options.restarts >= 0 && options.restarts < 1 << 22, "common_order: restarts = ", options.restarts,
          "; expected 0 … 4194303");
  require(options.max_sweeps > 0, "common_order: max_sweeps = ", options.max_sweeps, "; expected a positive number");
  for (std::size_t k = 0; k < networks.size(); ++k)
    detail::require_matching_end("common_order", concat("network ", k), layout, networks[k]);
  return detail::CommonOrderSearch<Scalar>(layout, networks, options, product).search();
}

}  // namespace lmc
