// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/any_layer.hpp>
#include <lmc/layers/average_pool2d.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/class_token.hpp>
#include <lmc/layers/conv2d.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/flatten.hpp>
#include <lmc/layers/gelu.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/identity.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_norm.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/leaky_relu.hpp>
#include <lmc/layers/locally_connected2d.hpp>
#include <lmc/layers/max_pool2d.hpp>
#include <lmc/layers/normalization.hpp>
#include <lmc/layers/patch_embedding.hpp>
#include <lmc/layers/pooling.hpp>
#include <lmc/layers/position_embedding.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/residual.hpp>
#include <lmc/layers/self_attention.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/layers/take_first_token.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/layers/tokenwise_dense.hpp>

namespace lmc {
namespace detail {

/// L<Scalar> with these options, whose `inputs` is the shape that the layer before gives.
template <template <std::floating_point> class L, class Options>
struct SizedRecipe {
  Options options;
  template <std::floating_point Scalar>
  AnyLayer<Scalar> operator()(const Shape& in) const {
    Options sized = options;
    sized.inputs = in;
    return L<Scalar>(std::move(sized));
  }
};
/// L<Scalar> for examples of any shape.
template <template <std::floating_point> class L>
struct ShapelessRecipe {
  template <std::floating_point Scalar>
  AnyLayer<Scalar> operator()(const Shape&) const {
    return L<Scalar>();
  }
};

}  // namespace detail

// A recipe for every layer, for sequential(). What is not named takes its default; `inputs` among the options is filled in.

/// Dense to that number of units, or to an image.
inline auto dense(Shape outputs, InitializationOptions initialization = {}) {
  return detail::SizedRecipe<Dense, DenseOptions>{{.outputs = std::move(outputs), .initialization = initialization}};
}
/// TokenwiseDense to that number of features.
inline auto tokenwise_dense(Index outputs, InitializationOptions initialization = {}) {
  return detail::SizedRecipe<TokenwiseDense, TokenwiseDenseOptions>{{.outputs = outputs, .initialization = initialization}};
}
/// Conv2d to that number of channels: `conv2d(32, {.kernel = 5, .padding = 2})`.
inline auto conv2d(Index outputs, Conv2dOptions options = {}) {
  options.outputs = outputs;
  return detail::SizedRecipe<Conv2d, Conv2dOptions>{std::move(options)};
}
/// LocallyConnected2d to that number of channels.
inline auto locally_connected2d(Index outputs, LocallyConnected2dOptions options = {}) {
  options.outputs = outputs;
  return detail::SizedRecipe<LocallyConnected2d, LocallyConnected2dOptions>{std::move(options)};
}
/// MaxPool2d under windows of that size; the options say how they lie.
inline auto max_pool2d(Extent kernel = 2, Pool2dOptions options = {}) {
  options.kernel = kernel;
  return detail::SizedRecipe<MaxPool2d, Pool2dOptions>{std::move(options)};
}
/// AveragePool2d under windows of that size; the options say how they lie.
inline auto average_pool2d(Extent kernel = 2, Pool2dOptions options = {}) {
  options.kernel = kernel;
  return detail::SizedRecipe<AveragePool2d, Pool2dOptions>{std::move(options)};
}
/// GlobalAveragePool: the mean over all positions, channel by channel.
inline auto global_average_pool() { return detail::SizedRecipe<GlobalAveragePool, GlobalAveragePoolOptions>{}; }
/// BatchNorm of every channel, which is the last axis.
inline auto batch_norm(BatchNormOptions options = {}) {
  return detail::SizedRecipe<BatchNorm, BatchNormOptions>{std::move(options)};
}
/// LayerNorm over the last axis.
inline auto layer_norm(LayerNormOptions options = {}) {
  return detail::SizedRecipe<LayerNorm, LayerNormOptions>{std::move(options)};
}
/// The layer of that name, which is not none.
inline auto normalization(Normalization norm) {
  return [norm]<std::floating_point Scalar>(const Shape& in) -> AnyLayer<Scalar> {
    switch (norm) {
      case Normalization::batch:
        return BatchNorm<Scalar>({.inputs = in});
      case Normalization::layer:
        return LayerNorm<Scalar>({.inputs = in});
      case Normalization::none:
        break;
    }
    throw Error("normalization: none is no layer; expected batch or layer");
  };
}
/// Dropout of that share of the entries.
inline auto dropout(double rate) { return detail::SizedRecipe<Dropout, DropoutOptions>{{.rate = rate}}; }
/// PatchEmbedding to tokens of that width.
inline auto patch_embedding(Index width, PatchEmbeddingOptions options = {}) {
  options.width = width;
  return detail::SizedRecipe<PatchEmbedding, PatchEmbeddingOptions>{std::move(options)};
}
/// ClassToken: a learned token before the others.
inline auto class_token() { return detail::SizedRecipe<ClassToken, ClassTokenOptions>{}; }
/// PositionEmbedding: a learned vector is added at every position.
inline auto position_embedding() { return detail::SizedRecipe<PositionEmbedding, PositionEmbeddingOptions>{}; }
/// TakeFirstToken: the first token alone.
inline auto take_first_token() { return detail::SizedRecipe<TakeFirstToken, TakeFirstTokenOptions>{}; }
/// SelfAttention with that number of heads.
inline auto self_attention(Index heads, InitializationOptions initialization = {}) {
  return detail::SizedRecipe<SelfAttention, SelfAttentionOptions>{{.heads = heads, .initialization = initialization}};
}
/// Relu: max(x, 0).
inline auto relu() { return detail::ShapelessRecipe<Relu>{}; }
/// LeakyRelu of that slope; Relu where it is 0.
inline auto leaky_relu(double slope) {
  return [slope]<std::floating_point Scalar>(const Shape&) -> AnyLayer<Scalar> {
    if (slope == 0) return Relu<Scalar>();
    return LeakyRelu<Scalar>({.slope = slope});
  };
}
/// Gelu: x Φ(x).
inline auto gelu() { return detail::ShapelessRecipe<Gelu>{}; }
/// Tanh: tanh x.
inline auto tanh() { return detail::ShapelessRecipe<Tanh>{}; }
/// Identity: y = x.
inline auto identity() { return detail::ShapelessRecipe<Identity>{}; }
/// Flatten: all axes of an example in one.
inline auto flatten() { return detail::ShapelessRecipe<Flatten>{}; }

/// body(x) + shortcut(x), each a sequence of layers; a shortcut without layers is x itself.
template <std::floating_point Scalar>
LayerRecipe<Scalar> residual(std::vector<LayerRecipe<Scalar>> body, std::vector<LayerRecipe<Scalar>> shortcut = {}) {
  return [body = std::move(body), shortcut = std::move(shortcut)](const Shape& in) {
    AnyLayer<Scalar> beside = Identity<Scalar>();
    if (!shortcut.empty()) beside = sequential<Scalar>(in, shortcut);
    return Residual<Scalar>({.body = sequential<Scalar>(in, body), .shortcut = std::move(beside)});
  };
}

}  // namespace lmc
