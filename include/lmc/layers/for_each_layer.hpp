// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>

#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/residual.hpp>

namespace lmc {

/// Calls visit(layer, first) for every layer that is no sequence or residual of others, in the order of θ; first is the
/// position of its first parameter in θ.
template <std::floating_point Scalar, class Visit>
void for_each_layer(const AnyLayer<Scalar>& layer, const Visit& visit, Index first = 0) {
  if (const auto* network = layer.template target<Network<Scalar>>()) {
    for_each_layer(*network, visit, first);
  } else if (const auto* residual = layer.template target<Residual<Scalar>>()) {
    for_each_layer(residual->options().body, visit, first);
    for_each_layer(residual->options().shortcut, visit, first + residual->body_parameters());
  } else {
    visit(layer, first);
  }
}
template <std::floating_point Scalar, class Visit>
void for_each_layer(const Network<Scalar>& network, const Visit& visit, Index first = 0) {
  for (const auto& part : network.parts()) for_each_layer(part.layer, visit, first + part.params.first);
}

}  // namespace lmc
