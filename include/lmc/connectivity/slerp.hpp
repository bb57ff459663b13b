// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <numeric>
#include <ranges>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/detail/ends.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Spherical linear interpolation (slerp) between two vectors, on the arc of the great circle through their directions:
///   θ(α) = (sin(ᾱω) a + sin(αω) b) / sin ω,   ω the angle between a and b.
/// Ends of one length stay at that length all the way, where the straight line is shorter by the factor cos(ω/2) in the middle. The
/// vectors are taken whole, all parameters of a network as one: the path then depends on θ alone, and not on the tensors that a
/// program keeps it in, and biases that are all zero at both ends have no angle of their own. Merging programs such as mergekit
/// take each tensor by itself, and for |cos ω| > 0.9995 the line, which leads nearly opposite vectors through 0.
///
/// As ω goes to 0 this becomes the straight line, which it is to rounding for ω < 1e-8; no threshold switches. Nearly opposite vectors,
/// π − ω < least_gap, have no arc that their rounded entries determine: an Error. Ends are copied, equal ends stay, and swapping
/// the ends with their weights gives the same bits. All arithmetic is in double, rounded to T once: relative to the length of θ(α), the
/// error is below 2 ε + 2e-16 / cos(ω/2), with ε half the distance of T from 1 to the next.
/// Source: K. Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985; ω as W. Kahan has it, which is exact at 0 and π,
/// where the arc cosine of a scalar product loses half its digits.
template <std::floating_point T>
class GreatCircle {
 public:
  /// Smallest distance of ω from π, in radians.
  static constexpr double least_gap = 1e-3;

  /// a and b must outlive it. Throws: Error when they are empty or of unequal length, an entry is not finite, one of them is 0 in
  /// all entries, or they are nearly opposite.
  GreatCircle(std::span<const T> a, std::span<const T> b) : a_(a), b_(b) {
    [[maybe_unused]] const detail::Ends<T> checked("slerp", a, b);
    const Unit u("a", a), v("b", b);
    double apart = 0, together = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double x = u(a[i]), y = v(b[i]);
      apart += (x - y) * (x - y);
      together += (x + y) * (x + y);
    }
    // Not π − angle_, which would lose the digits that the gap has.
    const double gap = 2 * std::atan2(std::sqrt(together), std::sqrt(apart));
    angle_ = 2 * std::atan2(std::sqrt(apart), std::sqrt(together));
    cosine_of_half_ = std::sqrt(together / (apart + together));
    require(
        gap >= least_gap, "slerp: a and b are nearly opposite, ", shortest(gap), " from an angle of π; expected at least ",
        shortest(least_gap),
        ": between opposite vectors every great circle is as short as every other. The straight line leads through 0; is b an "
        "alignment with its signs flipped?");
  }

  /// ω, in radians, from 0 to π.
  [[nodiscard]] double angle() const { return angle_; }

  /// out = θ(α); out is as long as a and b (asserted), and may be one of them. Throws: Error when α is not in [0, 1], or, with out
  /// left unfinished, when an entry of θ(α) is beyond the largest number of T: the arc leads outward between ends of unequal lengths.
  void at(const PathWeights& weights, std::span<T> out) const {
    assert(out.size() == a_.size());
    require(weights.alpha >= 0 && weights.alpha <= 1 && weights.alpha_bar >= 0 && weights.alpha_bar <= 1,
            "slerp: α = ", shortest(weights.alpha), " and 1 − α = ", shortest(weights.alpha_bar),
            "; expected a place between the ends, α in [0, 1]");
    const auto in_range = [&](std::size_t i, T value) {
      require(std::isfinite(value), "slerp: at α = ", shortest(weights.alpha), " position ", i,
              " is beyond the largest number of its type; expected smaller a and b");
      return value;
    };
    const bool from_a = weights.alpha < weights.alpha_bar;
    const std::span<const T> near = from_a ? a_ : b_, far = from_a ? b_ : a_;
    const double step = from_a ? weights.alpha : weights.alpha_bar;
    if (step == 0) {
      std::copy(near.begin(), near.end(), out.begin());
      return;
    }
    if (angle_ == 0) {
      // Ends of one direction, whose weights are those of the line.
      interpolate<T>(a_, b_, weights, out);
      return;
    }
    // θ = near + w (far − near) + e near, where the weights of the ends have the sum
    //   1 + e = cos((½ − α) ω) / cos(ω/2),   e = 2 sin(αω/2) sin(ᾱω/2) / cos(ω/2),
    // so that equal entries of nearly equal vectors do not round.
    const double excess = 2 * std::sin(weights.alpha * angle_ / 2) * std::sin(weights.alpha_bar * angle_ / 2) / cosine_of_half_;
    if (weights.alpha == weights.alpha_bar) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const double middle = std::midpoint(static_cast<double>(a_[i]), static_cast<double>(b_[i]));
        out[i] = in_range(i, static_cast<T>(middle + excess * middle));
      }
      return;
    }
    const double weight = std::sin(step * angle_) / (2 * std::sin(angle_ / 2) * cosine_of_half_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto x = static_cast<double>(near[i]), y = static_cast<double>(far[i]);
      double value = x + (weight * (y - x) + excess * x);
      if (!std::isfinite(value)) {
        // Parts of the sum may be out of range where the sum is not. Powers of two are exact.
        const double small = 0x1p-16, u = small * x, v = small * y;
        value = (u + (weight * (v - u) + excess * u)) / small;
      }
      out[i] = in_range(i, static_cast<T>(value));
    }
  }

 private:
  // Entries divided by the length of their vector, by way of the largest one, whose square may be out of range.
  struct Unit {
    double largest = 0, length = 0;
    Unit(std::string_view name, std::span<const T> vector) {
      for (const T x : vector) largest = std::max(largest, std::abs(static_cast<double>(x)));
      require(largest > 0, "slerp: all entries of ", name, " are 0; expected a vector that has a direction");
      for (const T x : vector) length += (static_cast<double>(x) / largest) * (static_cast<double>(x) / largest);
      length = std::sqrt(length);
    }
    double operator()(T x) const { return static_cast<double>(x) / largest / length; }
  };

  std::span<const T> a_, b_;
  double angle_ = 0, cosine_of_half_ = 1;
};

/// Measures the arc of the great circle from a to b (GreatCircle) at every α of the grid, and at ½ beside it: a Curve as linear_path
/// gives it, of which every barrier can be computed. Each point is evaluated by itself; an evaluator of ours estimates running
/// statistics anew for every θ, as on a line. Throws: Error as GreatCircle and linear_path.
template <std::floating_point T, Evaluator<T> E>
Curve slerp_path(std::span<const T> a, std::span<const T> b, E&& evaluate, const PathOptions& options = {}) {
  const GreatCircle<T> arc(a, b);
  return detail::path_curve<T>(a, b, evaluate, options, ends_as_alone<E>, [&](std::span<const PathWeights> points) {
    std::vector<Metrics> measured;
    std::vector<T> theta(a.size());
    for (const PathWeights& place : points) {
      arc.at(place, theta);
      measured.push_back(std::invoke(evaluate, std::span<const T>(theta)));
    }
    return measured;
  });
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, Evaluator<std::ranges::range_value_t<Range>> E>
Curve slerp_path(const Range& a, const Range& b, E&& evaluate, const PathOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return slerp_path<T>(std::span<const T>(a), std::span<const T>(b), std::forward<E>(evaluate), options);
}

}  // namespace lmc
