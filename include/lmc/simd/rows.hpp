// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

namespace detail {

/// v with zeros where the part has no scalars: of what is computed from them, a sum is to take nothing.
template <std::floating_point T>
xsimd::batch<T> zero_unless_active(const FullVector<T>&, const xsimd::batch<T>& v) {
  return v;
}
template <std::floating_point T>
xsimd::batch<T> zero_unless_active(const MaskedVector<T>& part, const xsimd::batch<T>& v) {
  using V = xsimd::batch<T>;
  static constexpr auto positions = [] {
    std::array<T, V::size> numbers{};
    std::iota(numbers.begin(), numbers.end(), T(0));
    return numbers;
  }();
  return xsimd::select(V::load_unaligned(positions.data()) < V(static_cast<T>(part.count)), v, V(T(0)));
}

}  // namespace detail

/// y[i, j] += v[j] for every row i. Memory bound: reads and writes y.
template <std::floating_point T>
void add_to_rows(std::span<const T> v, MatrixView<T> y) {
  assert(static_cast<Index>(v.size()) == y.cols());
  for (Index i = 0; i < y.rows(); ++i) {
    T* const row = y.data() + i * y.cols();
    for_each_row_vector<T>(
        v.size(), [&](auto part, std::size_t j) { part.store(row + j, part.load(row + j) + part.load(v.data() + j)); });
  }
}

/// sums[j] += Σ_i x[i, j]: first the rows in order, then what is there. Memory bound: reads x.
template <std::floating_point T>
void add_column_sums(MatrixView<const T> x, std::span<T> sums) {
  using V = xsimd::batch<T>;
  constexpr std::size_t lanes = V::size, side_by_side = 4;  // as many additions are under way as it takes to hide their latency
  const std::size_t cols = sums.size();
  assert(static_cast<Index>(cols) == x.cols());
  std::size_t first = 0;
  for (; first + side_by_side * lanes <= cols; first += side_by_side * lanes) {
    V sum[side_by_side] = {V(T(0)), V(T(0)), V(T(0)), V(T(0))};
    for (Index i = 0; i < x.rows(); ++i)
#pragma GCC unroll 4
      for (std::size_t k = 0; k < side_by_side; ++k) sum[k] += V::load_unaligned(x.data() + i * x.cols() + first + k * lanes);
    for (std::size_t k = 0; k < side_by_side; ++k) {
      T* const to = sums.data() + first + k * lanes;
      (V::load_unaligned(to) + sum[k]).store_unaligned(to);
    }
  }
  for_each_row_vector<T>(cols - first, [&](auto part, std::size_t j) {
    V sum(T(0));
    for (Index i = 0; i < x.rows(); ++i) sum += part.load(x.data() + i * x.cols() + first + j);
    part.store(sums.data() + first + j, part.load(sums.data() + first + j) + sum);
  });
}

}  // namespace lmc::simd
