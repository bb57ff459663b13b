// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include <lmc/core/shape.hpp>
#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/product.hpp>
#include <lmc/simd/rows.hpp>
#include <lmc/simd/transpose.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// Sizes of an attention over one example: width = heads · head_width.
struct AttentionShape {
  Index tokens, heads, head_width;
  [[nodiscard]] Index width() const { return heads * head_width; }
  /// Entries of the attention weights of an example.
  [[nodiscard]] Index weights() const { return heads * tokens * tokens; }
  /// Scalars that a kernel needs for itself.
  [[nodiscard]] Index scratch() const { return tokens * (width() + tokens); }
};

namespace detail {

/// One part's columns of C = A B for Rows rows: a tile that stays in registers.
template <std::floating_point T, Index Rows, class Lane>
void small_product_tile(Lane part, const Strided<const T>& a, const T* b, Index b_row_stride, T* c, Index c_row_stride) {
  using V = xsimd::batch<T>;
  V sum[Rows];
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r) sum[r] = V(T(0));
  const T* column = a.data;
  for (Index k = 0; k < a.cols; ++k, column += a.col_stride, b += b_row_stride) {
    const V row = part.load(b);
    // Four rows share one address and three multiples of the stride; all of those of 16 rows do not fit in registers.
    const T* entry = column;
#pragma GCC unroll 4
    for (Index r = 0; r < Rows; r += 4, entry += 4 * a.row_stride) {
      sum[r] = multiply_add(V(entry[0]), row, sum[r]);
      if constexpr (Rows > 1) {
        sum[r + 1] = multiply_add(V(entry[a.row_stride]), row, sum[r + 1]);
        sum[r + 2] = multiply_add(V(entry[2 * a.row_stride]), row, sum[r + 2]);
        sum[r + 3] = multiply_add(V(entry[3 * a.row_stride]), row, sum[r + 3]);
      }
    }
  }
#pragma GCC unroll 16
  for (Index r = 0; r < Rows; ++r) part.store(c + r * c_row_stride, sum[r]);
}

/// C = A B for matrices of a few vectors, for which product() would take longer to pack B than to multiply: A of any strides,
/// rows of B and C contiguous. Every entry of C is one chain of multiply-adds in the order of k.
template <std::floating_point T>
void small_product(Strided<const T> a, Strided<const T> b, Strided<T> c) {
  assert(a.cols == b.rows && c.rows == a.rows && c.cols == b.cols && b.col_stride == 1 && c.col_stride == 1);
  for_each_row_vector<T>(static_cast<std::size_t>(c.cols), [&](auto part, std::size_t j) {
    Index i = 0;
    const auto run = [&]<Index Rows>(std::integral_constant<Index, Rows>) {
      for (; i + Rows <= a.rows; i += Rows)
        small_product_tile<T, Rows>(part, Strided<const T>(a.data + i * a.row_stride, Rows, a.cols, a.row_stride, a.col_stride),
                                    b.data + j, b.row_stride, c.data + i * c.row_stride + j, c.row_stride);
    };
    if constexpr (sizeof(xsimd::batch<T>) == 64) run(std::integral_constant<Index, 16>{});  // 32 vector registers, else 16
    run(std::integral_constant<Index, 8>{});
    run(std::integral_constant<Index, 4>{});
    run(std::integral_constant<Index, 1>{});
  });
}

/// Where the matrices of one head lie: [tokens, head_width] inside [tokens, 3 width], query, key and value side by side, and
/// inside [tokens, width].
template <class T>
struct AttentionHead {
  Strided<T> query, key, value;
  AttentionHead(const AttentionShape& shape, T* qkv, Index head)
      : query(qkv + head * shape.head_width, shape.tokens, shape.head_width, 3 * shape.width()),
        key(query.data + shape.width(), shape.tokens, shape.head_width, 3 * shape.width()),
        value(key.data + shape.width(), shape.tokens, shape.head_width, 3 * shape.width()) {}
};

}  // namespace detail

