// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>

#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// θ ← θ − rate (g + decay θ), for equal lengths (asserted). Memory bound: reads 2n, writes n scalars.
template <std::floating_point T>
void sgd_update(std::span<const T> gradient, std::span<T> theta, T rate, T decay) {
  assert(gradient.size() == theta.size());
  using V = xsimd::batch<T>;
  for_each_vector(theta, [=, g = gradient.data(), th = theta.data()](auto part, std::size_t i) {
    const V t = part.load(th + i);
    const V d = multiply_add(V(decay), t, part.load(g + i));
    part.store(th + i, negative_multiply_add(V(rate), d, t));
  });
}

template <std::floating_point T>
struct SgdMomentum {
  T rate;         // learning rate of this step
  T decay;        // λ, of the decay that is added to the gradient
  T keep;         // share of the velocity that is kept
  T take;         // factor of the gradient that is added to it
  bool nesterov;  // step by g' + keep · v instead of v
};

/// One sweep over θ, g and the velocity v, for equal lengths (asserted):
///   g' = g + decay θ     v ← keep v + take g'     θ ← θ − rate (nesterov ? g' + keep v : v)
/// Memory bound: reads 3n, writes 2n scalars.
template <std::floating_point T>
void sgd_momentum_update(std::span<const T> gradient, std::span<T> velocity, std::span<T> theta, const SgdMomentum<T>& o) {
  assert(gradient.size() == theta.size() && velocity.size() == theta.size());
  using V = xsimd::batch<T>;
  for_each_vector(theta, [o, g = gradient.data(), ve = velocity.data(), th = theta.data()](auto part, std::size_t i) {
    const V t = part.load(th + i);
    const V d = multiply_add(V(o.decay), t, part.load(g + i));
    const V v = multiply_add(V(o.keep), part.load(ve + i), V(o.take) * d);
    part.store(ve + i, v);
    part.store(th + i, negative_multiply_add(V(o.rate), o.nesterov ? multiply_add(V(o.keep), v, d) : v, t));
  });
}

}  // namespace lmc::simd
