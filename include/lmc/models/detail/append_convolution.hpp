// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/normalization.hpp>

namespace lmc::detail {

/// conv → norm: the convolution without a bias where a norm follows, which has one. Returns the shape of an example behind
/// them.
template <std::floating_point Scalar>
Shape append_convolution(std::vector<AnyLayer<Scalar>>& layers, Conv2dOptions options, Normalization norm) {
  options.bias = norm == Normalization::none;
  const Conv2d<Scalar> convolution(std::move(options));
  layers.push_back(convolution);
  Shape out = convolution.output_shape({});
  std::optional<AnyLayer<Scalar>> follows = normalization_layer<Scalar>(norm, out);
  if (follows) layers.push_back(std::move(*follows));
  return out;
}

}  // namespace lmc::detail
