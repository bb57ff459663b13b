// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/convolution_direct.hpp>
#include <lmc/simd/convolution_product.hpp>
#include <lmc/simd/convolution_shape.hpp>

namespace lmc::simd {

/// The three passes of a convolution, each by the faster way for its geometry: ConvolutionDirect, but for ∂L/∂x of few input
/// channels under many output channels, where most of the direct way's vectors would be empty: there ConvolutionProduct. The
/// rule is read off benchmarks/convolution.cpp, which compares the two; nothing is timed at run time.
///
/// Shapes, N = batch size, in and out channels and patch = kernel rows · kernel cols · in / groups as in ConvolutionShape:
///   x [N, rows, cols, in]   weight [out, patch]   bias [out] or empty   y [N, out rows, out cols, out]
/// Serial; nothing is allocated. The bits of an example's y and dx do not depend on the
/// batch around it. The sums over examples are cut at places that depend on the shape alone.
template <std::floating_point T>
class Convolution {
 public:
  explicit Convolution(const ConvolutionShape& shape)
      : direct_(shape),
        product_(shape),
        unfolds_for_input_(few_inputs(shape.in_channels / shape.groups, shape.out_channels / shape.groups)) {}

  /// Size of the workspace in scalars, for any batch and pass; it is of no meaning before or after.
  [[nodiscard]] Index workspace_size() const {
    return unfolds_for_input_ ? std::max(direct_.workspace_size(), product_.workspace_size()) : direct_.workspace_size();
  }
  /// Overwrites y.
  void forward(std::span<const T> weight, std::span<const T> bias, MatrixView<const T> x, MatrixView<T> y,
               std::span<T> workspace) const {
    direct_.forward(weight, bias, x, y, workspace);
  }
  /// Overwrites dx = ∂L/∂x, given dy = ∂L/∂y.
  void backward_input(std::span<const T> weight, MatrixView<const T> dy, MatrixView<T> dx, std::span<T> workspace) const {
    if (unfolds_for_input_)
      product_.backward_input(weight, dy, dx, workspace);
    else
      direct_.backward_input(weight, dy, dx, workspace);
  }
  /// Adds ∂L/∂weight and, if dbias is not empty, ∂L/∂bias.
  void backward_weights(MatrixView<const T> x, MatrixView<const T> dy, std::span<T> dweight, std::span<T> dbias,
                        std::span<T> workspace) const {
    direct_.backward_weights(x, dy, dweight, dbias, workspace);
  }

 private:
  // Measured on AVX-512, where a vector is 16 floats, in GFLOP/s, direct : product, 3×3 filters, in -> out channels:
  // 1 -> 32 9:20, 3 -> 64 30:79, 8 -> 64 85:128; but 4 -> 16 47:38, 8 -> 16 94:64, 12 -> 32 and wider 170 or more : 130.
  static bool few_inputs(Index in, Index out) { return 2 * in <= static_cast<Index>(xsimd::batch<T>::size) && 8 * in <= out; }

  ConvolutionDirect<T> direct_;
  ConvolutionProduct<T> product_;
  bool unfolds_for_input_;
};

}  // namespace lmc::simd
