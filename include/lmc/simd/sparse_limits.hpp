// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/sparse_product.hpp>

namespace lmc::simd {

namespace detail {

/// X [rows, in] with a share of entries that are not zero, spread evenly, and the products of it with units, for timing.
template <std::floating_point T>
class SparseTrial {
 public:
  SparseTrial(Index rows, Index in, Index units) : rows_(rows), in_(in), units_(units) {}

  /// The share of entries at which skipping zeros takes as long as the dense product, where both times are straight lines:
  /// the dense one's is flat, the other's goes through two measured points.
  SparseLimits measure() {
    const double quarter = 0.25, half = 0.5;
    fill(1, 4);
    const double dense[] = {best([&] { dense_forward(); }), best([&] { dense_backward(); })};
    const double at_quarter[] = {best([&] { sparse_forward(); }), best([&] { sparse_backward(); })};
    fill(2, 4);
    const double at_half[] = {best([&] { sparse_forward(); }), best([&] { sparse_backward(); })};
    const auto crossing = [&](std::size_t pass) {
      const double slope = (at_half[pass] - at_quarter[pass]) / (half - quarter);
      const double share = slope > 0 ? half + (dense[pass] - at_half[pass]) / slope : 1;
      return std::clamp(share, 0.0, 2.0 / 3);
    };
    return {.forward = crossing(0), .backward = crossing(1)};
  }

 private:
  // Entry i is not zero for `numerator` of every `denominator` entries, at places that a multiplication scatters.
  void fill(std::size_t numerator, std::size_t denominator) {
    for (std::size_t i = 0; i < x_.size(); ++i)
      x_[i] = (i * 2654435761U >> 12U) % denominator < numerator ? T(1) + T(i % 7) / T(8) : T(0);
  }
  // The shortest of a few times, in seconds: whatever disturbs a measurement makes it longer.
  template <class Pass>
  static double best(Pass pass) {
    using Clock = std::chrono::steady_clock;
    double shortest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 5; ++i) {
      const auto begin = Clock::now();
      pass();
      shortest = std::min(shortest, std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return shortest;
  }
  void dense_forward() {
    product<T>(given(x_, in_), Strided<const T>(given(weight_, in_)).transposed(), y(), WriteMode::overwrite, workspace_);
    add_to_rows<T>(bias_, y());
  }
  void dense_backward() {
    product<T>(Strided<const T>(given(y_, units_)).transposed(), given(x_, in_), weight(), WriteMode::overwrite, workspace_);
    add_column_sums<T>(given(y_, units_), bias_);
  }
  void sparse_forward() { SparseBatch<T>(workspace_).affine(given(x_, in_), given(weight_, in_), bias_, y()); }
  void sparse_backward() {
    SparseBatch<T>(workspace_).affine_backward(given(x_, in_), given(y_, units_), weight(), bias_, WriteMode::overwrite);
  }

  static MatrixView<const T> given(const std::vector<T>& values, Index cols) {
    return matrix_view(std::span<const T>(values), static_cast<Index>(values.size()) / cols, cols);
  }
  MatrixView<T> weight() { return matrix_view(std::span(weight_), units_, in_); }
  MatrixView<T> y() { return matrix_view(std::span(y_), rows_, units_); }

  static std::vector<T> zeros(Index size) { return std::vector<T>(static_cast<std::size_t>(size)); }
  Index rows_, in_, units_;
  std::vector<T> x_ = zeros(rows_ * in_), weight_ = zeros(units_ * in_), bias_ = zeros(units_), y_ = zeros(rows_ * units_);
  std::vector<T> workspace_ =
      zeros(std::max({SparseBatch<T>::workspace_size(rows_, in_, units_), product_workspace<T>(rows_, units_, in_),
                      product_workspace<T>(units_, in_, rows_)}));
};

}  // namespace detail

/// The limits for this machine: measured when first asked for, in a few milliseconds, then the same until the process ends. They
/// decide what is faster, never a bit: a SparseBatch asks where both products give the same bits.
template <std::floating_point T>
SparseLimits measured_sparse_limits() {
  static const SparseLimits limits = [] {
    const volatile Index size = 256;  // GCC 12 warns, wrongly, of loops over sizes that it knows
    return detail::SparseTrial<T>(size / 2, size, size).measure();
  }();
  return limits;
}

}  // namespace lmc::simd
