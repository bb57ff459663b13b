// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cstddef>

namespace lmc::detail {

/// Σ term(i) over i = 0 … n − 1, in eight sums side by side: their order, and so the bits, do not follow the instruction set.
template <class Term>
double sum_in_eight(std::size_t n, Term term) {
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t j = 0; j < 8; ++j) sums[j] += term(i + j);
  for (; i < n; ++i) sums[i % 8] += term(i);
  double total = 0;
  for (const double s : sums) total += s;
  return total;
}

}  // namespace lmc::detail
