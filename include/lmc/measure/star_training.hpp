// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <lmc/connectivity/paths/combination.hpp>
#include <lmc/connectivity/paths/simplex.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/detail/network_loss.hpp>
#include <lmc/measure/path_training.hpp>
#include <lmc/measure/point_training.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc {

/// A point whose lines to several ends have a low loss.
template <std::floating_point T>
struct Star {
  std::vector<T> center;            // θ*
  std::vector<double> losses = {};  // of the batch at each update, before it and without the penalty
};

namespace detail {

/// Which of so many ends an update looks towards.
inline std::size_t random_end(const PlaceOptions& places, Index update, std::size_t ends) {
  return uniform_below({.seed = places.seed, .purpose = Purpose::path_place, .part = 1}, static_cast<std::uint64_t>(update),
                       ends);
}

template <std::floating_point T, UpdateLoss<T> Loss, class Rate>
Star<T> train_star_with(std::vector<std::vector<T>> points, const PointPlan<T>& plan, const PlaceOptions& places, Loss& loss,
                        Rate rate) {
  const std::size_t ends = points.size();
  std::vector<T> center(points[0].size());
  combine<T>(points, std::vector<double>(ends, 1 / static_cast<double>(ends)), center);
  points.push_back(std::move(center));
  std::vector<bool> fixed(ends + 1, true);
  fixed[ends] = false;
  Star<T> star;
  star.losses = train_points(
      points, fixed, plan,
      [&](Index update) {
        const PathWeights t = random_place(places, update);
        std::vector<double> weights(ends + 1);
        weights[ends] = t.alpha_bar;
        weights[random_end(places, update, ends)] = t.alpha;
        return weights;
      },
      [&](Index update) {
        return concat("t = ", shortest(random_place(places, update).alpha), " towards end ", random_end(places, update, ends));
      },
      loss, rate, NothingAlso());
  star.center = std::move(points.back());
  return star;
}

}  // namespace detail

/// Trains one point θ* so that the loss is low on its lines to all ends. At each update, an end θ_i and t are drawn uniformly, and the
/// optimizer makes a step by the gradient at (1 − t) θ* + t θ_i, which is (1 − t) (∂L/∂θ + λ θ). It begins at the mean of the ends.
/// Everything else is as in train_path(); linear_path(star.center, end, …) measures a line. Source: Sonthalia et al.,
/// arXiv:2403.07968; Lin et al., arXiv:2404.06391. Throws: Error as train_path, and when there are fewer
/// than two ends, their lengths differ, or they are not finite.
template <std::floating_point Scalar>
Star<Scalar> train_star(const Network<Scalar>& network, const Dataset<Scalar>& data, std::vector<std::vector<Scalar>> ends,
                        const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, const PlaceOptions& places = {}) {
  detail::require_vertices<Scalar>("train_star", ends);
  require(static_cast<Index>(ends[0].size()) == network.layout().parameter_count(), "train_star: an end has ", ends[0].size(),
          " entries; the network has ", network.layout().parameter_count(), " parameters");
  detail::NetworkLoss<Scalar> loss("train_star", network, data, options, seeds);
  return detail::train_star_with(std::move(ends), loss.plan("train_star", places), places, loss,
                                 [&](Index) { return loss.rate_factor(); });
}

/// The same with a loss of your own, which brings its batches.
template <std::floating_point T, UpdateLoss<T> Loss>
Star<T> train_star(std::vector<std::vector<T>> ends, Loss&& loss, const OwnTrainOptions& options = {}) {
  detail::require_vertices<T>("train_star", ends);
  const ParameterLayout layout = options.layout.value_or(detail::one_vector(ends[0].size()));
  const detail::PointPlan<T> plan{
      "train_star", options.updates, Optimizer<T>(options.optimizer, layout), {}, options.places.l2};
  return detail::train_star_with(std::move(ends), plan, options.places, loss,
                                 [&](Index update) { return options.schedule.factor(update, options.updates); });
}

}  // namespace lmc
