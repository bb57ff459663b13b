// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/matrix/strided.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/optim/detail/sum_in_eight.hpp>
#include <lmc/simd/product.hpp>

namespace lmc {

/// About the nearest matrix to X with orthonormal rows or columns, whichever are fewer: U Vᵀ of the singular value decomposition
/// X = U S Vᵀ, with singular values that are not 1 but after five iterations between 0.68 and 1.2, where they were at least 0.003 ‖X‖;
/// smaller ones have grown up to 485-fold.
///   X ← X / (‖X‖ + 10⁻⁷), then so many times     A = X Xᵀ     X ← a X + (b A + c A²) X
/// with a = 3.4445, b = −4.7750, c = 2.0315 (Newton–Schulz; Xᵀ instead of X where it has more rows than columns). Rows and columns
/// that are 0 stay so. Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.
template <std::floating_point T>
class Orthogonalizer {
 public:
  /// Allocates what matrices of that size need.
  void reserve(Index rows, Index cols) {
    const Index least = std::min(rows, cols), most = std::max(rows, cols);
    const auto grow = [](std::vector<T>& memory, Index size) {
      if (memory.size() < static_cast<std::size_t>(size)) memory.resize(static_cast<std::size_t>(size));
    };
    grow(next_, rows * cols);
    grow(gram_, least * least);
    grow(polynomial_, least * least);
    grow(workspace_, std::max({simd::product_workspace<T>(least, least, most), simd::product_workspace<T>(least, least, least),
                               simd::product_workspace<T>(least, most, least)}));
  }

  /// x, row-major with so many rows, is overwritten. Memory is allocated where nothing as large was reserved. An entry that is not
  /// finite makes all of x NaN. Throws: Error when x is no matrix of so many rows.
  void run(std::span<T> x, Index rows, int iterations) {
    require(rows > 0 && static_cast<Index>(x.size()) % rows == 0, "Orthogonalizer: ", x.size(), " entries in ", rows,
            " rows; expected a multiple of a positive number of rows");
    const Index cols = static_cast<Index>(x.size()) / rows, least = std::min(rows, cols);
    reserve(rows, cols);
    if (x.empty()) return;
    double greatest = 0;  // by which all are divided first, so that no square overflows
    for (const T v : x)
      greatest =
          std::max(greatest, std::isfinite(v) ? std::abs(static_cast<double>(v)) : std::numeric_limits<double>::infinity());
    if (!std::isfinite(greatest)) {
      std::ranges::fill(x, std::numeric_limits<T>::quiet_NaN());
      return;
    }
    if (greatest == 0) return;
    const double norm = std::sqrt(detail::sum_in_eight(x.size(), [&](std::size_t i) {
      const double v = static_cast<double>(x[i]) / greatest;
      return v * v;
    }));
    const double scale = 1 / (norm + 1e-7 / greatest);
    for (T& v : x) v = static_cast<T>(static_cast<double>(v) / greatest * scale);
    const auto wide = [&](auto* data) {
      return rows <= cols ? Strided(data, rows, cols, cols) : Strided(data, cols, rows, Index{1}, cols);
    };
    const auto square = [&](auto* data) { return Strided(data, least, least, least); };
    const std::size_t squares = static_cast<std::size_t>(least * least);
    const std::span<T> workspace(workspace_);
    for (int k = 0; k < iterations; ++k) {
      const Strided<const T> now = wide(std::span<const T>(x).data());
      simd::product<T>(now, now.transposed(), square(gram_.data()), WriteMode::overwrite, workspace);
      const Strided<const T> gram = square(std::as_const(gram_).data());
      simd::product<T>(gram, gram, square(polynomial_.data()), WriteMode::overwrite, workspace);
      for (std::size_t i = 0; i < squares; ++i) polynomial_[i] = T(-4.7750) * gram_[i] + T(2.0315) * polynomial_[i];
      simd::product<T>(square(std::as_const(polynomial_).data()), now, wide(next_.data()), WriteMode::overwrite, workspace);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = T(3.4445) * x[i] + next_[i];
    }
  }

 private:
  std::vector<T> next_, gram_, polynomial_, workspace_;
};

}  // namespace lmc
