// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/layers/recipes.hpp>

namespace lmc::detail {

/// conv → norm; the convolution has no bias where a norm follows, which has one.
template <std::floating_point Scalar>
void append_convolution(std::vector<LayerRecipe<Scalar>>& layers, Index channels, Conv2dOptions options, Normalization norm) {
  options.bias = norm == Normalization::none;
  layers.push_back(conv2d(channels, std::move(options)));
  if (norm != Normalization::none) layers.push_back(normalization(norm));
}

}  // namespace lmc::detail
