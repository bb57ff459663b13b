// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/detail/joint_assignment.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/frank_wolfe.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/align/product.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/detail/half_way.hpp>
#include <lmc/measure/detail/sinkhorn_scaling.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/optim/adam.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

/// How sinkhorn_matching() searches.
struct SinkhornOptions {
  Index steps = 300;           // updates of the relaxed permutations; 0: those of the start
  Index batch_size = 500;      // examples per update; at most the size of the data set
  double learning_rate = 0.1;  // of Adam, on the logits
  int scalings = 20;           // turns of rows and columns in each update
  Index round_every = 25;      // updates between permutations that are tried; the last ones always are
  Index chosen_by =
      5000;  // examples whose loss at the midpoint chooses among all permutations tried; all, where there are fewer
  std::uint64_t seed = 0;                  // of the order of the examples, and of those that choose
  std::optional<Permutations> start = {};  // where the search begins; nothing: at those of frank_wolfe()
};

namespace detail {

/// The parameters θ_B with a doubly stochastic matrix, of SinkhornScaling, in the place of each set's permutation.
template <std::floating_point Scalar>
class RelaxedOrder {
 public:
  /// Matrices near to the start: its entries have the logit 8, all others 0.
  RelaxedOrder(const ParameterLayout& layout, std::span<const Scalar> b, const Permutations& start, int scalings)
      : layout_(layout), terms_(matching_terms(layout)), b_(b), product_(fast_product()) {
    for (const std::vector<Index>& map : unit_maps(terms_, start)) {
      const std::size_t n = map.size(), first = logits.size();
      scalings_.emplace_back(n, scalings);
      logits.resize(first + n * n);
      for (std::size_t i = 0; i < n; ++i) logits[first + i * n + static_cast<std::size_t>(map[i])] = 8;
      p_.emplace_back(n * n);
      dp_.emplace_back(n * n);
    }
    gradient_.resize(logits.size());
  }

  std::vector<double> logits;  // Z of each set, one behind another

  /// out ← P B Qᵀ for each matrix B of parameters whose rows are permuted; others are not written.
  void mix(std::span<Scalar> out) {
    for_each_set([&](std::size_t set, std::size_t first) { scalings_[set].forward(matrix(logits, set, first), p_[set]); });
    for (const MatchingTerm& t : terms_.terms) {
      if (!t.row_set) continue;
      const MatchingTerm turned = transposed(t);
      for (Index r = 0; r < t.repeat_count(); ++r) {
        const std::vector<double> qb =
            t.col_set ? times(p_[*t.col_set], entries(t, r, b_), t.cols.size(), t.rows.size()) : entries(turned, r, b_);
        const std::vector<double> mixed = times(p_[*t.row_set], qb, t.rows.size(), t.cols.size());
        auto from = mixed.begin();
        for (const Index row : t.rows)
          for (const Index col : t.cols)
            out[static_cast<std::size_t>(t.repeats[static_cast<std::size_t>(r)] + row + col)] = static_cast<Scalar>(*from++);
      }
    }
  }

  /// ∂L/∂Z from d = ∂L/∂out, after mix(). Valid until the next call.
  [[nodiscard]] std::span<const double> gradient(std::span<const Scalar> d) {
    for (std::vector<double>& dp : dp_) std::ranges::fill(dp, 0.0);
    for (const MatchingTerm& t : terms_.terms) {
      if (t.row_set) add_gradient(t, d);
      if (t.col_set) add_gradient(transposed(t), d);
    }
    for_each_set(
        [&](std::size_t set, std::size_t first) { scalings_[set].backward(p_[set], dp_[set], matrix(gradient_, set, first)); });
    return gradient_;
  }

  /// The permutations with the largest Σ ⟨P, ·⟩ over the matrices of the last mix().
  [[nodiscard]] Permutations rounded() const {
    Permutations permutations = identity_permutations(layout_);
    UnitMaps maps(p_.size());
    for (std::size_t joint = 0; joint < terms_.joints.size(); ++joint) {
      assign_jointly(terms_, joint, p_, maps);
      set_permutations(terms_.joints[joint], maps, permutations);
    }
    return permutations;
  }

 private:
  template <class Visit>
  void for_each_set(Visit visit) const {
    std::size_t first = 0;
    for (std::size_t set = 0; set < p_.size(); first += p_[set++].size()) visit(set, first);
  }
  std::span<double> matrix(std::vector<double>& all, std::size_t set, std::size_t first) const {
    return std::span(all).subspan(first, p_[set].size());
  }
  // A term's matrix [rows, cols].
  static std::vector<double> entries(const MatchingTerm& t, Index repeat, std::span<const Scalar> theta) {
    std::vector<double> result(t.rows.size() * t.cols.size());
    gather_repeat<Scalar>(t, repeat, theta, result);
    return result;
  }
  // X Yᵀ [m, n], X being square or of the columns that fit.
  std::vector<double> times(const std::vector<double>& x, const std::vector<double>& y, std::size_t m, std::size_t n) const {
    std::vector<double> result(m * n);
    product_({static_cast<Index>(m), static_cast<Index>(n), static_cast<Index>(x.size() / m), x, y, result});
    return result;
  }
  // ∂L/∂P += D (B Qᵀ)ᵀ for the P of the rows.
  void add_gradient(const MatchingTerm& t, std::span<const Scalar> d) {
    for (Index r = 0; r < t.repeat_count(); ++r) {
      std::vector<double> bq = entries(t, r, b_);
      if (t.col_set) bq = times(bq, p_[*t.col_set], t.rows.size(), t.cols.size());
      product_({t.row_count(), t.row_count(), t.col_count(), entries(t, r, d), bq, dp_[*t.row_set]});
    }
  }

