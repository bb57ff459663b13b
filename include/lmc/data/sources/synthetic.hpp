// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>

namespace lmc {

/// What spirals() draws.
struct SpiralsOptions {
  Index examples = 3000;   // > 0
  Index classes = 3;       // arms, > 0
  double turns = 1.0;      // turns of an arm around the center
  double noise = 0.1;      // standard deviation of each coordinate's noise, ≥ 0
  std::uint64_t seed = 1;  // another seed is another sample: a test set
};

/// What gaussian_mixture() draws.
struct GaussianMixtureOptions {
  Index examples = 3000;          // > 0
  Index classes = 3;              // Gaussians, > 0
  Index dimension = 2;            // > 0
  double separation = 4.0;        // root mean square distance of two centers, in standard deviations of a Gaussian, ≥ 0
  std::uint64_t center_seed = 0;  // where the centers are: the same for a training and a test set
  std::uint64_t seed = 1;         // another seed is another sample of the same mixture: a test set
};

namespace detail {

// Which draws of Purpose::synthetic_data are which.
enum class SyntheticPart : std::uint32_t { position, noise, center };

inline Stream synthetic_stream(std::uint64_t seed, SyntheticPart part) {
  return {.seed = seed, .purpose = Purpose::synthetic_data, .part = static_cast<std::uint32_t>(part)};
}

/// Throws: Error when a data set has more values than 2²⁸, which take a GiB as floats.
inline void require_value_count(std::string_view who, Index examples, Index dimension) {
  constexpr Index most = Index{1} << 28;
  require(examples <= most / dimension, who, ": examples = ", examples, " of dimension ", dimension, "; expected at most ",
          most, " values in all, a GiB");
}

/// A data set of value(i, k, j), coordinate j of example i of class k = i mod classes.
template <std::floating_point Scalar, class Value>
Dataset<Scalar> synthetic_dataset(Index examples, Index classes, Index dimension, Value value) {
  std::vector<Scalar> features;
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < examples; ++i) {
    labels.push_back(static_cast<std::int32_t>(i % classes));
    for (Index j = 0; j < dimension; ++j) features.push_back(static_cast<Scalar>(value(i, i % classes, j)));
  }
  return Dataset<Scalar>(
      {.shape = dimension, .classes = classes, .labels = std::move(labels), .features = std::move(features)});
}

}  // namespace detail

/// Points in the plane on spiral arms, one arm per class:
///   x = √6 t (cos φ, sin φ) + noise ε,   φ = 2π (k / classes + turns · t),   t uniform on [0, 1), ε standard normal.
/// Without noise each coordinate has mean 0 and variance 1, for three arms or more. Example i is of class k = i mod classes.
/// Throws: Error when a size is not positive, there are more than 2²⁸ values, or noise is negative.
template <std::floating_point Scalar>
Dataset<Scalar> spirals(SpiralsOptions options) {
  const auto& o = options;
  require(o.examples > 0 && o.classes > 0, "spirals: examples = ", o.examples, ", classes = ", o.classes,
          "; both must be positive");
  detail::require_value_count("spirals", o.examples, 2);
  require(o.noise >= 0 && std::isfinite(o.noise) && std::isfinite(o.turns), "spirals: noise = ", o.noise, ", turns = ", o.turns,
          "; expected finite numbers, and noise not negative");
  const Stream position = detail::synthetic_stream(o.seed, detail::SyntheticPart::position);
  const Stream noise = detail::synthetic_stream(o.seed, detail::SyntheticPart::noise);
  return detail::synthetic_dataset<Scalar>(o.examples, o.classes, 2, [&](Index i, Index k, Index j) {
    const double t = uniform(position, static_cast<std::uint64_t>(i));
    const double angle = 2 * std::numbers::pi * (static_cast<double>(k) / static_cast<double>(o.classes) + o.turns * t);
    return std::sqrt(6.0) * t * (j == 0 ? std::cos(angle) : std::sin(angle)) +
           o.noise * normal(noise, static_cast<std::uint64_t>(2 * i + j));
  });
}

/// Gaussians of unit covariance, one per class:
///   x = μ_k + ε,   μ_k = separation · z_k / √(2 · dimension),   z_k and ε standard normal.
/// Example i is of class k = i mod classes. Throws: Error when a size is not positive, there are more than 2²⁸
/// values, or separation is negative.
template <std::floating_point Scalar>
Dataset<Scalar> gaussian_mixture(GaussianMixtureOptions options) {
  const auto& o = options;
  require(o.examples > 0 && o.classes > 0 && o.dimension > 0, "gaussian_mixture: examples = ", o.examples,
          ", classes = ", o.classes, ", dimension = ", o.dimension, "; all must be positive");
  require(o.separation >= 0 && std::isfinite(o.separation), "gaussian_mixture: separation = ", o.separation,
          "; expected a finite number, not negative");
  detail::require_value_count("gaussian_mixture", o.examples, o.dimension);
  const Stream center = detail::synthetic_stream(o.center_seed, detail::SyntheticPart::center);
  const Stream noise = detail::synthetic_stream(o.seed, detail::SyntheticPart::noise);
  const double scale = o.separation / std::sqrt(2.0 * static_cast<double>(o.dimension));
  return detail::synthetic_dataset<Scalar>(o.examples, o.classes, o.dimension, [&](Index i, Index k, Index j) {
    return scale * normal(center, static_cast<std::uint64_t>(k * o.dimension + j)) +
           normal(noise, static_cast<std::uint64_t>(i * o.dimension + j));
  });
}

}  // namespace lmc
