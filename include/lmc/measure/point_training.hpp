// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/connectivity/paths/combination.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/text.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/schedule.hpp>
#include <lmc/optim/update_range.hpp>
#include <lmc/simd/vector.hpp>

namespace lmc {

/// A loss of a trainer of your own: (θ, gradient, update) → loss at θ on the batch of that update, 0, 1, …; it overwrites the gradient
/// with ∂loss/∂θ.
template <class F, class T>
concept UpdateLoss = requires(F& loss, std::span<const T> theta, std::span<T> gradient, Index update) {
  { loss(theta, gradient, update) } -> std::convertible_to<double>;
};

/// Where the updates of a path, a star or a simplex look, and what is asked of θ there.
struct PlaceOptions {
  std::uint64_t seed = 0;  // of the random places
  double l2 = 0;           // λ of the penalty ½ λ ‖θ‖² at each place, at least 0: Garipov et al.'s weight decay
};

/// How points are trained by a loss of your own; for our networks, TrainOptions say it.
struct OwnTrainOptions {
  Index updates = 1000;                        // at least 1
  OptimizerOptions optimizer = SgdOptions{};   // one for every trained point
  std::optional<ParameterLayout> layout = {};  // what lies where in θ, for optimizers that ask; none: one vector
  PlaceOptions places = {};                    // where updates look
  Schedule schedule = {};                      // times the optimizer's learning rate; shapes per epoch need TrainOptions
};

namespace detail {

/// The layout of θ of that length as one vector.
inline ParameterLayout one_vector(std::size_t size) {
  return {
      .parameters = {{.name = "theta", .shape = Shape{static_cast<Index>(size)}, .groups = {{}}}}, .buffers = {}, .groups = {}};
}

/// What train_points() does beside its points.
template <std::floating_point T>
struct PointPlan {
  std::string_view who;                 // begins an error
  Index updates;                        // how many
  Optimizer<T> optimizer;               // copied for every trained point
  std::span<const UpdateRange> ranges;  // as Optimizer::step takes them
  double l2;                            // λ
};

/// Trains the points that are not fixed. At each update, θ = Σ_k w_k p_k with the weights of a random place, and the gradient of p_k
/// is w_k (∂loss/∂θ + λ θ), changed by `also`:
///   weights(update) → w             name(update) → how an error calls the place
///   loss: UpdateLoss                rate(update) → factor of the learning rate
///   also(gradients)                 adds to the gradients of the trained points, by rising k
/// Returns the losses, without the penalty. Throws: Error that names update and place where a loss is not finite, and when parameters
/// are not at the end.
template <std::floating_point T, class Weights, class Name, UpdateLoss<T> Loss, class Rate, class Also>
std::vector<double> train_points(std::vector<std::vector<T>>& points, const std::vector<bool>& fixed, const PointPlan<T>& plan,
                                 Weights weights, Name name, Loss& loss, Rate rate, Also also) {
  require(std::isfinite(plan.l2) && plan.l2 >= 0, plan.who, ": l2 = ", plan.l2, "; expected a finite number, at least 0");
  require(plan.updates >= 1, plan.who, ": updates = ", plan.updates, "; expected at least 1");
  const std::size_t size = points[0].size();
  std::vector<std::size_t> trained;
  for (std::size_t k = 0; k < points.size(); ++k)
    if (!fixed[k]) trained.push_back(k);
  std::vector<Optimizer<T>> optimizers(trained.size(), plan.optimizer);
  std::vector<std::vector<T>> gradients(trained.size(), std::vector<T>(size));
  std::vector<T> theta(size), gradient(size);
  std::vector<double> losses;
  for (Index update = 0; update < plan.updates; ++update) {
    const std::vector<double> w = weights(update);
    combine<T>(points, w, theta);
    losses.push_back(static_cast<double>(loss(std::span<const T>(theta), std::span<T>(gradient), update)));
    require(std::isfinite(losses.back()), plan.who, ": at update ", update, ", ", name(update), ", the loss is ",
            shortest(losses.back()), "; expected a finite one; a smaller learning rate may help");
    if (plan.l2 > 0) simd::axpy<T>(static_cast<T>(plan.l2), theta, gradient);
    for (std::size_t j = 0; j < trained.size(); ++j) {
      const T factor = static_cast<T>(w[trained[j]]);
      for (std::size_t i = 0; i < size; ++i) gradients[j][i] = factor * gradient[i];
    }
    also(std::span<std::vector<T>>(gradients));
    for (std::size_t j = 0; j < trained.size(); ++j)
      optimizers[j].step(gradients[j], points[trained[j]], rate(update), plan.ranges);
  }
  for (const std::size_t k : trained)
    require(simd::all_finite<T>(points[k]), plan.who, ": after the last update, ", plan.updates,
            ", parameters are not finite; a smaller learning rate may help");
  return losses;
}

/// For train_points where nothing is added to the gradients.
struct NothingAlso {
  template <class Gradients>
  void operator()(const Gradients&) const {}
};

}  // namespace detail
}  // namespace lmc
