// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// What is the same for all entries of θ in one step of sign descent.
template <std::floating_point T>
struct SignUpdate {
  T rate;    // learning rate of this step
  T shrink;  // 1 − learning rate · λ of a decoupled decay, else 1
};

/// θ ← shrink θ − rate sign(v), for equal lengths (asserted); sign(0) = 0. A v that is NaN or infinite makes θ NaN, since its sign
/// would hide that the training diverged. Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void sign_update(std::span<const T> v, std::span<T> theta, const SignUpdate<T>& o) {
  assert(v.size() == theta.size());
  using V = xsimd::batch<T>;
  for_each_vector(theta, [o, v_ = v.data(), t_ = theta.data()](auto part, std::size_t i) {
    const V x = part.load(v_ + i);
    const V sign = xsimd::select(x > V(T(0)), V(T(1)), xsimd::select(x < V(T(0)), V(T(-1)), V(T(0))));
    const V zero = x - x;  // NaN where x is not finite
    part.store(t_ + i, negative_multiply_add(V(o.rate), sign + zero, V(o.shrink) * part.load(t_ + i)));
  });
}

/// v ← keep v + (1 − keep) g, for equal lengths (asserted): the running mean of the gradients. A v below the smallest normal number
/// becomes 0: without gradient it would stay at the smallest number that there is, and keep its sign for ever.
template <std::floating_point T>
void update_mean(std::span<const T> gradient, std::span<T> v, T keep, T one_minus_keep) {
  assert(gradient.size() == v.size());
  using V = xsimd::batch<T>;
  for_each_vector(v, [=, g_ = gradient.data(), v_ = v.data()](auto part, std::size_t i) {
    const V next = multiply_add(V(keep), part.load(v_ + i), V(one_minus_keep) * part.load(g_ + i));
    part.store(v_ + i, xsimd::select(xsimd::abs(next) < V(std::numeric_limits<T>::min()), V(T(0)), next));
  });
}

}  // namespace lmc::simd
