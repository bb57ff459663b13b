// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/connectivity/paths/bent_path.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/detail/network_loss.hpp>
#include <lmc/measure/point_training.hpp>
#include <lmc/measure/weight_matching.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/run.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc {

/// A path after its training.
template <std::floating_point T>
struct TrainedPath {
  BentPath<T> path;                 // its ends are those that it was made with, to the bit
  std::vector<double> losses = {};  // of the batch at each update, at its t, before the update and without the penalty
};

/// The line between the ends of two states or runs, with bends to be trained. Throws: Error as BentPath, and when a run diverged.
template <HoldsParameters A, HoldsParameters B>
auto line_with_bends(PathKind kind, const A& a, const B& b, Index bends) {
  detail::require_finished("line_with_bends", "the first run", a);
  detail::require_finished("line_with_bends", "the second run", b);
  using T = typename std::remove_cvref_t<decltype(parameters_of(a))>::value_type;
  return BentPath<T>::line(kind, parameters_of(a), parameters_of(b), bends);
}

namespace detail {

/// t of an update, uniform on [0, 1).
inline PathWeights random_place(const PlaceOptions& places, Index update) {
  const double t = uniform({.seed = places.seed, .purpose = Purpose::path_place}, static_cast<std::uint64_t>(update));
  return {t, 1 - t};
}

template <std::floating_point T, UpdateLoss<T> Loss, class Rate>
TrainedPath<T> train_path_with(BentPath<T> path, const PointPlan<T>& plan, const PlaceOptions& places, Loss& loss, Rate rate) {
  std::vector<bool> fixed(path.points.size(), false);
  fixed.front() = fixed.back() = true;
  TrainedPath<T> trained{std::move(path)};
  trained.losses = train_points(
      trained.path.points, fixed, plan, [&](Index update) { return trained.path.weights(random_place(places, update)); },
      [&](Index update) { return concat("t = ", shortest(random_place(places, update).alpha)); }, loss, rate, NothingAlso());
  return trained;
}

}  // namespace detail

/// Trains the bends of a path so that the loss is low along it. At each update, t is drawn uniformly from [0, 1], and every bend makes
/// a step of the optimizer by its gradient
///   ∂/∂p_k [ L(θ(t)) + ½ λ ‖θ(t)‖² ] = w_k(t) (∂L/∂θ + λ θ),   L of the next batch, λ = places.l2
/// The ends stay as they are, to the bit. Batches, augmentation, label noise, loss, groups, hooks, schedule and epochs are those of
/// the options and seeds, as in train(); clip_norm bounds ∂L/∂θ. Layers with running statistics use those of the batch; an
/// evaluator estimates them anew along the path. Same arguments, same bits, for any number of threads. An update holds θ(t) and its
/// gradient beside each bend, its gradient and its optimizer.
///
/// Source: Garipov et al., arXiv:1802.10026, section 3, which minimizes the mean over t, not over the length of the path. As in
/// their program, weight decay acts on θ(t); the optimizer's own acts on each bend and is off by default. Theirs draws t in float,
/// and its schedule stays constant for half of the updates and falls linearly to 1 % up to 90 %; here the schedule is the options'.
/// Throws: Error as train(), when the path's points have not the network's length, when options have observers, and when a loss
/// is not finite, with the update and its t.
template <std::floating_point Scalar>
TrainedPath<Scalar> train_path(const Network<Scalar>& network, const Dataset<Scalar>& data, BentPath<Scalar> path,
                               const TrainOptions<Scalar>& options, const NoiseSeeds& seeds, const PlaceOptions& places = {}) {
  require(static_cast<Index>(path.points[0].size()) == network.layout().parameter_count(),
          "train_path: the path's points have ", path.points[0].size(), " entries; the network has ",
          network.layout().parameter_count(), " parameters");
  detail::NetworkLoss<Scalar> loss("train_path", network, data, options, seeds);
  return detail::train_path_with(std::move(path), loss.plan("train_path", places), places, loss,
                                 [&](Index) { return loss.rate_factor(); });
}

/// The same with a loss of your own, which brings its batches.
///   auto trained = train_path(path, [&](auto theta, auto gradient, Index update) { …; return loss; }, {.updates = 2000});
template <std::floating_point T, UpdateLoss<T> Loss>
TrainedPath<T> train_path(BentPath<T> path, Loss&& loss, const OwnTrainOptions& options = {}) {
  const ParameterLayout layout = options.layout.value_or(detail::one_vector(path.points[0].size()));
  const detail::PointPlan<T> plan{
      "train_path", options.updates, Optimizer<T>(options.optimizer, layout), {}, options.places.l2};
  return detail::train_path_with(std::move(path), plan, options.places, loss,
                                 [&](Index update) { return options.schedule.factor(update, options.updates); });
}

}  // namespace lmc
