// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstddef>
#include <span>
#include <variant>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/train.hpp>
#include <lmc/transfer/lift.hpp>

namespace lmc {

namespace detail {

/// The same optimizer for parameters of another layout, whose state vectors are those that went through map: std::vector →
/// std::vector.
template <std::floating_point Scalar, class Map>
Optimizer<Scalar> map_state(const Optimizer<Scalar>& optimizer, const ParameterLayout& layout, const Map& map) {
  Optimizer<Scalar> mapped(optimizer.options(), layout);
  const auto from = optimizer.state_vectors();
  const auto to = mapped.state_vectors();
  for (std::size_t i = 0; i < to.size(); ++i) *to[i].second = map(*from[i].second);
  std::visit([&](auto& method) { method.steps = optimizer.steps(); }, mapped.method);
  return mapped;
}

}  // namespace detail

/// The same place of a training, in the larger network of a lift: `train(e.network, data, lift(e, checkpoint), …)` goes
/// on with untied weights. Parameters and every state vector of the optimizer (velocity; mean and square) are copied as E
/// copies θ, and the number of updates stays. So copies of a weight go on moving as it did, all alike, until their own
/// gradients tell them apart (not under Muon, whose matrices are others in a dense layer, nor quite under layer-wise Adam, whose means
/// are over other entries); a tied weight's gradient is the sum of those of its copies, which is why untied ones accelerate
/// less at one learning rate. Entries that begin at zero have no velocity; Adam's bias correction for them counts the updates
/// before the lift, too.
template <std::floating_point Scalar>
Checkpoint<Scalar> lift(const Lift<Scalar>& e, const Checkpoint<Scalar>& at) {
  return {e.lift(at.state),
          detail::map_state(at.optimizer, e.network.layout(),
                            [&](const std::vector<Scalar>& v) { return e.lift(std::span<const Scalar>(v)); }),
          at.step};
}

/// The way back: parameters and every state vector of the optimizer become the means over what is tied (Lift::project).
/// Exact on what lift gave.
template <std::floating_point Scalar>
Checkpoint<Scalar> project(const Lift<Scalar>& e, const Checkpoint<Scalar>& at) {
  return {e.project(at.state),
          detail::map_state(at.optimizer, e.smaller(),
                            [&](const std::vector<Scalar>& v) { return e.project(std::span<const Scalar>(v)); }),
          at.step};
}

}  // namespace lmc
