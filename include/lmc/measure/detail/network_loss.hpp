// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/point_training.hpp>
#include <lmc/optim/clip.hpp>
#include <lmc/train/detail/training.hpp>
#include <lmc/train/noise_seeds.hpp>
#include <lmc/train/train_options.hpp>

namespace lmc::detail {

/// The UpdateLoss of a network: of the batches that train() would make its updates with, to the bit, in training mode, so that layers
/// with running statistics use those of the batch. Gradient hooks see the gradient at θ, which is then clipped where options say so.
/// Updates have to come in order.
template <std::floating_point Scalar>
class NetworkLoss {
 public:
  /// All arguments must outlive it. Throws: Error, begun by `who`, as train() where they do not fit together, and when there are
  /// observers, who would see no run.
  NetworkLoss(std::string_view who, const Network<Scalar>& network, const Dataset<Scalar>& data,
              const TrainOptions<Scalar>& options, const NoiseSeeds& seeds)
      : options_(options), start_(network.initialize()), training_(network, data, start_, options, seeds, 0) {
    require(options.observers.empty(), who, ": options.observers are for the runs of networks; leave them out");
  }
  NetworkLoss(const NetworkLoss&) = delete;  // the training points at the start
  NetworkLoss& operator=(const NetworkLoss&) = delete;

  double operator()(std::span<const Scalar> theta, std::span<Scalar> gradient, Index update) {
    auto& now = training_.now();
    now.step = update;
    std::copy(theta.begin(), theta.end(), now.state.parameters.begin());
    const double loss = training_.compute_gradient();
    if (!std::isfinite(loss)) return loss;
    if (options_.clip_norm) clip_by_norm<Scalar>(training_.gradient(), *options_.clip_norm);
    std::copy(training_.gradient().begin(), training_.gradient().end(), gradient.begin());
    return loss;
  }

  /// What the options say of the updates.
  [[nodiscard]] PointPlan<Scalar> plan(std::string_view who, const PlaceOptions& places) {
    return {.who = who,
            .updates = training_.steps(),
            .optimizer = training_.now().optimizer,
            .ranges = training_.ranges(),
            .l2 = places.l2};
  }
  /// The schedule's factor for the update of which the loss was asked for last.
  [[nodiscard]] double rate_factor() const { return training_.rate_factor(); }

 private:
  const TrainOptions<Scalar>& options_;
  ModelState<Scalar> start_;
  Training<Scalar, ModelState<Scalar>> training_;
};

}  // namespace lmc::detail
