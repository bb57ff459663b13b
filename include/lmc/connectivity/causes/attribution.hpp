// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <numeric>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/causes/quadrature.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/shape.hpp>

namespace lmc {

/// The loss of one θ and its gradient: a callable (std::span<const T> θ, std::span<T> gradient) → double that overwrites
/// gradient with ∂L/∂θ and returns L. It is called on the caller's thread, one θ at a time.
template <class G, class T>
concept GradientFunction = std::invocable<G&, std::span<const T>, std::span<T>> &&
                           std::convertible_to<std::invoke_result_t<G&, std::span<const T>, std::span<T>>, double>;

/// Where barrier_contributions() divides the barrier, and how finely it integrates.
struct AttributionOptions {
  double alpha = 0.5;  // where on the path, in [0, 1]; `loss_barrier(curve).alpha` is where the barrier is attained
  Index panels = 16;   // number of panels of nearly equal length on [0, 1], at least one on each side of α
  Index nodes = 2;     // nodes of the Gauss-Legendre rule in each panel: panels · nodes gradients are computed
};

/// How much each parameter adds to the height of the loss above the chord, at one place of a path.
struct BarrierContributions {
  double alpha = 0;                   // the place, as in the options
  std::vector<double> contributions;  // c_i, in the units of the loss; negative where moving the parameter lowers the bump
  double sum = 0;                     // Σ c_i
  double height = 0;                  // L(α) − chord(α): what sum is but for the error of the quadrature
};

/// Contribution of parameter i to the loss barrier on the line θ(s) from a to b, δ = b − a:
///   c_i(α) = δ_i [ ∫₀^α ∂_iL(θ(s)) ds − α ∫₀¹ ∂_iL(θ(s)) ds ]
/// computed as δ_i [ (1 − α) ∫₀^α − α ∫_α¹ ], so that swapping a and b changes nothing. By the fundamental theorem of calculus,
/// Σ_i c_i(α) = L(α) − chord(α): a Shapley-like division of the barrier, in which parameters that do not move have no part.
///
/// The integrals are by a composite rule. Its error is O(h²ⁿ), h = 1/panels, n = nodes, where L is smooth along the line. Under
/// ReLU, ∂_iL jumps for an example where a hidden unit changes sign: O(h) for each jump, but jumps of many examples at many
/// places cancel. `sum` against `height`, which is measured and not integrated, says what is left of it: for an MLP with three
/// hidden layers, 32 gradients left 0.3 to 0.6 % of the height, in panels of 1, 2, 4 or 16 nodes alike.
///
/// Sums are in double; beside a and b, a θ, a gradient and one vector of double are held. NaN is data: a network diverged.
/// Throws: Error when a and b are empty or of unequal length, or an option is out of range.
/// Source: integrated gradients, Sundararajan, Taly, Yan, arXiv:1703.01365, less their chord.
template <std::floating_point T, GradientFunction<T> G>
BarrierContributions barrier_contributions(std::span<const T> a, std::span<const T> b, G&& gradient,
                                           const AttributionOptions& options = {}) {
  require(a.size() == b.size() && !a.empty(), "barrier_contributions: a has ", a.size(), " parameters and b ", b.size(),
          "; expected two θ of one network");
  const double alpha = options.alpha;
  require(alpha >= 0 && alpha <= 1, "barrier_contributions: alpha = ", alpha, "; expected a place on the path, in [0, 1]");
  require(options.panels >= 1, "barrier_contributions: panels = ", options.panels, "; expected at least 1");
  const std::vector<QuadratureNode> rule = gauss_legendre(options.nodes);

  std::vector<T> theta(a.size()), slope(a.size());
  const auto loss_at = [&](double s) -> double {
    interpolate<T>(a, b, {s, 1 - s}, theta);
    return std::invoke(gradient, std::span<const T>(theta), std::span<T>(slope));
  };
  BarrierContributions result{.alpha = alpha, .contributions = std::vector<double>(a.size())};
  std::vector<double>& c = result.contributions;
  result.height = loss_at(alpha) - chord(loss_at(0), loss_at(1), {alpha, 1 - alpha});

  // Σ factor · ∂_iL over the panels of [from, to].
  const auto integrate = [&](double from, double to, Index panels, double factor) {
    const double length = (to - from) / static_cast<double>(panels);
    for (Index p = 0; p < panels; ++p)
      for (const QuadratureNode& node : rule) {
        loss_at(from + length * (static_cast<double>(p) + node.x));
        const double weight = factor * length * node.weight;
        for (std::size_t i = 0; i < c.size(); ++i) c[i] += weight * static_cast<double>(slope[i]);
      }
  };
  if (alpha > 0 && alpha < 1) {  // at the ends c = 0
    const auto share = std::lround(alpha * static_cast<double>(options.panels));
    const Index before = std::clamp<Index>(share, 1, std::max<Index>(1, options.panels - 1));
    integrate(0, alpha, before, 1 - alpha);
    integrate(alpha, 1, std::max<Index>(1, options.panels - before), -alpha);
  }
  for (std::size_t i = 0; i < c.size(); ++i) c[i] *= static_cast<double>(b[i]) - static_cast<double>(a[i]);
  result.sum = std::accumulate(c.begin(), c.end(), 0.0);
  return result;
}

/// The same for a and b in vectors, arrays and the like.
template <ContiguousFloats Range, GradientFunction<std::ranges::range_value_t<Range>> G>
BarrierContributions barrier_contributions(const Range& a, const Range& b, G&& gradient,
                                           const AttributionOptions& options = {}) {
  using T = std::ranges::range_value_t<Range>;
  return barrier_contributions<T>(std::span<const T>(a), std::span<const T>(b), std::forward<G>(gradient), options);
}

/// The sums of the contributions of each segment of θ. Throws: Error when there is not one contribution per parameter.
inline std::vector<NamedValue> sum_by_segment(const ParameterLayout& layout, std::span<const double> contributions) {
  std::vector<NamedValue> sums;
  for (std::size_t i = 0; i < layout.parameters.size(); ++i) {
    const auto part = segment_of(layout, i, contributions);
    sums.push_back({layout.parameters[i].name, std::accumulate(part.begin(), part.end(), 0.0)});
  }
  return sums;
}

/// The same for each layer of θ (parameter_layers).
inline std::vector<NamedValue> sum_by_layer(const ParameterLayout& layout, std::span<const double> contributions) {
  const std::vector<NamedValue> segments = sum_by_segment(layout, contributions);
  std::vector<NamedValue> sums;
  for (const ParameterLayer& layer : parameter_layers(layout)) {
    NamedValue& sum = sums.emplace_back(NamedValue{layer.name, 0});
    for (const std::size_t segment : layer.segments) sum.value += segments[segment].value;
  }
  return sums;
}

}  // namespace lmc
