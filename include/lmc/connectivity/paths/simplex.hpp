// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/connectivity/metrics.hpp>
#include <lmc/connectivity/paths/combination.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>

namespace lmc {

/// Weights of `vertices` vertices, uniform on their simplex, Dirichlet(1, …, 1): the gaps that sorted uniform numbers leave in
/// [0, 1]. A function of (stream, index).
inline std::vector<double> simplex_weights(const Stream& stream, std::uint64_t index, std::size_t vertices) {
  std::vector<double> cuts;
  for (std::size_t k = 0; k + 1 < vertices; ++k) cuts.push_back(uniform(stream, index * (vertices - 1) + k));
  cuts.push_back(1);
  std::sort(cuts.begin(), cuts.end());
  std::adjacent_difference(cuts.begin(), cuts.end(), cuts.begin());
  return cuts;
}

namespace detail {

/// Throws: Error, begun by `who`, unless there are at least two vertices of one length, all finite.
template <std::floating_point T>
void require_vertices(std::string_view who, std::span<const std::vector<T>> vertices) {
  require(vertices.size() >= 2, who, ": ", vertices.size(), " vertices; expected at least 2");
  const std::size_t size = vertices[0].size();
  require(size > 0, who, ": the first vertex is empty; expected the parameters of a network");
  for (std::size_t k = 0; k < vertices.size(); ++k) {
    require(vertices[k].size() == size, who, ": vertex ", k, " has ", vertices[k].size(), " parameters, and the first ", size,
            "; expected θ of one network");
    require_finite_values<T>(who, concat("vertex ", k), vertices[k]);
  }
}

}  // namespace detail

/// How often a simplex is measured.
struct SimplexOptions {
  Index samples = 100;     // places, uniform on the simplex
  std::uint64_t seed = 0;  // of the places
};

/// What was seen of error or loss at random places of a simplex.
struct SampledMetric {
  double mean = 0;                   // over the simplex, estimated
  double standard_error = 0;         // of the mean, from the spread of the samples
  double maximum = 0;                // of the samples: a lower bound of that of the simplex
  std::vector<double> weights = {};  // of the vertices, where that is
};

/// What sample_simplex() measures.
struct SimplexSample {
  Index samples = 0;                        // places
  SampledMetric loss = {};                  // of the mean loss
  std::optional<SampledMetric> error = {};  // of the error, where it was measured
};

/// Measures the simplex of several networks at random places, uniform in volume. Throws: Error when vertices are fewer than two, differ
/// in length or are not finite; when there are fewer than two samples; when a vertex's metrics and those of a place do not agree.
template <std::floating_point T, Evaluator<T> E>
SimplexSample sample_simplex(std::span<const std::vector<T>> vertices, E&& evaluate, const SimplexOptions& options = {}) {
  detail::require_vertices("sample_simplex", vertices);
  require(options.samples >= 2, "sample_simplex: samples = ", options.samples, "; expected at least 2");
  const Stream stream{.seed = options.seed, .purpose = Purpose::simplex};
  std::vector<std::vector<double>> places;
  std::vector<Metrics> measured;
  std::vector<T> theta(vertices[0].size());
  for (Index i = 0; i < options.samples; ++i) {
    places.push_back(simplex_weights(stream, static_cast<std::uint64_t>(i), vertices.size()));
    combine<T>(vertices, places.back(), theta);
    measured.push_back(std::invoke(evaluate, std::span<const T>(theta)));
    detail::require_consistent(concat("sample_simplex: at sample ", i, " the evaluator gave "), measured.back(), measured[0]);
  }
  const auto summary = [&](Metric metric) {
    SampledMetric sampled{.maximum = -std::numeric_limits<double>::infinity()};
    const auto n = static_cast<double>(measured.size());
    for (const Metrics& at : measured) sampled.mean += at[metric] / n;
    double squares = 0;
    for (std::size_t i = 0; i < measured.size(); ++i) {
      const double value = measured[i][metric];
      squares += (value - sampled.mean) * (value - sampled.mean);
      if (std::isnan(value) ? !std::isnan(sampled.maximum) : value > sampled.maximum) {
        sampled.maximum = value;
        sampled.weights = places[i];
      }
    }
    sampled.standard_error = std::sqrt(squares / (n - 1) / n);
    return sampled;
  };
  SimplexSample sample{.samples = options.samples, .loss = summary(Metric::loss)};
  if (measured[0].error) sample.error = summary(Metric::error);
  return sample;
}

}  // namespace lmc
