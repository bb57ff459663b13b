// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>

#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/sparse_product.hpp>

namespace lmc::detail {

/// The workspace of the two functions below, in scalars, for X [rows, in] and W [out, in]; never smaller for more rows.
template <std::floating_point T>
Index affine_workspace(Index rows, Index in, Index out) {
  return std::max({simd::SparseBatch<T>::workspace_size(rows, in, out), simd::product_workspace<T>(rows, out, in),
                   simd::product_workspace<T>(out, in, rows), simd::product_workspace<T>(rows, in, out)});
}

/// Y = X Wᵀ + 1 bᵀ, overwritten; X [N, in], W [out, in], b [out].
template <std::floating_point T>
void affine(MatrixView<const T> x, MatrixView<const T> weight, std::span<const T> bias, MatrixView<T> y,
            std::span<T> workspace) {
  if (simd::SparseBatch<T>(workspace).affine(x, weight, bias, y)) return;
  simd::product<T>(x, Strided<const T>(weight).transposed(), y, WriteMode::overwrite, workspace);
  simd::add_to_rows<T>(bias, y);
}

/// With D = ∂L/∂Y: dW += Dᵀ X, db += Dᵀ 1, or both replaced, and then, if asked for, dX = D W, which may lie where X was.
template <std::floating_point T>
void affine_backward(MatrixView<const T> x, MatrixView<const T> weight, MatrixView<const T> dy, MatrixView<T> dweight,
                     std::span<T> dbias, InputGradient<T> dx, std::span<T> workspace, WriteMode dparams_mode = WriteMode::add) {
  if (dparams_mode == WriteMode::overwrite) std::fill(dbias.begin(), dbias.end(), T(0));
  if (!simd::SparseBatch<T>(workspace).affine_backward(x, dy, dweight, dbias, dparams_mode)) {
    simd::product<T>(Strided<const T>(dy).transposed(), x, dweight, dparams_mode, workspace);
    simd::add_column_sums<T>(dy, dbias);
  }
  if (dx) simd::product<T>(dy, weight, *dx, WriteMode::overwrite, workspace);
}

}  // namespace lmc::detail
