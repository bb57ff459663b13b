// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>

#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/network.hpp>

namespace lmc {

/// Calls visit(layer, first) for every layer that is not made of others, in the order of θ; first is the position of its first
/// parameter in θ.
template <std::floating_point Scalar, class Visit>
void for_each_layer(const AnyLayer<Scalar>& layer, const Visit& visit, Index first = 0) {
  const auto children = layer.children();
  if (children.empty()) visit(layer, first);
  for (const auto& child : children) for_each_layer(child.layer, visit, first + child.first);
}
/// The same for the layers of a network.
template <std::floating_point Scalar, class Visit>
void for_each_layer(const Network<Scalar>& network, const Visit& visit, Index first = 0) {
  for_each_layer(AnyLayer<Scalar>(network), visit, first);
}

}  // namespace lmc
