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

#include <lmc/connectivity/paths/combination.hpp>
#include <lmc/connectivity/paths/simplex.hpp>
#include <lmc/connectivity/paths/simplex_volume.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/detail/network_loss.hpp>
#include <lmc/measure/point_training.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc {

/// Which vertices train_simplex() adds, and how much volume counts.
struct SimplexTrainOptions {
  Index added = 1;       // vertices that are trained, at least 1; those given are fixed
  double volume = 1e-4;  // λ_V of −λ_V log V in the objective, at least 0
  double spread =
      0.1;  // an added vertex begins at the mean of those given, plus normal noise of so many times its size; positive
  PlaceOptions places = {};  // where updates look; its seed is the noise's, too
};

/// A simplex after its training.
template <std::floating_point T>
struct TrainedSimplex {
  std::vector<std::vector<T>> vertices;  // those given, to the bit, and behind them the added ones
  std::vector<double> losses = {};       // of the batch at each update, before it, without penalty and volume
  double log_volume = 0;                 // of all vertices
};

namespace detail {

template <std::floating_point T>
std::vector<std::vector<T>> with_added_vertices(std::vector<std::vector<T>> vertices, const SimplexTrainOptions& options) {
  require(options.added >= 1, "train_simplex: added = ", options.added, "; expected at least 1 vertex to be trained");
  require(std::isfinite(options.volume) && options.volume >= 0, "train_simplex: volume = ", options.volume,
          "; expected a finite number, at least 0");
  require(std::isfinite(options.spread) && options.spread > 0, "train_simplex: spread = ", options.spread,
          "; expected a positive number: without noise the simplex would have no volume");
  require(!vertices.empty(), "train_simplex: there are no vertices; expected at least one network");
  const std::size_t given = vertices.size(), size = vertices[0].size();
  vertices.resize(given + 1, std::vector<T>(size));  // for the check alone where one vertex is given
  require_vertices<T>("train_simplex", vertices);
  vertices.resize(given);
  std::vector<T> mean(size);
  combine<T>(vertices, std::vector<double>(given, 1 / static_cast<double>(given)), mean);
  double squares = 0;
  for (const T x : mean) squares += static_cast<double>(x) * static_cast<double>(x);
  const double scale = options.spread * std::sqrt(squares / static_cast<double>(size));
  for (Index k = 0; k < options.added; ++k) {
    const Stream stream{.seed = options.places.seed, .purpose = Purpose::path_place, .part = static_cast<std::uint32_t>(2 + k)};
    std::vector<T>& vertex = vertices.emplace_back(mean);
    for (std::size_t i = 0; i < size; ++i)
      vertex[i] = static_cast<T>(static_cast<double>(vertex[i]) + scale * normal(stream, i));
  }
  return vertices;
}

template <std::floating_point T, UpdateLoss<T> Loss, class Rate>
TrainedSimplex<T> train_simplex_with(std::vector<std::vector<T>> given, const PointPlan<T>& plan,
                                     const SimplexTrainOptions& options, Loss& loss, Rate rate) {
  const std::size_t fixed_count = given.size();
  TrainedSimplex<T> simplex{.vertices = with_added_vertices<T>(std::move(given), options)};
  std::vector<std::vector<T>>& vertices = simplex.vertices;
  const std::size_t all = vertices.size();
  std::vector<bool> fixed(all, true);
  for (std::size_t k = fixed_count; k < all; ++k) fixed[k] = false;
  const auto place = [&](Index update) {
    return simplex_weights({.seed = options.places.seed, .purpose = Purpose::path_place, .part = 1},
                           static_cast<std::uint64_t>(update), all);
  };
  simplex.losses = train_points(
      vertices, fixed, plan, place,
      [&](Index update) {
        std::string text = "weights";
        for (const double w : place(update)) (text += ' ') += shortest(w);
        return text;
      },
      loss, rate,
      [&](std::span<std::vector<T>> gradients) {
        if (options.volume == 0) return;
        const std::vector<double> m = log_volume_gradient<T>(vertices);
        for (std::size_t g = 0; g < gradients.size(); ++g)
          for (std::size_t j = 0; j < all; ++j) {
            const double factor = -options.volume * m[(fixed_count + g) * all + j];
            for (std::size_t i = 0; i < gradients[g].size(); ++i)
              gradients[g][i] += static_cast<T>(factor * static_cast<double>(vertices[j][i]));
          }
      });
  simplex.log_volume = log_volume<T>(vertices);
  return simplex;
}

}  // namespace detail

/// Adds vertices to one network or several so that the loss is low on their simplex and its volume V large. At each update, weights w are
/// drawn from Dirichlet(1, …, 1) over all vertices, and each added vertex makes a step by the gradient
///   ∂/∂v_k [ L(Σ_j w_j v_j) − λ_V log V ] = w_k (∂L/∂θ + λ θ) − λ_V Σ_j m_kj v_j,   m of log_volume_gradient
/// Everything else is as in train_path(); sample_simplex() measures it. Source: Benton et al., arXiv:2102.13042, whose λ falls with
/// the number of vertices and who add a small number to V; here a V of 0 is an error.
/// Throws: Error as train_path; when options are out of range; when there is no vertex, or they differ in length or are not finite;
/// when the vertices lose their volume.
template <std::floating_point Scalar>
TrainedSimplex<Scalar> train_simplex(const Network<Scalar>& network, const Dataset<Scalar>& data,
                                     std::vector<std::vector<Scalar>> vertices, const TrainOptions<Scalar>& options,
                                     const NoiseSeeds& seeds, const SimplexTrainOptions& simplex = {}) {
  require(!vertices.empty() && static_cast<Index>(vertices[0].size()) == network.layout().parameter_count(),
          "train_simplex: the first of ", vertices.size(), " vertices has ", vertices.empty() ? 0 : vertices[0].size(),
          " entries; the network has ", network.layout().parameter_count(), " parameters");
  detail::NetworkLoss<Scalar> loss("train_simplex", network, data, options, seeds);
  return detail::train_simplex_with(std::move(vertices), loss.plan("train_simplex", simplex.places), simplex, loss,
                                    [&](Index) { return loss.rate_factor(); });
}

/// The same with a loss of your own, which brings its batches; places are those of `simplex`.
template <std::floating_point T, UpdateLoss<T> Loss>
TrainedSimplex<T> train_simplex(std::vector<std::vector<T>> vertices, Loss&& loss, const OwnTrainOptions& options = {},
                                const SimplexTrainOptions& simplex = {}) {
  require(!vertices.empty(), "train_simplex: there are no vertices; expected at least one network");
  const ParameterLayout layout = options.layout.value_or(detail::one_vector(vertices[0].size()));
  const detail::PointPlan<T> plan{
      "train_simplex", options.updates, Optimizer<T>(options.optimizer, layout), {}, simplex.places.l2};
  return detail::train_simplex_with(std::move(vertices), plan, simplex, loss,
                                    [&](Index update) { return options.schedule.factor(update, options.updates); });
}

}  // namespace lmc
