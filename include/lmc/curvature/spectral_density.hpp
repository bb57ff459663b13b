// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/curvature/detail/krylov.hpp>
#include <lmc/curvature/detail/vectors.hpp>
#include <lmc/curvature/hessian_function.hpp>

namespace lmc {

/// How spectral_density() estimates and smooths.
struct DensityOptions {
  Index steps = 60;        // m, Lanczos steps of each probe
  Index probes = 4;        // random vectors, averaged
  double width = 0.01;     // σ of the Gaussian on each node, as a share of the range of the nodes; positive
  Index points = 400;      // of the grid, at least 2
  std::uint64_t seed = 0;  // seed of the probes
};

/// A node of the estimated spectrum.
struct SpectrumNode {
  double value = 0;   // where
  double weight = 0;  // share of the eigenvalues near it; all weights add up to 1
};

/// The distribution of the eigenvalues of H, smoothed, and how it was made.
struct SpectralDensity {
  std::vector<double> grid;         // equidistant values, from 4 σ below the least node to 4 σ above the greatest
  std::vector<double> density;      // at each of them; its integral is 1
  std::vector<SpectrumNode> nodes;  // before smoothing, probe after probe
  double width = 0;                 // σ in the units of the eigenvalues: nothing finer can be seen
  Index steps = 0;                  // m, as in the options
  Index probes = 0;                 // as in the options
  Index products = 0;               // products with H
};

/// Spectral density of a symmetric H of that size by stochastic Lanczos quadrature: with T's eigenvalues θ_i and the first entries τ_i of
/// its unit eigenvectors, after m steps from a normal vector of length 1,
///   φ(t) = mean over probes of Σ_i τ_i² N(t; θ_i, σ²).
/// The ends and the bulk are right to about σ after few steps; weights of single eigenvalues, of order 1/size, are noise of order
/// 1/√(size · probes). Source: Ghorbani, Krishnan, Xiao, arXiv:1901.10159; Golub and Welsch 1969.
/// Throws: Error when size or an option is out of range, or a product is not finite.
template <HessianOperator H>
SpectralDensity spectral_density(H&& hessian, Index size, const DensityOptions& options = {}) {
  require(size >= 1, "spectral_density: size = ", size, "; expected at least 1, the length of θ");
  require(options.steps >= 1 && options.probes >= 1 && options.points >= 2, "spectral_density: steps = ", options.steps,
          ", probes = ", options.probes, ", points = ", options.points, "; expected at least 1, 1 and 2");
  require(options.width > 0, "spectral_density: width = ", options.width, "; expected a positive share of the range");
  SpectralDensity result;
  result.steps = options.steps;
  result.probes = options.probes;
  for (Index p = 0; p < options.probes; ++p) {
    const detail::Krylov k = detail::lanczos(
        "spectral_density", hessian, detail::normal_probe(size, detail::probe_stream(options.seed, detail::Probe::density, p)),
        options.steps, [](const detail::Krylov&) { return false; });
    result.products += static_cast<Index>(k.basis.size());
    for (const auto& ritz : k.ritz())
      result.nodes.push_back({ritz.value, ritz.first * ritz.first / static_cast<double>(options.probes)});
  }
  const auto [least, greatest] = std::ranges::minmax_element(result.nodes, {}, &SpectrumNode::value);
  const double range = greatest->value - least->value;
  // One value alone, as of a multiple of the identity, has no range.
  result.width = options.width * (range > 0 ? range : std::max(std::abs(greatest->value), 1.0));
  const double first = least->value - 4 * result.width, last = greatest->value + 4 * result.width;
  for (Index i = 0; i < options.points; ++i) {
    const double t = first + (last - first) * static_cast<double>(i) / static_cast<double>(options.points - 1);
    double density = 0;
    for (const SpectrumNode& node : result.nodes) {
      const double z = (t - node.value) / result.width;
      density += node.weight * std::exp(-z * z / 2);
    }
    result.grid.push_back(t);
    result.density.push_back(density / (result.width * std::sqrt(2 * std::numbers::pi)));
  }
  return result;
}

}  // namespace lmc