/// Scaled dot-product attention of one example, for every head h with its query Q, key K and value V, [tokens, head_width],
/// which lie side by side in qkv [tokens, (query, key, value), heads, head_width]:
///   weights[h] = Aᵀ [key, query],   A = softmax over the keys of Q Kᵀ / √head_width
///   y [tokens, heads, head_width]   ← A V
/// weights (shape.weights() entries) and y are overwritten; scratch has shape.scratch() entries.
///
/// The weights are transposed, since then queries lie across the register: the softmax needs no sum inside one. xsimd's exp is
/// within 1.5 ulp. A row with a NaN becomes NaN. Source: arXiv:1706.03762, eq. 1.
template <std::floating_point T>
void attention_heads(const AttentionShape& shape, std::span<const T> qkv, std::span<T> weights, std::span<T> y,
                     std::span<T> scratch) {
  using V = xsimd::batch<T>;
  const Index n = shape.tokens, width = shape.width();
  assert(static_cast<Index>(qkv.size()) == 3 * n * width && static_cast<Index>(weights.size()) == shape.weights() &&
         static_cast<Index>(y.size()) == n * width && static_cast<Index>(scratch.size()) >= shape.scratch());
  const V factor(T(1) / std::sqrt(static_cast<T>(shape.head_width)));
  const auto size = [](Index k) { return static_cast<std::size_t>(k); };
  transpose(qkv.data(), size(3 * width), size(n), size(width), scratch.data(), size(n));  // the queries of all heads
  for (Index h = 0; h < shape.heads; ++h) {
    const detail::AttentionHead<const T> head(shape, qkv.data(), h);
    T* const a = weights.data() + h * n * n;
    detail::small_product<T>(head.key, {scratch.data() + h * shape.head_width * n, shape.head_width, n, n}, {a, n, n, n});
    for_each_row_vector<T>(size(n), [&](auto part, std::size_t i) {
      V best = part.load(a + i);
      for (Index j = 1; j < n; ++j) {
        const V s = part.load(a + j * n + static_cast<Index>(i));
        best = xsimd::select(s > best, s, best);
      }
      V sum(T(0));
      for (Index j = 0; j < n; ++j) {
        T* const at = a + j * n + static_cast<Index>(i);
        const V e = xsimd::exp(factor * (part.load(at) - best));
        sum += e;
        part.store(at, e);
      }
      const V share = V(T(1)) / sum;
      for (Index j = 0; j < n; ++j) {
        T* const at = a + j * n + static_cast<Index>(i);
        part.store(at, share * part.load(at));
      }
    });
    detail::small_product<T>(Strided<const T>(a, n, n, n).transposed(), head.value,
                             {y.data() + h * shape.head_width, n, shape.head_width, width});
  }
}

/// The derivative of attention_heads: dqkv is overwritten with that of qkv, from dy = ∂L/∂y; for every head
///   dV = Aᵀ dy     dA = dy Vᵀ     dS = A ⊙ (dA − Σ over the keys of A ⊙ dA) / √head_width     dQ = dS K     dK = dSᵀ Q
template <std::floating_point T>
void attention_heads_backward(const AttentionShape& shape, std::span<const T> qkv, std::span<const T> weights,
                              std::span<const T> dy, std::span<T> dqkv, std::span<T> scratch) {
  using V = xsimd::batch<T>;
  const Index n = shape.tokens, width = shape.width();
  assert(static_cast<Index>(qkv.size()) == 3 * n * width && static_cast<Index>(weights.size()) == shape.weights() &&
         static_cast<Index>(dy.size()) == n * width && dqkv.size() == qkv.size() &&
         static_cast<Index>(scratch.size()) >= shape.scratch());
  const V factor(T(1) / std::sqrt(static_cast<T>(shape.head_width)));
  const auto size = [](Index k) { return static_cast<std::size_t>(k); };
  T* const dy_transposed = scratch.data();
  T* const ds = dy_transposed + n * width;  // transposed, as the weights are
  transpose(dy.data(), size(width), size(n), size(width), dy_transposed, size(n));
  for (Index h = 0; h < shape.heads; ++h) {
    const detail::AttentionHead<const T> head(shape, qkv.data(), h);
    const detail::AttentionHead<T> gradient(shape, dqkv.data(), h);
    const T* const a = weights.data() + h * n * n;
    detail::small_product<T>({a, n, n, n}, {dy.data() + h * shape.head_width, n, shape.head_width, width}, gradient.value);
    detail::small_product<T>(head.value, {dy_transposed + h * shape.head_width * n, shape.head_width, n, n}, {ds, n, n, n});
    for_each_row_vector<T>(size(n), [&](auto part, std::size_t i) {
      V sum(T(0));
      for (Index j = 0; j < n; ++j) {
        const Index at = j * n + static_cast<Index>(i);
        sum = multiply_add(part.load(a + at), part.load(ds + at), sum);
      }
      for (Index j = 0; j < n; ++j) {
        const Index at = j * n + static_cast<Index>(i);
        part.store(ds + at, factor * part.load(a + at) * (part.load(ds + at) - sum));
      }
    });
    detail::small_product<T>(Strided<const T>(ds, n, n, n).transposed(), head.key, gradient.query);
    detail::small_product<T>({ds, n, n, n}, head.query, gradient.key);
  }
}

}  // namespace lmc::simd
