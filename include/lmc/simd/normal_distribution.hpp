// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <concepts>
#include <cstddef>

#include <lmc/simd/detail/xsimd.hpp>
#include <lmc/simd/vectors.hpp>

namespace lmc::simd {

/// The standard normal distribution, for every entry of a register.
template <std::floating_point T>
struct NormalDistribution {
  xsimd::batch<T> below;    // Φ(x) = ½ erfc(−x/√2), the probability of less than x
  xsimd::batch<T> density;  // φ(x) = exp(−x²/2) / √(2π)
};

namespace detail {

/// A polynomial P with Φ(−a) = exp(−a²/2) P(s) / (a + 4), where s = slope / (a + 4) + shift goes from −1 to 1 until the
/// exponential underflows, and P is finite beyond. Made by tests/simd/normal_distribution.py; P is within 3e-8 (float), 5e-17
/// (double) of the true quotient, which falls from 2 to 0.4.
template <std::floating_point T>
struct NormalTail;

template <>
struct NormalTail<float> {
  static constexpr float slope = -10.2068966F, shift = 1.55172414F;
  static constexpr std::array<float, 10> coefficients{-1.34869242e-5F, 6.18539046e-5F, 1.85776282e-4F, -1.28426161e-3F,
                                                      -4.608938e-4F,   2.47395535e-2F, -0.116260726F,  0.32294572F,
                                                      -0.630146588F,   0.906841225F};
};
template <>
struct NormalTail<double> {
  static constexpr double slope = -8.8205128205128212, shift = 1.2051282051282051;
  static constexpr std::array<double, 23> coefficients{
      -1.1276213394502738e-10, 2.6438722530728777e-10, 1.6822069734307139e-09, -1.5682335939479754e-09, -1.3775775123837805e-08,
      -3.2927213700746806e-09, 8.389835664626121e-08,  1.1527820555212994e-07, -4.353993716498129e-07,  -1.2139701120692004e-06,
      2.1840200308562345e-06,  1.0463929239295126e-05, -1.362229355921332e-05, -8.847017779596867e-05,  0.00014720806311012012,
      0.0007374208916995173,   -0.002501459056756743,  -0.0032588461900201196, 0.04290632677694325,     -0.15636995546794472,
      0.3639067368270385,      -0.6212441022247254,    0.8153383968425169};
};

}  // namespace detail

/// Φ and φ, which share an exponential, with a relative error of at most (4 + x²/4) ε, in the lower tail, too: the second term
/// is the rounding of x², half of what a rounding of x itself would do. Below the smallest normal number they are 0. NaN stays
/// NaN.
///
/// Not xsimd::erf: 1 + erf cancels in the lower tail, the double one of xsimd 8.1 is off by up to 34 ε, and it would take an
/// exponential of its own.
template <std::floating_point T>
NormalDistribution<T> normal_distribution(const xsimd::batch<T>& x) {
  using V = xsimd::batch<T>;
  using Tail = detail::NormalTail<T>;
  const V a = xsimd::abs(x);
  const V e = xsimd::exp(V(T(-0.5)) * (a * a));
  const V u = V(T(1)) / (a + V(T(4))), s = multiply_add(V(Tail::slope), u, V(Tail::shift));
  V p(Tail::coefficients[0]);
#pragma GCC unroll 32
  for (std::size_t k = 1; k < Tail::coefficients.size(); ++k) p = multiply_add(p, s, V(Tail::coefficients[k]));
  const V beyond = e * (p * u);
  return {.below = xsimd::select(x > V(T(0)), V(T(1)) - beyond, beyond), .density = V(T(0.39894228040143267794L)) * e};
}

}  // namespace lmc::simd