  const ParameterLayout& layout_;
  MatchingTerms terms_;
  std::span<const Scalar> b_;
  AddProduct product_;
  std::vector<SinkhornScaling> scalings_;
  std::vector<std::vector<double>> p_, dp_;  // P and ∂L/∂P of each set
  std::vector<double> gradient_;             // ∂L/∂Z
};

template <std::floating_point Scalar>
Alignment sinkhorn(const Network<Scalar>& network, std::span<const Scalar> a, std::span<const Scalar> b,
                   const Dataset<Scalar>& data, const SinkhornOptions& options) {
  const ParameterLayout& layout = network.layout();
  HalfWay<Scalar> half_way("sinkhorn_matching", network, a, data, options);
  const auto consider = [&](const Permutations& p) { half_way.consider(p, permute_segments<Scalar>(layout.parameters, p, b)); };
  const Permutations start =
      options.start ? *options.start : frank_wolfe<Scalar>(layout, a, b, {}, fast_product()).permutations;
  consider(start);
  RelaxedOrder<Scalar> relaxed(layout, b, start, options.scalings);
  // Derivatives by logits are small where a matrix is close to a permutation.
  Adam<double> adam({.learning_rate = options.learning_rate, .epsilon = 1e-12}, relaxed.logits.size());
  std::vector<Scalar> mixed(b.begin(), b.end());
  for (Index step = 0;; ++step) {
    relaxed.mix(mixed);
    if (step > 0 && (step % options.round_every == 0 || step == options.steps)) consider(relaxed.rounded());
    if (step == options.steps) break;
    // ∂L/∂θ at the midpoint is twice ∂L/∂mixed: Adam's updates do not depend on the scale.
    adam.step(relaxed.gradient(half_way.gradient(mixed, step)), relaxed.logits, options.learning_rate);
  }
  return half_way.result(b, static_cast<int>(options.steps));
}

}  // namespace detail

/// Permutations π of b's units with a small loss of ½ θ_A + ½ π(θ_B) on data, by means of permutations that are trained on it. Each
/// group of n units has a matrix P [n, n] in the place of its permutation, whose rows and columns sum to 1:
///   P = diag(u) exp(Z) diag(w),     u and w by Sinkhorn's scaling of rows and columns,
/// and a matrix B of θ_B between two groups becomes P B Qᵀ, called P(θ_B) together. A step is
///   Z ← Adam(Z, ∂L/∂Z),     L: the loss of ½ θ_A + ½ P(θ_B),
/// through the scaling by implicit differentiation. Every options.round_every steps the permutations with the largest ⟨P, ·⟩ are
/// tried; those with the smallest loss on options.chosen_by examples are returned. Those of the start are among them, so that this
/// loss is never above theirs. Use the data that the networks were trained with: what is measured on them afterwards was fitted.
///
/// Groups inside others (units inside attention heads) have one matrix for those of all heads together, in which they may lie
/// between two heads; what is tried keeps heads whole. The result's objective is ⟨θ_A, π(θ_B)⟩, for comparison with other searches:
/// it is not what is searched for, and may end below its value before. No bound is known. sweeps are the steps. Equal arguments
/// give equal bits, for any number of threads. Time of a step: that of a training step, of some products with P for each weight, and
/// 4 options.scalings passes over P. Memory: six matrices [n, n] of double for each group.
/// Source: Peña et al., "Re-basin via implicit Sinkhorn differentiation", CVPR 2023, arXiv:2212.12042.
/// Throws: Error when the network has buffers, whose values at the midpoint no permutation gives; an option is out of range; data,
/// parameters or the start do not fit the network; a loss is not finite; as frank_wolfe(), and when a run diverged.
template <std::floating_point Scalar, HoldsParameters A, HoldsParameters B>
Alignment sinkhorn_matching(const Network<Scalar>& network, const A& a, const B& b, const Dataset<Scalar>& data,
                            const SinkhornOptions& options = {}) {
  require(options.scalings > 0, "sinkhorn_matching: scalings = ", options.scalings, "; expected a positive number");
  require(options.round_every > 0, "sinkhorn_matching: round_every = ", options.round_every, "; expected a positive number");
  detail::require_half_way("sinkhorn_matching", network, a, b, data, options);
  if (options.start) detail::require_permutations("sinkhorn_matching", network.layout(), *options.start);
  return detail::sinkhorn<Scalar>(network, parameters_of(a), parameters_of(b), data, options);
}

}  // namespace lmc
