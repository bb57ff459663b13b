// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <functional>
#include <span>

#include <lmc/core/shape.hpp>

namespace lmc {

/// The operands of C += X Yᵀ, each row-major without holes. C overlaps neither X nor Y.
struct ProductArgs {
  Index m = 0;                     // rows of X and of C
  Index n = 0;                     // rows of Y, and columns of C
  Index k = 0;                     // columns of X and of Y: the length of the sums
  std::span<const double> x = {};  // [m, k]
  std::span<const double> y = {};  // [n, k]
  std::span<double> c = {};        // [m, n]; added to
};

/// What searches multiply matrices with: C += X Yᵀ. Nearly all of a search's arithmetic is in it, so that whoever has a fast
/// product hands it in; equal operands must give equal bits.
using AddProduct = std::function<void(const ProductArgs&)>;

/// C += X Yᵀ by a plain loop, each sum in the order of k: what a search uses where nothing is handed in.
inline void add_product(const ProductArgs& p) {
  const auto size = [](Index i) { return static_cast<std::size_t>(i); };
  for (Index i = 0; i < p.m; ++i) {
    const double* const x = p.x.data() + i * p.k;
    double* const c = p.c.data() + i * p.n;
    Index j = 0;
    for (; j + 4 <= p.n; j += 4) {  // four sums at once, since each waits for its own additions
      const double* const y = p.y.data() + j * p.k;
      double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (std::size_t k = 0; k < size(p.k); ++k) {
        s0 += x[k] * y[k];
        s1 += x[k] * y[size(p.k) + k];
        s2 += x[k] * y[2 * size(p.k) + k];
        s3 += x[k] * y[3 * size(p.k) + k];
      }
      c[j] += s0;
      c[j + 1] += s1;
      c[j + 2] += s2;
      c[j + 3] += s3;
    }
    for (; j < p.n; ++j) {
      const double* const y = p.y.data() + j * p.k;
      double sum = 0;
      for (std::size_t k = 0; k < size(p.k); ++k) sum += x[k] * y[k];
      c[j] += sum;
    }
  }
}

}  // namespace lmc
