// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/detail/matching_terms.hpp>

namespace lmc::detail {

/// The size of the largest entry that permutations move.
template <std::floating_point Scalar>
double movable_largest(const MatchingTerms& terms, std::span<const Scalar> theta) {
  double largest = 0;
  for_each_movable(terms, [&](std::size_t i) { largest = std::max(largest, std::abs(static_cast<double>(theta[i]))); });
  return largest;
}

/// The e of 2ᵉ ≤ largest < 2ᵉ⁺¹, where products of entries of that size may underflow; 0 where none can that counts, or where all
/// are 0.
inline int underflow_exponent(double largest) {
  // Squares of at least 2⁻⁶⁰⁰ keep their digits, as do the parts of them that rounding leaves.
  return largest == 0 || largest >= 0x1p-300 ? 0 : std::ilogb(largest);
}

/// 2⁻ᵉ θ, exactly, where permutations move an entry, and 0 elsewhere.
template <std::floating_point Scalar>
std::vector<double> movable_at_scale(const MatchingTerms& terms, std::span<const Scalar> theta, int exponent) {
  std::vector<double> scaled(theta.size());
  for_each_movable(terms, [&](std::size_t i) { scaled[i] = std::ldexp(static_cast<double>(theta[i]), -exponent); });
  return scaled;
}

/// What search(a, b) finds, at the scale of θ: networks whose products would underflow are multiplied by powers of two first.
/// search: from two spans of equal Scalar to an Alignment whose objectives and bound are of the movable part alone. What no
/// permutation changes is added to these.
template <std::floating_point Scalar, class Search>
Alignment search_at_scale(const MatchingTerms& terms, std::span<const Scalar> a, std::span<const Scalar> b, Search search) {
  const int x = underflow_exponent(movable_largest(terms, a)), y = underflow_exponent(movable_largest(terms, b));
  Alignment found;
  if (x == 0 && y == 0) {
    found = search(a, b);
  } else {
    const std::vector<double> scaled_a = movable_at_scale(terms, a, x), scaled_b = movable_at_scale(terms, b, y);
    found = search(std::span<const double>(scaled_a), std::span<const double>(scaled_b));
  }
  const double fixed = fixed_value<Scalar>(terms, a, b);
  const auto at_scale = [&](double value) { return std::ldexp(value, x + y) + fixed; };
  found.objective_before = at_scale(found.objective_before);
  found.objective_after = at_scale(found.objective_after);
  found.upper_bound = at_scale(*found.upper_bound);
  return found;
}

}  // namespace lmc::detail
