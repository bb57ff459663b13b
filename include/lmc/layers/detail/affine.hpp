// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>

#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/sparse_product.hpp>

namespace lmc::detail {

/// The memory of products with sparse batches; nothing of it outlives a call.
template <std::floating_point T>
SparseBatch<T>& sparse_batch() {
  thread_local SparseBatch<T> batch;
  return batch;
}

/// Y = X Wᵀ + 1 bᵀ, overwritten; X [N, in], W [out, in], b [out].
template <std::floating_point T>
void affine(MatrixView<const T> x, MatrixView<const T> weight, std::span<const T> bias, MatrixView<T> y) {
  if (sparse_batch<T>().affine(x, weight, bias, y)) return;
  product<T>(x, Strided<const T>(weight).transposed(), y, Into::overwrite);
  add_to_rows<T>(bias, y);
}

/// With D = ∂L/∂Y: dW += Dᵀ X, db += Dᵀ 1, or both replaced, and then, if asked for, dX = D W, which may lie where X was.
template <std::floating_point T>
void affine_backward(MatrixView<const T> x, MatrixView<const T> weight, MatrixView<const T> dy, MatrixView<T> dweight,
                     std::span<T> dbias, InputGradient<T> dx, Into gradient = Into::add) {
  if (gradient == Into::overwrite) std::fill(dbias.begin(), dbias.end(), T(0));
  if (!sparse_batch<T>().affine_backward(x, dy, dweight, dbias, gradient)) {
    product<T>(Strided<const T>(dy).transposed(), x, dweight, gradient);
    add_column_sums<T>(dy, dbias);
  }
  if (dx) product<T>(dy, weight, *dx, Into::overwrite);
}

}  // namespace lmc::detail
