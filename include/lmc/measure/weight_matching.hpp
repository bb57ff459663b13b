// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/product.hpp>
#include <lmc/align/weight_matching.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

/// The vectorized product for searches for permutations, over all threads: the rows of C in parts. Neither parts nor threads
/// change a bit.
inline AddProduct fast_product() {
  return [memory = std::vector<std::vector<double>>()](const ProductArgs& p) mutable {
    const ThreadTeam team;
    // Small products are not worth waking a thread.
    const Index threads = p.m * p.n * p.k < 1 << 20 ? 1 : std::min<Index>(team.size(), p.m);
    const Index rows = (p.m + threads - 1) / threads;
    memory.resize(std::max(memory.size(), static_cast<std::size_t>(threads)));
    const auto part = [&](Index t, int worker) {
      const Index first = t * rows, count = std::min(rows, p.m - first);
      if (count <= 0) return;
      auto& workspace = memory[static_cast<std::size_t>(worker)];
      const auto needed = static_cast<std::size_t>(simd::product_workspace<double>(count, p.n, p.k));
      if (workspace.size() < needed) workspace.resize(needed);
      const Strided<const double> x(p.x.data() + first * p.k, count, p.k, p.k), y(p.y.data(), p.n, p.k, p.k);
      simd::product<double>(x, y.transposed(), Strided<double>(p.c.data() + first * p.n, count, p.n, p.n), WriteMode::add,
                            workspace);
    };
    if (threads == 1) return part(0, 0);
    team.for_each(threads, part);
  };
}

/// weight_matching() of two states or runs of a network, by the vectorized product: the permutations of b, for
/// permute(network.layout(), alignment.permutations, state_b). Throws: Error as weight_matching() of layouts, lengths of buffers
/// included, and when a run diverged.
template <std::floating_point Scalar, HoldsParameters End>
Alignment weight_matching(const Network<Scalar>& network, const End& a, const End& b,
                          const WeightMatchingOptions& options = {}) {
  return weight_matching<Scalar>(network.layout(), parameters_of(a), parameters_of(b), options, fast_product());
}

}  // namespace lmc
