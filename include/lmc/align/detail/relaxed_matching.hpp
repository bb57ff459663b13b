// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <lmc/align/detail/joint_assignment.hpp>
#include <lmc/align/detail/matching_bound.hpp>
#include <lmc/align/detail/matching_gains.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/product.hpp>
#include <lmc/core/shape.hpp>

// ⟨θ_A, π(θ_B)⟩ with a matrix X for each set of units in place of its permutation: a mean of permutations, so that rows and columns
// sum to 1. A term has two of these matrices at most, so that the objective is quadratic:
//   f(X) = ⟨C, X⟩ + ½ ⟨H X, X⟩,     ∇f(X) = C + H X,     hence f(X) = ½ ⟨∇f(X) + C, X⟩.
// What no permutation changes is no part of f. The gradient at a mean of points is the mean of their gradients. All points that a
// search meets are means of permutations and of the barycenter, where products are with permuted rows or with sums of columns:
// none has a full matrix X as an operand.
namespace lmc::detail {

/// A matrix [size, size] for each set, row-major.
using SetMatrices = std::vector<std::vector<double>>;

/// ⟨x, y⟩ of the matrices of one set.
inline double inner_product(const std::vector<double>& x, const std::vector<double>& y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}
/// The same with the matrix of a permutation, whose entries (i, map[i]) are 1.
inline double inner_product(const std::vector<double>& x, const std::vector<Index>& map) {
  double sum = 0;
  for (std::size_t i = 0; i < map.size(); ++i) sum += x[i * map.size() + static_cast<std::size_t>(map[i])];
  return sum;
}
/// Σ over all sets of ⟨x, y⟩; y: SetMatrices or UnitMaps.
template <class Y>
double inner_product(const SetMatrices& x, const std::vector<Y>& y) {
  double sum = 0;
  for (std::size_t s = 0; s < x.size(); ++s) sum += inner_product(x[s], y[s]);
  return sum;
}

/// A mean of permutations, with what is known of the objective there.
struct RelaxedPoint {
  SetMatrices x;         // X
  SetMatrices gradient;  // ∇f(X)
  double value = 0;      // f(X)
};

/// f for two networks, whose parameters, terms and product must outlive it.
template <std::floating_point Scalar>
class RelaxedMatching {
 public:
  RelaxedMatching(const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b, const AddProduct& product)
      : terms_(terms), a_(a), b_(b), product_(product), gains_(terms, a, b, product), duals_(terms.joints.size()) {}

  /// Permutations.
  [[nodiscard]] RelaxedPoint vertex(const UnitMaps& maps) {
    RelaxedPoint point{.x = filled(0), .gradient = SetMatrices(terms_.sets.size())};
    for (std::size_t s = 0; s < maps.size(); ++s)
      for (std::size_t i = 0; i < maps[s].size(); ++i)
        point.x[s][i * maps[s].size() + static_cast<std::size_t>(maps[s][i])] = 1;
    for (std::size_t joint = 0; joint < terms_.joints.size(); ++joint) gains_.compute(joint, maps, point.gradient);
    point.value = value(point.gradient, maps);
    return point;
  }
  /// The mean of all permutations: the entries of X are 1/size.
  [[nodiscard]] RelaxedPoint barycenter() {
    RelaxedPoint point{.x = filled(1), .gradient = SetMatrices(terms_.sets.size())};
    for (std::size_t s = 0; s < terms_.sets.size(); ++s) {
      point.gradient[s] = gains_.fixed(s);
      for (const MatchingTerm& t : gains_.coupled(s)) add_mean_gain(t, point.gradient[s]);
    }
    point.value = value(point.gradient, point.x);
    return point;
  }
  /// to ← (1 − t) to + t from.
  void mix(double t, const RelaxedPoint& from, RelaxedPoint& to) const {
    for (const auto member : {&RelaxedPoint::x, &RelaxedPoint::gradient})
      for (std::size_t s = 0; s < terms_.sets.size(); ++s)
        std::ranges::transform((to.*member)[s], (from.*member)[s], (to.*member)[s].begin(),
                               [=](double x, double y) { return x + t * (y - x); });
    to.value = value(to.gradient, to.x);
  }
  /// The permutations with the largest Σ ⟨matrices, ·⟩; quicker where the matrices are like those of the last call.
  [[nodiscard]] UnitMaps assign(const SetMatrices& matrices) {
    UnitMaps maps(terms_.sets.size());
    for (std::size_t joint = 0; joint < terms_.joints.size(); ++joint)
      duals_[joint] = assign_jointly(terms_, joint, matrices, maps, duals_[joint]).duals;
    return maps;
  }
  /// No permutations have a larger f.
  [[nodiscard]] double upper_bound() { return matching_bound(terms_, gains_); }

 private:
  // Matrices of `sum` ÷ size.
  [[nodiscard]] SetMatrices filled(double sum) const {
    SetMatrices matrices;
    for (const UnitSet& set : terms_.sets)
      matrices.emplace_back(static_cast<std::size_t>(set.size * set.size), sum / static_cast<double>(set.size));
    return matrices;
  }
  // f(X), from ∇f(X) and X, a SetMatrices or UnitMaps.
  template <class X>
  [[nodiscard]] double value(const SetMatrices& gradient, const X& x) const {
    double sum = inner_product(gradient, x);
    for (std::size_t s = 0; s < x.size(); ++s) sum += inner_product(gains_.fixed(s), x[s]);
    return sum / 2;
  }
  // What a term adds to the gradient of its rows where the columns are at the barycenter: with x̄ = Σ over the columns of a repeat,
  // ⟨row i of A, J row j of B⟩ ÷ n = x̄_i(A) x̄_j(B) ÷ n.
  void add_mean_gain(const MatchingTerm& t, std::vector<double>& gain) const {
    const auto sums = [&](std::span<const Scalar> theta, double scale) {
      std::vector<double> entries(static_cast<std::size_t>(t.entries())), result;
      gather<Scalar>(t, theta, entries);
      for (auto first = entries.begin(); first != entries.end(); first += t.col_count())
        result.push_back(scale * std::accumulate(first, first + t.col_count(), 0.0));
      return result;
    };
    const std::vector<double> x = sums(a_, 1), y = sums(b_, 1 / static_cast<double>(t.col_count()));
    product_({.m = t.row_count(), .n = t.row_count(), .k = t.repeat_count(), .x = x, .y = y, .c = gain});
  }

  const MatchingTerms& terms_;
  std::span<const Scalar> a_, b_;
  const AddProduct& product_;
  MatchingGains<Scalar> gains_;
  std::vector<std::vector<double>> duals_;  // of each joint group's last assignment
};

}  // namespace lmc::detail
