// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include <lmc/align/permutations.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>

namespace lmc::detail {

/// The random permutations from which start number `start` of a search begins. (Odd parts are the orders in which weight matching
/// visits groups.)
inline Permutations random_order(const ParameterLayout& layout, std::uint64_t seed, int start) {
  Permutations permutations = identity_permutations(layout);
  for (std::size_t g = 0; g < permutations.size(); ++g)
    shuffle({.seed = seed,
             .purpose = Purpose::unit_order,
             .epoch = static_cast<std::uint32_t>(g),
             .part = 2 * static_cast<std::uint32_t>(start)},
            std::span(permutations[g]));
  return permutations;
}

}  // namespace lmc::detail
