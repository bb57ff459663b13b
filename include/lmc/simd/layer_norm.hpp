// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// Where a row lies, for the derivative of its normalization.
template <std::floating_point T>
struct RowMoments {
  std::span<T> mean;               // [rows]
  std::span<T> inverse_deviation;  // [rows], 1 / √(variance + ε)
};

/// Normalizes every row of x [rows, width], with mean μ and variance v (divided by width) of the row itself:
///   y = (x − μ) / √(v + ε) · scale[j] + bias[j]
/// and keeps μ and 1 / √(v + ε). y may be x; lengths are asserted. The variance is that of the centered row, not E x² − μ², so
/// that a large mean takes nothing from it. Memory bound: reads x, writes y; further sweeps over a row are in cache.
template <std::floating_point T>
void layer_norm(MatrixView<const T> x, std::span<const T> scale, std::span<const T> bias, double epsilon, MatrixView<T> y,
                RowMoments<T> moments) {
  using V = xsimd::batch<T>;
  const std::size_t width = scale.size();
  assert(static_cast<Index>(width) == x.cols() && bias.size() == width && y.rows() == x.rows() && y.cols() == x.cols());
  assert(static_cast<Index>(moments.mean.size()) == x.rows() && moments.inverse_deviation.size() == moments.mean.size());
  const T share = T(1) / static_cast<T>(width);
  for (Index i = 0; i < x.rows(); ++i) {
    const T* const in = x.data() + i * x.cols();
    T* const out = y.data() + i * y.cols();
    V sum(T(0)), squares(T(0));
    for_each_row_vector<T>(width, [&](auto part, std::size_t j) { sum += part.load(in + j); });
    const T mean = share * sum_of(sum);
    for_each_row_vector<T>(width, [&](auto part, std::size_t j) {
      const V centered = detail::zero_unless_active<T>(part, part.load(in + j) - V(mean));
      squares = multiply_add(centered, centered, squares);
    });
    const T inverse = T(1) / std::sqrt(share * sum_of(squares) + static_cast<T>(epsilon));
    for_each_row_vector<T>(width, [&](auto part, std::size_t j) {
      const V normal = (part.load(in + j) - V(mean)) * V(inverse);
      part.store(out + j, multiply_add(normal, part.load(scale.data() + j), part.load(bias.data() + j)));
    });
    moments.mean[static_cast<std::size_t>(i)] = mean;
    moments.inverse_deviation[static_cast<std::size_t>(i)] = inverse;
  }
}

namespace detail {

/// The part of layer_norm_backward that goes along the columns, for Vectors registers from column j on.
template <std::floating_point T, std::size_t Vectors, class Lane>
void layer_norm_column_sums(Lane part, MatrixView<const T> x, MatrixView<const T> dy, const RowMoments<const T>& moments,
                            std::size_t j, std::span<T> dscale, std::span<T> dbias) {
  using V = xsimd::batch<T>;
  V of_products[Vectors], of_dy[Vectors];
#pragma GCC unroll 4
  for (std::size_t k = 0; k < Vectors; ++k) of_products[k] = of_dy[k] = V(T(0));
  for (std::size_t i = 0; i < moments.mean.size(); ++i) {
    const std::size_t at = i * dscale.size() + j;
    const V mean(moments.mean[i]), inverse(moments.inverse_deviation[i]);
#pragma GCC unroll 4
    for (std::size_t k = 0; k < Vectors; ++k) {
      const V d = part.load(dy.data() + at + k * V::size), normal = (part.load(x.data() + at + k * V::size) - mean) * inverse;
      of_products[k] = multiply_add(d, normal, of_products[k]);
      of_dy[k] += d;
    }
  }
#pragma GCC unroll 4
  for (std::size_t k = 0; k < Vectors; ++k) {
    T *const to_scale = dscale.data() + j + k * V::size, *const to_bias = dbias.data() + j + k * V::size;
    part.store(to_scale, part.load(to_scale) + of_products[k]);
    part.store(to_bias, part.load(to_bias) + of_dy[k]);
  }
}

}  // namespace detail

/// The derivative of layer_norm, with x̂ = (x − μ) / √(v + ε), D = ∂L/∂y and G = D · scale[j]:
///   dscale[j] += Σ_i D x̂        dbias[j] += Σ_i D
///   dx = (G − mean of G over the row − x̂ · mean of G x̂ over the row) / √(v + ε)
/// dx is overwritten, may be dy, and is left out when it has no rows. Sums over rows: 32 in order, and these in order. Memory
/// bound: reads x and dy, writes dx; further sweeps over 32 rows are in cache.
template <std::floating_point T>
void layer_norm_backward(MatrixView<const T> x, MatrixView<const T> dy, std::span<const T> scale, RowMoments<const T> moments,
                         MatrixView<T> dx, std::span<T> dscale, std::span<T> dbias) {
  using V = xsimd::batch<T>;
  constexpr std::size_t lanes = V::size, side_by_side = 4;
  constexpr Index block = 32;
  const std::size_t width = scale.size();
  assert(static_cast<Index>(width) == x.cols() && dy.rows() == x.rows() && dy.cols() == x.cols());
  assert((dx.rows() == 0 || (dx.rows() == x.rows() && dx.cols() == x.cols())) && dscale.size() == width &&
         dbias.size() == width);
  const T share = T(1) / static_cast<T>(width);
  for (Index first = 0; first < x.rows(); first += block) {
    const Index rows = std::min(block, x.rows() - first);
    const MatrixView<const T> x_block(x.data() + first * x.cols(), rows, x.cols()),
        dy_block(dy.data() + first * x.cols(), rows, x.cols());
    const RowMoments<const T> at{slice(moments.mean, first, rows), slice(moments.inverse_deviation, first, rows)};
    std::size_t j = 0;
    for (; j + side_by_side * lanes <= width; j += side_by_side * lanes)
      detail::layer_norm_column_sums<T, side_by_side>(FullVector<T>{}, x_block, dy_block, at, j, dscale, dbias);
    for_each_row_vector<T>(width - j, [&](auto part, std::size_t k) {
      detail::layer_norm_column_sums<T, 1>(part, x_block, dy_block, at, j + k, dscale, dbias);
    });
    if (dx.rows() == 0) continue;
    for (Index i = 0; i < rows; ++i) {
      const T *const in = x_block.data() + i * x.cols(), *const d = dy_block.data() + i * x.cols();
      T* const out = dx.data() + (first + i) * x.cols();
      const V mean(at.mean[static_cast<std::size_t>(i)]), inverse(at.inverse_deviation[static_cast<std::size_t>(i)]);
      V of_g(T(0)), of_products(T(0));
      for_each_row_vector<T>(width, [&](auto part, std::size_t k) {
        const V g = part.load(d + k) * part.load(scale.data() + k), normal = (part.load(in + k) - mean) * inverse;
        of_g += g;
        of_products = multiply_add(g, normal, of_products);
      });
      const V mean_of_g(share * sum_of(of_g)), mean_of_products(share * sum_of(of_products));
      for_each_row_vector<T>(width, [&](auto part, std::size_t k) {
        const V g = part.load(d + k) * part.load(scale.data() + k), normal = (part.load(in + k) - mean) * inverse;
        part.store(out + k, inverse * negative_multiply_add(normal, mean_of_products, g - mean_of_g));
      });
    }
  }
}

}  // namespace lmc::simd
