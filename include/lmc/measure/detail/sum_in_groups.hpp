// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc::detail {

/// The sum of n vectors as long as θ, in double: add(i, worker, partial) adds the i-th to partial. At most 8 groups of
/// consecutive vectors have a partial sum of T each, added in order: neither the bits nor the memory depend on the team, of
/// which no more than 8 threads have work.
template <std::floating_point T, class Add>
std::vector<double> sum_in_groups(Index n, Index length, const ThreadTeam& team, Add add) {
  const Index groups = std::min<Index>(8, n);
  std::vector<std::vector<T>> partials(static_cast<std::size_t>(groups));
  team.for_each(groups, [&](Index g, int worker) {
    std::vector<T>& partial = partials[static_cast<std::size_t>(g)];
    partial.resize(static_cast<std::size_t>(length));
    for (Index i = g * n / groups; i < (g + 1) * n / groups; ++i) add(i, worker, std::span<T>(partial));
  });
  std::vector<double> sum(static_cast<std::size_t>(length));
  for (const std::vector<T>& partial : partials)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(partial[i]);
  return sum;
}

}  // namespace lmc::detail
