// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <vector>

#include <lmc/align/detail/joint_assignment.hpp>
#include <lmc/align/detail/matching_gains.hpp>
#include <lmc/align/detail/matching_terms.hpp>

namespace lmc::detail {

/// No permutations have a larger movable_value(): each term at its best, whatever the others need. Exact where no term has two sides
/// that are permuted.
template <std::floating_point Scalar>
double matching_bound(const MatchingTerms& terms, MatchingGains<Scalar>& gains) {
  double bound = 0;
  std::vector<std::vector<double>> of_sets(terms.sets.size());
  UnitMaps unused(terms.sets.size());
  for (std::size_t joint = 0; joint < terms.joints.size(); ++joint) {
    gains.compute_bounds(joint, of_sets);
    bound += assign_jointly(terms, joint, of_sets, unused).upper_bound;
  }
  return bound;
}

}  // namespace lmc::detail
