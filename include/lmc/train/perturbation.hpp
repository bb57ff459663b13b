// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// A random direction of a chosen length, added to θ.
struct GaussianPerturbation {
  double norm = 1e-3;      // length of what is added, positive
  bool relative = true;    // norm is a share of the length of the parameters that change; else in the units of θ
  std::string layer = {};  // the layer that changes, as parameter_layers() names it; empty: all of θ
  std::uint64_t seed = 0;  // of the direction
};

namespace detail {

/// The ranges of θ that a perturbation changes. Throws: Error that lists the layers when there is none of that name.
inline std::vector<std::pair<std::size_t, std::size_t>> perturbed_ranges(const ParameterLayout& layout,
                                                                         const std::string& name) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  std::string names;
  for (const ParameterLayer& layer : parameter_layers(layout)) {
    names += (names.empty() ? "" : ", ") + layer.name;
    if (!name.empty() && layer.name != name) continue;
    for (const std::size_t segment : layer.segments) {
      const Segment& s = layout.parameters[segment];
      ranges.emplace_back(static_cast<std::size_t>(s.offset), static_cast<std::size_t>(s.size()));
    }
  }
  require(!ranges.empty(), "perturb: there is no layer '", name, "' with parameters; there are: ", names);
  return ranges;
}

}  // namespace detail

/// θ ← θ + δ,  δ = norm z / ‖z‖ with standard normal z, or norm ‖θ‖ z / ‖z‖ if relative; of a layer, with its own parameters alone in
/// both norms. The direction is drawn at the positions of the parameters. Returns ‖δ‖ as it came out in θ's type, which differs from
/// the norm that was asked for by rounding.
/// Throws: Error when norm is not positive and finite, there is no such layer (the text lists them), the parameters are all 0 and norm
/// is relative, θ is not as long as the layout says, or rounding takes more than a hundredth of norm.
template <std::floating_point Scalar>
double perturb(const ParameterLayout& layout, std::span<Scalar> theta, const GaussianPerturbation& options) {
  require(options.norm > 0 && std::isfinite(options.norm), "perturb: norm = ", shortest(options.norm),
          "; expected a positive number");
  require(static_cast<Index>(theta.size()) == layout.parameter_count(), "perturb: ", theta.size(),
          " parameters; the layout has ", layout.parameter_count());
  const auto ranges = detail::perturbed_ranges(layout, options.layer);
  const Stream stream{.seed = options.seed, .purpose = Purpose::perturbation};
  const auto over_ranges = [&](auto value) {
    double sum = 0;
    for (const auto& [offset, size] : ranges)
      for (std::size_t i = offset; i < offset + size; ++i) {
        const double x = value(i);
        sum += x * x;
      }
    return std::sqrt(sum);
  };
  double norm = options.norm;
  if (options.relative) {
    norm *= over_ranges([&](std::size_t i) { return static_cast<double>(theta[i]); });
    require(norm > 0, "perturb: the parameters of ",
            options.layer.empty() ? "the network" : "the layer '" + options.layer + "'",
            " are all 0, and have no length that norm = ", shortest(options.norm), " can be a share of; give an absolute norm");
  }
  const double scale = norm / over_ranges([&](std::size_t i) { return normal(stream, i); });
  const std::vector<Scalar> before(theta.begin(), theta.end());
  for (const auto& [offset, size] : ranges)
    for (std::size_t i = offset; i < offset + size; ++i)
      theta[i] = static_cast<Scalar>(static_cast<double>(theta[i]) + scale * normal(stream, i));
  const double added =
      over_ranges([&](std::size_t i) { return static_cast<double>(theta[i]) - static_cast<double>(before[i]); });
  require(std::abs(added - norm) <= 0.01 * norm, "perturb: of a length of ", norm, ", rounding leaves ", added,
          "; give a larger norm, which the parameters' type can show");
  return added;
}

}  // namespace lmc
