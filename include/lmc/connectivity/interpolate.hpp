// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <span>

namespace lmc {

/// A place on a path between two ends a and b. Both weights are carried, so that a place and its mirror image have exactly
/// swapped weights, which α and a rounded 1 − α have not.
struct PathWeights {
  double alpha = 0;      // the weight of b
  double alpha_bar = 1;  // the weight of a, 1 − α
  friend bool operator==(const PathWeights&, const PathWeights&) = default;
};

/// out = ᾱ a + α b, for equal lengths (asserted); out may be a or b. Computed from the nearer end, as
///   a + α (b − a)  for α < ½,    b + ᾱ (a − b)  for α > ½,    midpoint(a, b)  at ½,    and copied at the ends,
/// so that equal ends (up to the sign of a zero), both ends, and swapping a and b are exact: (1 − α) x + α x differs from x for
/// about a third of all x. Where b − a is beyond the largest number, it is the weighted sum, so that finite ends give finite values.
template <std::floating_point T>
void interpolate(std::span<const T> a, std::span<const T> b, const PathWeights& weights, std::span<T> out) {
  assert(a.size() == b.size() && a.size() == out.size());
  const bool from_a = weights.alpha < weights.alpha_bar;
  const std::span<const T> near = from_a ? a : b, far = from_a ? b : a;
  const T step = static_cast<T>(from_a ? weights.alpha : weights.alpha_bar);
  if (step == 0) {  // not near + 0 (far − near): the other end may be infinite
    std::copy(near.begin(), near.end(), out.begin());
  } else if (weights.alpha == weights.alpha_bar) {  // not ½ a + ½ b: halving the smallest numbers rounds
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::midpoint(a[i], b[i]);
  } else {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const T x = near[i], y = far[i], value = x + step * (y - x);
      out[i] = std::isfinite(value) ? value : (1 - step) * x + step * y;
    }
  }
}

/// ᾱ a + α b, the straight line through the values at the two ends, as exact as interpolate on vectors.
inline double chord(double a, double b, const PathWeights& weights) {
  double value = 0;
  interpolate<double>({&a, 1}, {&b, 1}, weights, {&value, 1});
  return value;
}

}  // namespace lmc
