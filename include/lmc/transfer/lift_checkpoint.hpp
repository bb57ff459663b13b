// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <span>
#include <vector>

#include <lmc/optim/optimizer.hpp>
#include <lmc/train/train.hpp>
#include <lmc/transfer/lift.hpp>

namespace lmc {

namespace detail {

/// A copy of the optimizer whose state vectors went through map: std::vector → std::vector.
template <std::floating_point Scalar, class Map>
Optimizer<Scalar> map_state(Optimizer<Scalar> optimizer, const Map& map) {
  for (const auto& [name, vector] : optimizer.state_vectors()) *vector = map(*vector);
  return optimizer;
}

}  // namespace detail

/// The same place of a training, in the larger network of a lift: `train(e.network, data, lift(e, checkpoint), …)` goes
/// on with untied weights. Parameters and every state vector of the optimizer (velocity; mean and square) are copied as E
/// copies θ, and the number of updates stays. So copies of a weight go on moving as it did, all alike, until their own
/// gradients tell them apart; a tied weight's gradient is the sum of those of its copies, which is why untied ones accelerate
/// less at one learning rate. Entries that begin at zero have no velocity; Adam's bias correction for them counts the updates
/// before the lift, too.
template <std::floating_point Scalar>
Checkpoint<Scalar> lift(const Lift<Scalar>& e, const Checkpoint<Scalar>& at) {
  return {e.lift(at.state),
          detail::map_state(at.optimizer, [&](const std::vector<Scalar>& v) { return e.lift(std::span<const Scalar>(v)); }),
          at.step};
}

/// The way back: parameters and every state vector of the optimizer become the means over what is tied (Lift::project).
/// Exact on what lift gave.
template <std::floating_point Scalar>
Checkpoint<Scalar> project(const Lift<Scalar>& e, const Checkpoint<Scalar>& at) {
  return {e.project(at.state),
          detail::map_state(at.optimizer, [&](const std::vector<Scalar>& v) { return e.project(std::span<const Scalar>(v)); }),
          at.step};
}

}  // namespace lmc
