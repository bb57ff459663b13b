// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <cstddef>

#include <lmc/core/error.hpp>

namespace lmc::detail {

/// Eight numbers that are computed together, a language extension of GCC and clang: arithmetic and comparisons are lane by
/// lane, x[i] is one of them, and c < d ? x : y chooses lane by lane. Loops over arrays of eight would not do: GCC unrolls them
/// and then takes the loop around them for its vectors. Passed by reference alone, since how it is passed by value depends on
/// the instruction set.
using Eight __attribute__((vector_size(64))) = double;
constexpr std::size_t eight = 8;

/// x ← the same number eight times.
inline void fill(Eight& x, double value) {
  for (std::size_t lane = 0; lane < eight; ++lane) x[lane] = value;
}
/// Whether one of the eight is above the limit.
inline bool any_above(const Eight& x, double limit) {
  bool any = false;
  for (std::size_t lane = 0; lane < eight; ++lane) any |= x[lane] > limit;
  return any;
}

/// Throws: Error unless a logit is far enough from the largest double to be computed with.
inline void require_moderate(double logit) {
  require(std::abs(logit) < 1e100, "exact_error_curve: a logit of ", logit,
          " at an end or between; expected less than 1e100 in size; did a network diverge?");
}

}  // namespace lmc::detail
