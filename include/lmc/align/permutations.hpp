// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/align/detail/nested_groups.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>

namespace lmc {

/// One permutation for each of a layout's groups: unit i of the permuted network is unit permutations[group][i] of the given
/// one.
using Permutations = std::vector<std::vector<Index>>;

namespace detail {

inline void require_permutations(std::string_view function, const ParameterLayout& layout, const Permutations& permutations) {
  require(permutations.size() == layout.groups.size(), function, ": ", permutations.size(), " permutations; the layout has ",
          layout.groups.size(), " groups");
  for (std::size_t g = 0; g < permutations.size(); ++g) {
    std::vector<bool> seen(static_cast<std::size_t>(layout.groups[g].size));
    const bool complete = permutations[g].size() == seen.size() && std::ranges::all_of(permutations[g], [&](Index unit) {
                            if (unit < 0 || unit >= static_cast<Index>(seen.size()) || seen[static_cast<std::size_t>(unit)])
                              return false;
                            seen[static_cast<std::size_t>(unit)] = true;
                            return true;
                          });
    require(complete, function, ": permutations[", g, "] is no permutation of 0 … ", layout.groups[g].size - 1,
            ", the units of group '", layout.groups[g].name, "'");
  }
}

// i ↦ second[first[i]].
inline std::vector<Index> chained(const std::vector<Index>& first, const std::vector<Index>& second) {
  std::vector<Index> result;
  for (const Index i : first) result.push_back(second[static_cast<std::size_t>(i)]);
  return result;
}
inline std::vector<Index> inverted(const std::vector<Index>& permutation) {
  std::vector<Index> result(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i) result[static_cast<std::size_t>(permutation[i])] = static_cast<Index>(i);
  return result;
}

}  // namespace detail

/// The permutations that leave every unit in its place.
inline Permutations identity_permutations(const ParameterLayout& layout) {
  Permutations result;
  for (const PermutationGroup& group : layout.groups) {
    result.emplace_back(static_cast<std::size_t>(group.size));
    std::iota(result.back().begin(), result.back().end(), Index{0});
  }
  return result;
}

/// The one step that does what two do: permute() by compose(layout, p, q) is permute() by q, then by p. For a group by itself,
///   compose(p, q)(i) = q(p(i));
/// a group inside a unit of another (units inside an attention head) takes the part of p that belongs to the place to which q
/// brings its unit. Throws: Error when p or q does not fit the layout.
inline Permutations compose(const ParameterLayout& layout, const Permutations& p, const Permutations& q) {
  detail::require_permutations("compose", layout, p);
  detail::require_permutations("compose", layout, q);
  Permutations result;
  for (std::size_t g = 0; g < p.size(); ++g) result.push_back(detail::chained(p[g], q[g]));
  for (const detail::Nest& nest : detail::nested_groups(layout)) {
    const std::vector<Index> place = detail::inverted(q[nest.outer]);
    for (std::size_t unit = 0; unit < nest.inner.size(); ++unit) {
      const std::size_t there = nest.inner[static_cast<std::size_t>(place[unit])];
      result[nest.inner[unit]] = detail::chained(p[there], q[nest.inner[unit]]);
    }
  }
  return result;
}

/// The permutations that undo p: permute() by p, then by inverse(layout, p), changes nothing. Throws: Error when p does not fit
/// the layout.
inline Permutations inverse(const ParameterLayout& layout, const Permutations& p) {
  detail::require_permutations("inverse", layout, p);
  Permutations result;
  for (const std::vector<Index>& permutation : p) result.push_back(detail::inverted(permutation));
  for (const detail::Nest& nest : detail::nested_groups(layout))
    for (std::size_t unit = 0; unit < nest.inner.size(); ++unit) {
      const std::size_t source = nest.inner[static_cast<std::size_t>(p[nest.outer][unit])];
      result[nest.inner[unit]] = detail::inverted(p[source]);
    }
  return result;
}

/// How many units of each group have another place than before: of a group inside a head, inside that head.
inline std::vector<Index> moved_units(const Permutations& permutations) {
  std::vector<Index> moved;
  for (const std::vector<Index>& permutation : permutations) {
    Index count = 0;
    for (std::size_t i = 0; i < permutation.size(); ++i)
      if (permutation[i] != static_cast<Index>(i)) ++count;
    moved.push_back(count);
  }
  return moved;
}

}  // namespace lmc
