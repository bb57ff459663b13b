// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>

namespace lmc::detail {

/// Rows that a layer for tokens takes through all its steps before it turns to the next: 512 rows of 256 floats stay in a
/// second-level cache, and are enough that a product's packing is a small share of it.
inline constexpr Index row_block = 512;

/// Calls body(first, count) for blocks of at most `block` of n rows, in order.
template <class Body>
void for_each_row_block(Index n, Index block, Body body) {
  for (Index first = 0; first < n; first += block) body(first, std::min(block, n - first));
}

/// Rows first, …, first + count − 1 of an array of rows.
template <class T>
MatrixView<T> rows_of(T* data, Index cols, Index first, Index count) {
  return {data + first * cols, count, cols};
}

}  // namespace lmc::detail
