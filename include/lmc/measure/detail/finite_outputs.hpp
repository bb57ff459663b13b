// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <span>
#include <string_view>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc::detail {

/// Throws: Error, begun by `who`, when one of the outputs of these examples at a or b is NaN or infinite.
template <class T>
void require_finite_outputs(std::string_view who, std::span<const T> at_a, std::span<const T> at_b, Index first, Index batch) {
  const auto check = [&](char end, std::span<const T> outputs) {
    require_finite_values(who, concat("at ", end, ", what the network gives for examples ", first, " to ", first + batch - 1),
                          outputs);
  };
  check('a', at_a);
  check('b', at_b);
}

}  // namespace lmc::detail
