// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/product.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// What ⟨θ_A, π(θ_B)⟩ gains by a unit's place, for one joint group while the others stay: gains[set][i, j] is the sum over all
/// terms of the set of ⟨row i of A_tr, row j of B_tr Qᵀ⟩, of their rows or of their columns.
template <std::floating_point Scalar>
class MatchingGains {
 public:
  MatchingGains(const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b, const AddProduct& add_product)
      : terms_(terms), a_(a), b_(b), add_product_(add_product), coupled_(terms.sets.size()), fixed_(terms.sets.size()) {
    for (std::size_t set = 0; set < terms.sets.size(); ++set)
      fixed_[set].resize(static_cast<std::size_t>(terms.sets[set].size * terms.sets[set].size));
    for (const MatchingTerm& t : terms.terms) {
      if (!t.row_set) continue;  // no permutation changes it
      if (!t.col_set) {
        add(t, t.cols, fixed_[*t.row_set]);
      } else {
        coupled_[*t.row_set].push_back(t);
        coupled_[*t.col_set].push_back(transposed(t));
      }
    }
  }

  /// The gains of a set by the terms whose other side is fixed.
  [[nodiscard]] const std::vector<double>& fixed(std::size_t set) const { return fixed_[set]; }
  /// The terms of a set whose other side is permuted, too, turned so that their rows are the set.
  [[nodiscard]] const std::vector<MatchingTerm>& coupled(std::size_t set) const { return coupled_[set]; }

  /// Writes the gains of the sets of a joint group, the other sides being permuted by the maps.
  void compute(std::size_t joint, const UnitMaps& maps, std::span<std::vector<double>> gains) {
    for_each_set(joint, [&](std::size_t set) {
      gains[set] = fixed_[set];
      for (const MatchingTerm& t : coupled_[set]) add(t, mapped(t.cols, t.col_set, maps), gains[set]);
    });
  }

  /// Only what the terms gain whose other side is fixed.
  void compute_fixed(std::size_t joint, std::span<std::vector<double>> gains) const {
    for_each_set(joint, [&](std::size_t set) { gains[set] = fixed_[set]; });
  }

  /// Upper bounds instead: gains[set][i, j] is at least what i and j gain together, whatever the other sides' permutations. Of
  /// each coupled term, which has two sides, the rows alone count, each at the largest dot product that any order of the columns
  /// gives: that of the sorted rows.
  void compute_bounds(std::size_t joint, std::span<std::vector<double>> gains) {
    compute_fixed(joint, gains);
    for (const MatchingTerm& t : terms_.terms)
      if (t.col_set && terms_.sets[*t.row_set].joint == joint) add(t, t.cols, gains[*t.row_set], true);
  }

 private:
  template <class Visit>
  void for_each_set(std::size_t joint, Visit visit) const {
    const JointGroup& group = terms_.joints[joint];
    for (std::size_t set = group.first_set; set < group.first_set + group.sets(); ++set) visit(set);
  }
  // gain += A_t (B_t)ᵀ, with the columns of B where cols_of_b says.
  void add(const MatchingTerm& t, std::span<const Index> cols_of_b, std::vector<double>& gain, bool sorted = false) {
    const auto entries = static_cast<std::size_t>(t.entries());
    x_.resize(std::max(x_.size(), entries));
    y_.resize(std::max(y_.size(), entries));
    const std::span<double> x = std::span(x_).first(entries), y = std::span(y_).first(entries);
    gather<Scalar>(t.rows, t.cols, t.repeats, a_, x);
    gather<Scalar>(t.rows, cols_of_b, t.repeats, b_, y);
    if (sorted) {
      sort_rows(x, t.cols.size());
      sort_rows(y, t.cols.size());
    }
    add_product_({.m = t.row_count(), .n = t.row_count(), .k = t.repeat_count() * t.col_count(), .x = x, .y = y, .c = gain});
  }
  static void sort_rows(std::span<double> values, std::size_t width) {
    for (std::size_t i = 0; i < values.size(); i += width) std::ranges::sort(values.subspan(i, width));
  }

  const MatchingTerms& terms_;
  std::span<const Scalar> a_, b_;
  const AddProduct& add_product_;
  std::vector<std::vector<MatchingTerm>> coupled_;  // of each set
  std::vector<std::vector<double>> fixed_;          // of each set
  std::vector<double> x_, y_;                       // operands of a product
};

}  // namespace lmc::detail
