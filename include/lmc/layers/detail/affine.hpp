// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/matrix/write_mode.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/sparse_limits.hpp>
#include <lmc/simd/sparse_product.hpp>

namespace lmc::detail {

/// The workspace of the two functions below, in scalars, for X [rows, in] and W [out, in]; never smaller for more rows.
template <std::floating_point T>
Index affine_workspace(Index rows, Index in, Index out) {
  const Index sparse = simd::SparseBatch<T>::workspace_size(rows, in, out);
  if (sparse > 0) simd::measured_sparse_limits<T>();  // which allocates, before the steps begin, which do not
  return std::max({sparse, simd::product_workspace<T>(rows, out, in), simd::product_workspace<T>(out, in, rows),
                   simd::product_workspace<T>(rows, in, out)});
}

/// Y = X Wᵀ + 1 bᵀ, overwritten; X [N, in], W [out, in], b [out].
template <std::floating_point T>
void affine(MatrixView<const T> x, MatrixView<const T> weight, std::span<const T> bias, MatrixView<T> y,
            std::span<T> workspace) {
  if (simd::SparseBatch<T>(workspace, simd::measured_sparse_limits<T>).affine(x, weight, bias, y)) return;
  simd::product<T>(x, Strided<const T>(weight).transposed(), y, WriteMode::overwrite, workspace);
  simd::add_to_rows<T>(bias, y);
}

/// With D = ∂L/∂Y: dW += Dᵀ X, db += Dᵀ 1, or both replaced, and then, if asked for, dX = D W, which may lie where X was.
template <std::floating_point T>
void affine_backward(MatrixView<const T> x, MatrixView<const T> weight, MatrixView<const T> dy, MatrixView<T> dweight,
                     std::span<T> dbias, InputGradient<T> dx, std::span<T> workspace, WriteMode dparams_mode = WriteMode::add) {
  if (dparams_mode == WriteMode::overwrite) std::fill(dbias.begin(), dbias.end(), T(0));
  if (!simd::SparseBatch<T>(workspace, simd::measured_sparse_limits<T>).affine_backward(x, dy, dweight, dbias, dparams_mode)) {
    simd::product<T>(Strided<const T>(dy).transposed(), x, dweight, dparams_mode, workspace);
    simd::add_column_sums<T>(dy, dbias);
  }
  if (dx) simd::product<T>(dy, weight, *dx, WriteMode::overwrite, workspace);
}

/// An affine map of rows, Y = X Wᵀ + 1 bᵀ, whose parameters are W [outputs, inputs], then b [outputs].
template <std::floating_point T>
struct AffineMap {
  Index inputs, outputs;

  void initialize(const InitializeArgs<T>& a, const InitializationOptions& options) const {
    initialize_weights_and_biases(a, outputs * inputs, inputs, outputs, options);
  }
  [[nodiscard]] Index parameters() const { return outputs * (inputs + 1); }
  [[nodiscard]] Index workspace_size(Index rows) const { return affine_workspace<T>(rows, inputs, outputs); }
  void forward(std::span<const T> params, MatrixView<const T> x, MatrixView<T> y, std::span<T> workspace) const {
    affine<T>(x, weight(params), bias(params), y, workspace);
  }
  void backward(std::span<const T> params, MatrixView<const T> x, MatrixView<const T> dy, std::span<T> dparams,
                InputGradient<T> dx, std::span<T> workspace, WriteMode dparams_mode = WriteMode::add) const {
    affine_backward<T>(x, weight(params), dy, weight(dparams), bias(dparams), dx, workspace, dparams_mode);
  }

 private:
  template <class U>
  auto weight(std::span<U> params) const {
    return matrix_view(params, outputs, inputs);
  }
  template <class U>
  auto bias(std::span<U> params) const {
    return slice(params, outputs * inputs, outputs);
  }
};

}  // namespace lmc::detail
