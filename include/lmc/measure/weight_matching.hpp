// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <vector>

#include <lmc/align/alignment.hpp>
#include <lmc/align/product.hpp>
#include <lmc/align/weight_matching.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/train/run.hpp>

namespace lmc {

/// The vectorized product for searches for permutations, by rows of C over a team of threads (0: OpenMP's own number). Neither
/// the number of threads nor the parts change a bit. What it returns is for one caller at a time.
inline AddProduct fast_product(int threads = 0) {
  return [team = ThreadTeam(threads), memory = std::vector<std::vector<double>>()](const ProductArgs& p) mutable {
    // Below about a million products, waking a thread costs more than it saves.
    const Index parts = p.m * p.n * p.k < 1 << 20 ? 1 : std::min<Index>(team.size(), p.m);
    const Index rows = (p.m + parts - 1) / parts;
    memory.resize(std::max(memory.size(), static_cast<std::size_t>(parts)));
    const auto multiply = [&](Index part, int worker) {
      const Index first = part * rows, count = std::min(rows, p.m - first);
      if (count <= 0) return;
      std::vector<double>& workspace = memory[static_cast<std::size_t>(worker)];
      const auto needed = static_cast<std::size_t>(simd::product_workspace<double>(count, p.n, p.k));
      if (workspace.size() < needed) workspace.resize(needed);
      const Strided<const double> x(p.x.data() + first * p.k, count, p.k, p.k), y(p.y.data(), p.n, p.k, p.k);
      simd::product<double>(x, y.transposed(), Strided<double>(p.c.data() + first * p.n, count, p.n, p.n), WriteMode::add,
                            workspace);
    };
    if (parts == 1) return multiply(0, 0);
    team.for_each(parts, multiply);
  };
}

namespace detail {

template <class Scalar>
void require_finished(std::string_view, std::string_view, const ModelState<Scalar>&) {}
template <class Scalar>
void require_finished(std::string_view who, std::string_view which, const Run<Scalar>& run) {
  require(!run.diverged_at, who, ": ", which, " diverged after ", run.diverged_at.value_or(0),
          " updates; there is nothing to align with it");
}

}  // namespace detail

/// weight_matching() of two states or runs of a network, by the vectorized product: the permutations of b's units, for
/// permute(network.layout(), alignment.permutations, b), where b is a state. Throws: Error as weight_matching() of layouts, and
/// when a run diverged.
template <std::floating_point Scalar, HoldsParameters A, HoldsParameters B>
Alignment weight_matching(const Network<Scalar>& network, const A& a, const B& b, const WeightMatchingOptions& options = {}) {
  detail::require_finished("weight_matching", "the first run", a);
  detail::require_finished("weight_matching", "the second run", b);
  return weight_matching<Scalar>(network.layout(), parameters_of(a), parameters_of(b), options, fast_product());
}

}  // namespace lmc
