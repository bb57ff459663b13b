// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/average_pool2d.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/masked_dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>

namespace lmc::detail {

/// The layer at that place of a network, in evaluation mode, with numbers in double; nothing for a kind that networks with one
/// hidden layer do not have.
template <std::floating_point Scalar>
std::optional<AnyLayer<double>> in_double(const typename Network<Scalar>::Part& part, const Shape& input) {
  const AnyLayer<Scalar>& layer = part.layer;
  if (layer.template target<Dense<Scalar>>() != nullptr) return Dense<double>({.inputs = input, .outputs = part.output});
  if (const auto* masked = layer.template target<MaskedDense<Scalar>>()) return MaskedDense<double>(masked->options());
  if (const auto* local = layer.template target<LocallyConnected2d<Scalar>>())
    return LocallyConnected2d<double>(local->options());
  if (const auto* conv = layer.template target<Conv2d<Scalar>>()) return Conv2d<double>(conv->options());
  if (layer.template target<Relu<Scalar>>() != nullptr) return Relu<double>();
  if (const auto* leaky = layer.template target<LeakyRelu<Scalar>>())
    return LeakyRelu<double>({.slope = static_cast<double>(leaky->slope())});
  if (const auto* pool = layer.template target<AveragePool2d<Scalar>>()) {
    const Window& w = pool->window();
    return AveragePool2d<double>({.inputs = input, .kernel = w.kernel, .stride = w.stride, .padding = w.padding});
  }
  if (layer.template target<GlobalAveragePool<Scalar>>() != nullptr) return GlobalAveragePool<double>({.inputs = input});
  if (layer.template target<Flatten<Scalar>>() != nullptr) return Flatten<double>();
  if (layer.template target<Identity<Scalar>>() != nullptr || layer.template target<Dropout<Scalar>>() != nullptr)
    return Identity<double>();
  return std::nullopt;
}

/// A network with the same parameters, buffers and function in evaluation mode, whose numbers are double, so that it can be
/// evaluated with little rounding. Throws: Error, begun by `who`, that names a layer of another kind than networks with one
/// hidden layer have.
template <std::floating_point Scalar>
Network<double> in_double(std::string_view who, const Network<Scalar>& network) {
  std::vector<AnyLayer<double>> layers;
  Shape input = *network.input_shape();
  for (const auto& part : network.parts()) {
    std::optional<AnyLayer<double>> layer = in_double<Scalar>(part, input);
    require(
        layer.has_value(), who, ": the layer '", part.name,
        "' has no bound on its rounding here; expected dense, masked, locally connected and convolutional layers, ReLU, leaky "
        "ReLU, average pooling and flatten; for others take linear_path with more α");
    layers.push_back(std::move(*layer));
    input = part.output;
  }
  return Network<double>(std::move(layers), *network.input_shape());
}

}  // namespace lmc::detail
