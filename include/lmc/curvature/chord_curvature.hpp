// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/curvature/detail/vectors.hpp>
#include <lmc/curvature/hessian_function.hpp>

namespace lmc {

/// Where chord_curvature() measures.
struct ChordOptions {
  Index intervals = 16;  // of equal length on [0, 1], a multiple of 4: intervals + 1 products
};

/// How the loss bends on the line θ(α) from a to b, δ = b − a.
struct ChordCurvature {
  std::vector<double> alphas;     // the places, 0 and 1 among them
  std::vector<double> curvature;  // d²L/dα² = δᵀ H(θ(α)) δ at each, without what kinks add
  double slope_a = 0;             // dL/dα at a, g_A · δ
  double slope_b = 0;             // dL/dα at b, g_B · δ
  double integral = 0;            // ∫₀¹ δᵀ H δ dα, by Simpson's rule over the intervals
  double integral_error = 0;      // how far it is from Simpson's rule over intervals twice as long
  double kinks = 0;               // slope_b − slope_a − integral: by how much the slope jumps up at kinks, in all
  double height = 0;              // L(½) − (L(0) + L(1)) / 2: the loss barrier at ½
  double predicted = 0;           // the same from the two ends alone
  double residual = 0;            // height − predicted
};

/// Second derivative of the loss on the line from a to b, one product at each place, and what it does not see.
///
/// With ReLU the slope of the loss jumps where a unit of an example changes sign; δᵀHδ is the derivative between these kinks. The whole
/// change of the slope is that of both together, so that
///   kinks = (g_B − g_A) · δ − ∫₀¹ δᵀ H δ dα.
/// For a smooth loss it is 0 up to integral_error; where it is large, δᵀHδ says little of the barrier. For a smooth loss the error of the
/// integral is about integral_error / 15; δᵀHδ itself jumps at kinks, and then nothing below integral_error is to be believed.
///
/// The quintic that has the values, slopes and curvatures of L at both ends predicts, at ½,
///   L(½) − (L(0) + L(1)) / 2 = 5/32 (g_A − g_B) · δ + 1/64 (δᵀ H_A δ + δᵀ H_B δ)
/// exactly, where L is a polynomial of degree 5 on the line. It is two ends' worth of knowledge: residual says what it misses.
///
/// Swapping a and b mirrors everything. Cost: 3 gradients and intervals + 1 products. Throws: Error when a and b are empty, of unequal
/// length or equal, intervals are no multiple of 4, or a loss or a curvature is not finite.
template <std::floating_point T, GradientFunction<T> G, HessianFunction<T> H>
ChordCurvature chord_curvature(std::span<const T> a, std::span<const T> b, G&& gradient, H&& hessian,
                               const ChordOptions& options = {}) {
  require(a.size() == b.size() && !a.empty(), "chord_curvature: a has ", a.size(), " parameters and b ", b.size(),
          "; expected two θ of one network");
  require(options.intervals >= 4 && options.intervals % 4 == 0, "chord_curvature: intervals = ", options.intervals,
          "; expected a multiple of 4, at least 4");
  std::vector<double> delta(a.size()), product(a.size());
  for (std::size_t i = 0; i < delta.size(); ++i) delta[i] = static_cast<double>(b[i]) - static_cast<double>(a[i]);
  require(detail::length(delta) > 0, "chord_curvature: a and b are equal, so that there is no line; expected two different θ");
  std::vector<T> theta(a.size()), slope(a.size());
  // L at that place, its slope along δ.
  const auto first_order = [&](const PathWeights& place) {
    interpolate<T>(a, b, place, theta);
    const double loss = std::invoke(gradient, std::span<const T>(theta), std::span<T>(slope));
    double along = 0;
    for (std::size_t i = 0; i < delta.size(); ++i) along += static_cast<double>(slope[i]) * delta[i];
    require(std::isfinite(loss) && std::isfinite(along), "chord_curvature: at α = ", place.alpha, " the loss is ", loss,
            " and its slope ", along, "; expected finite numbers: did a training diverge?");
    return std::array{loss, along};
  };
  ChordCurvature result;
  const auto n = options.intervals;
  for (Index i = 0; i <= n; ++i) {
    const PathWeights place{static_cast<double>(i) / static_cast<double>(n),
                            static_cast<double>(n - i) / static_cast<double>(n)};
    interpolate<T>(a, b, place, theta);
    std::invoke(hessian, std::span<const T>(theta), std::span<const double>(delta), std::span<double>(product));
    const double value = detail::dot(delta, product);
    require(std::isfinite(value), "chord_curvature: at α = ", place.alpha, " the curvature is ", value,
            "; expected finite numbers: did a training diverge?");
    result.alphas.push_back(place.alpha);
    result.curvature.push_back(value);
  }
  const auto simpson = [&](std::size_t step) {
    double sum = 0;
    const std::size_t last = result.curvature.size() - 1;
    for (std::size_t i = 0; i <= last; i += step)
      sum += result.curvature[i] * (i == 0 || i == last ? 1 : i / step % 2 == 1 ? 4 : 2);
    return sum * static_cast<double>(step) / (3 * static_cast<double>(last));
  };
  const auto [loss_a, slope_a] = first_order({0, 1});
  const auto [loss_b, slope_b] = first_order({1, 0});
  result.slope_a = slope_a;
  result.slope_b = slope_b;
  result.integral = simpson(1);
  result.integral_error = std::abs(result.integral - simpson(2));
  result.kinks = slope_b - slope_a - result.integral;
  result.height = first_order({0.5, 0.5})[0] - chord(loss_a, loss_b, {0.5, 0.5});
  result.predicted = 5.0 / 32 * (slope_a - slope_b) + (result.curvature.front() + result.curvature.back()) / 64;
  result.residual = result.height - result.predicted;
  return result;
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, GradientFunction<std::ranges::range_value_t<Range>> G,
          HessianFunction<std::ranges::range_value_t<Range>> H>
ChordCurvature chord_curvature(const Range& a, const Range& b, G&& gradient, H&& hessian, const ChordOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return chord_curvature<T>(std::span<const T>(a), std::span<const T>(b), std::forward<G>(gradient), std::forward<H>(hessian),
                            options);
}

}  // namespace lmc
