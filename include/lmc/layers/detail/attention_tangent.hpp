// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <span>
#include <type_traits>

#include <lmc/core/shape.hpp>
#include <lmc/matrix/detail/eigen.hpp>
#include <lmc/matrix/views.hpp>
#include <lmc/simd/attention.hpp>

namespace lmc::detail {

/// A matrix inside a wider one, and one of its own.
template <class T>
using HeadBlock =
    Eigen::Map<std::conditional_t<std::is_const_v<T>,
                                  const Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
                                  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>,
               0, Eigen::OuterStride<>>;
template <class T>
using OwnMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A, B: Σ_k a_ik b_kj, entry by entry: Eigen's other products may start threads of their own.
template <class A, class B>
auto sum_of_products(const A& a, const B& b) {
  return a.lazyProduct(b);
}

/// Query, key and value of one head inside qkv [tokens, 3, heads, head_width] of an example.
template <class T>
struct HeadBlocks {
  HeadBlock<T> query, key, value;
  HeadBlocks(const simd::AttentionShape& s, T* qkv, Index head)
      : query(qkv + head * s.head_width, s.tokens, s.head_width, Eigen::OuterStride<>(3 * s.width())),
        key(query.data() + s.width(), s.tokens, s.head_width, Eigen::OuterStride<>(3 * s.width())),
        value(key.data() + s.width(), s.tokens, s.head_width, Eigen::OuterStride<>(3 * s.width())) {}
};
/// The columns of a head inside [tokens, heads, head_width].
template <class T>
HeadBlock<T> head_columns(const simd::AttentionShape& s, T* values, Index head) {
  return {values + head * s.head_width, s.tokens, s.head_width, Eigen::OuterStride<>(s.width())};
}

/// The tangents of simd::attention_heads, for every head, with A the softmax, transposed as there, S its argument, and c over the keys:
///   Ṡ = (Q̇ Kᵀ + Q K̇ᵀ) / √d      Ȧ = A ⊙ (Ṡ − Σ_c A ⊙ Ṡ)      Ẏ = Ȧ V + A V̇
/// weights_tangent ← Ȧ, y_tangent ← Ẏ.
template <std::floating_point T>
void attention_heads_tangent(const simd::AttentionShape& s, std::span<const T> qkv, std::span<const T> qkv_tangent,
                             std::span<const T> weights, std::span<T> weights_tangent, std::span<T> y_tangent) {
  const T factor = T(1) / std::sqrt(static_cast<T>(s.head_width));
  const Index n = s.tokens;
  for (Index h = 0; h < s.heads; ++h) {
    const HeadBlocks<const T> at(s, qkv.data(), h), tangent(s, qkv_tangent.data(), h);
    const MatrixView<const T> a(weights.data() + h * n * n, n, n);
    MatrixView<T> a_tangent(weights_tangent.data() + h * n * n, n, n);
    a_tangent =
        factor * (sum_of_products(tangent.key, at.query.transpose()) + sum_of_products(at.key, tangent.query.transpose()));
    const OwnMatrix<T> mean = a.cwiseProduct(a_tangent).colwise().sum();
    a_tangent = a.cwiseProduct(a_tangent - mean.replicate(n, 1)).eval();
    head_columns(s, y_tangent.data(), h) =
        sum_of_products(a_tangent.transpose(), at.value) + sum_of_products(a.transpose(), tangent.value);
  }
}

/// The tangents of simd::attention_heads_backward, of each of its formulas by the product rule; dqkv and dqkv_tangent are overwritten.
template <std::floating_point T>
void attention_heads_backward_tangent(const simd::AttentionShape& s, std::span<const T> qkv, std::span<const T> qkv_tangent,
                                      std::span<const T> weights, std::span<const T> weights_tangent, std::span<const T> dy,
                                      std::span<const T> dy_tangent, std::span<T> dqkv, std::span<T> dqkv_tangent) {
  const T factor = T(1) / std::sqrt(static_cast<T>(s.head_width));
  const Index n = s.tokens;
  for (Index h = 0; h < s.heads; ++h) {
    const HeadBlocks<const T> at(s, qkv.data(), h), tangent(s, qkv_tangent.data(), h);
    HeadBlocks<T> gradient(s, dqkv.data(), h), gradient_tangent(s, dqkv_tangent.data(), h);
    const MatrixView<const T> a(weights.data() + h * n * n, n, n), a_tangent(weights_tangent.data() + h * n * n, n, n);
    const auto d = head_columns(s, dy.data(), h), d_tangent = head_columns(s, dy_tangent.data(), h);
    gradient.value = sum_of_products(a, d);
    gradient_tangent.value = sum_of_products(a_tangent, d) + sum_of_products(a, d_tangent);
    const OwnMatrix<T> da = sum_of_products(at.value, d.transpose());
    const OwnMatrix<T> da_tangent =
        sum_of_products(tangent.value, d.transpose()) + sum_of_products(at.value, d_tangent.transpose());
    const OwnMatrix<T> centered = da - a.cwiseProduct(da).colwise().sum().replicate(n, 1);
    const OwnMatrix<T> mean_tangent = (a_tangent.cwiseProduct(da) + a.cwiseProduct(da_tangent)).colwise().sum();
    const OwnMatrix<T> ds = factor * a.cwiseProduct(centered);
    const OwnMatrix<T> ds_tangent =
        factor * (a_tangent.cwiseProduct(centered) + a.cwiseProduct(da_tangent - mean_tangent.replicate(n, 1)));
    gradient.query = sum_of_products(ds.transpose(), at.key);
    gradient_tangent.query = sum_of_products(ds_tangent.transpose(), at.key) + sum_of_products(ds.transpose(), tangent.key);
    gradient.key = sum_of_products(ds, at.query);
    gradient_tangent.key = sum_of_products(ds_tangent, at.query) + sum_of_products(ds, tangent.query);
  }
}

}  // namespace lmc::detail
