// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// What is the same for all entries of θ in one step of Adam or AdamW.
template <std::floating_point T>
struct AdamUpdate {
  T beta1, one_minus_beta1;  // β₁ and 1 − β₁
  T beta2, one_minus_beta2;  // β₂ and 1 − β₂
  T rate;                    // learning rate ÷ (1 − β₁ᵗ)
  T root_scale;              // 1 ÷ √(1 − β₂ᵗ)
  T epsilon;
  T decay;   // λ of a decay that is added to the gradient, else 0
  T shrink;  // 1 − learning rate · λ of a decoupled decay, else 1
};

/// One sweep over θ, g and the means m of g and v of g², for equal lengths (asserted):
///   g' = g + decay θ     m ← beta1 m + one_minus_beta1 g'     v ← beta2 v + one_minus_beta2 g'²
///   θ ← shrink θ − rate m / (root_scale √v + epsilon)
/// Reads 4n, writes 3n scalars; in a first- or second-level cache it is bound by the root and the division.
template <std::floating_point T>
void adam_update(std::span<const T> gradient, std::span<T> mean, std::span<T> square, std::span<T> theta,
                 const AdamUpdate<T>& o) {
  assert(gradient.size() == theta.size() && mean.size() == theta.size() && square.size() == theta.size());
  using V = xsimd::batch<T>;
  for_each_vector(theta,
                  [o, g_ = gradient.data(), m_ = mean.data(), v_ = square.data(), t_ = theta.data()](auto part, std::size_t i) {
                    const V t = part.load(t_ + i);
                    const V g = multiply_add(V(o.decay), t, part.load(g_ + i));
                    const V m = multiply_add(V(o.beta1), part.load(m_ + i), V(o.one_minus_beta1) * g);
                    const V v = multiply_add(V(o.beta2), part.load(v_ + i), V(o.one_minus_beta2) * g * g);
                    part.store(m_ + i, m);
                    part.store(v_ + i, v);
                    const V direction = m / multiply_add(V(o.root_scale), xsimd::sqrt(v), V(o.epsilon));
                    part.store(t_ + i, negative_multiply_add(V(o.rate), direction, V(o.shrink) * t));
                  });
}

/// What is the same for all entries in one step of Adam's moments.
template <std::floating_point T>
struct AdamMoments {
  T beta1, one_minus_beta1;  // β₁ and 1 − β₁
  T beta2, one_minus_beta2;  // β₂ and 1 − β₂
  T decay;                   // λ of a decay that is added to the gradient, else 0
};

/// The moments alone, as adam_update has them: g' = g + decay θ, m ← beta1 m + one_minus_beta1 g', v ← beta2 v + one_minus_beta2 g'².
/// Memory bound: reads 4n, writes 2n scalars.
template <std::floating_point T>
void adam_moments(std::span<const T> gradient, std::span<T> mean, std::span<T> square, std::span<const T> theta,
                  const AdamMoments<T>& o) {
  assert(gradient.size() == theta.size() && mean.size() == theta.size() && square.size() == theta.size());
  using V = xsimd::batch<T>;
  for_each_vector(mean,
                  [o, g_ = gradient.data(), m_ = mean.data(), v_ = square.data(), t_ = theta.data()](auto part, std::size_t i) {
                    const V g = multiply_add(V(o.decay), part.load(t_ + i), part.load(g_ + i));
                    part.store(m_ + i, multiply_add(V(o.beta1), part.load(m_ + i), V(o.one_minus_beta1) * g));
                    part.store(v_ + i, multiply_add(V(o.beta2), part.load(v_ + i), V(o.one_minus_beta2) * g * g));
                  });
}

}  // namespace lmc::simd
