// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/class_token.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/global_average_pool.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_norm.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/patch_embedding.hpp>
#include <lmc/layers/position_embedding.hpp>
#include <lmc/layers/take_first_token.hpp>
#include <lmc/models/transformer_block.hpp>

namespace lmc {

/// How one vector is made of the tokens: their mean, or a class token of its own before the others.
enum class TokenPooling { mean, class_token };

struct VitOptions {
  Shape inputs = {};    // of one example: [rows, cols, channels]
  Index outputs = 0;    // classes
  Extent patch = 7;     // divides the image
  Index width = 64;     // of a token
  Index heads = 4;      // divides width
  Index blocks = 1;     // transformer blocks, at least 1
  Index mlp_ratio = 4;  // hidden units of a block's MLP, in widths
  TokenPooling pooling = TokenPooling::mean;
  double dropout = 0;  // rate, in [0, 1)
  Initialization initialization = Initialization::torch;
};

struct AttentionOptions {
  Shape inputs = {};  // of one example: [rows, cols, channels]
  Index outputs = 0;  // classes
  Extent patch = 7;   // divides the image
  Index width = 64;   // of a token
  Index heads = 4;    // divides width
  TokenPooling pooling = TokenPooling::mean;
  double dropout = 0;  // rate, in [0, 1)
  Initialization initialization = Initialization::torch;
};

namespace detail {

/// Tokens of an image, what `body(in)` puts behind them, and the way to logits.
template <std::floating_point Scalar, class Options, class Body>
Network<Scalar> image_transformer(const Options& o, Body body) {
  const InitializationOptions initialization{.scheme = o.initialization};
  std::vector<AnyLayer<Scalar>> layers{
      PatchEmbedding<Scalar>({.inputs = o.inputs, .patch = o.patch, .width = o.width, .initialization = initialization})};
  Shape in = layers.back().output_shape(o.inputs);
  if (o.pooling == TokenPooling::class_token) {
    layers.push_back(ClassToken<Scalar>({.inputs = in}));
    in = layers.back().output_shape(in);
  }
  layers.push_back(PositionEmbedding<Scalar>({.inputs = in}));
  if (o.dropout > 0) layers.push_back(Dropout<Scalar>({.inputs = in, .rate = o.dropout}));
  for (AnyLayer<Scalar>& layer : body(in)) layers.push_back(std::move(layer));
  layers.push_back(LayerNorm<Scalar>({.inputs = in}));
  if (o.pooling == TokenPooling::class_token)
    layers.push_back(TakeFirstToken<Scalar>({.inputs = in}));
  else
    layers.push_back(GlobalAveragePool<Scalar>({.inputs = in}));
  layers.push_back(Dense<Scalar>({.inputs = o.width, .outputs = o.outputs, .initialization = initialization}));
  return Network<Scalar>(std::move(layers));
}

}  // namespace detail

/// Vision transformer: PatchEmbedding → [ClassToken] → PositionEmbedding → transformer_block × blocks → LayerNorm → mean of the
/// tokens, or the class token → Dense readout. Dropout, if any, acts on the embedded tokens and inside the blocks.
/// Source: arXiv:2010.11929. Throws: Error when blocks is not positive, and as the layers do.
template <std::floating_point Scalar>
Network<Scalar> vit(const VitOptions& o) {
  require(o.blocks > 0, "vit: blocks = ", o.blocks, "; expected at least 1");
  return detail::image_transformer<Scalar>(o, [&](const Shape& in) {
    return std::vector<AnyLayer<Scalar>>(static_cast<std::size_t>(o.blocks),
                                         transformer_block<Scalar>({.inputs = in,
                                                                    .heads = o.heads,
                                                                    .mlp_ratio = o.mlp_ratio,
                                                                    .dropout = o.dropout,
                                                                    .initialization = o.initialization}));
  });
}

/// The minimal attention model: vit with one block, of which only x ← x + SelfAttention(LayerNorm(x)) is kept, so that the two
/// differ by the block's MLP alone. What is non-linear in it is the softmax and the norms.
/// Throws: Error as the layers do.
template <std::floating_point Scalar>
Network<Scalar> attention(const AttentionOptions& o) {
  return detail::image_transformer<Scalar>(o, [&](const Shape& in) {
    return std::vector<AnyLayer<Scalar>>{detail::attention_branch<Scalar>(
        {.inputs = in, .heads = o.heads, .dropout = o.dropout, .initialization = o.initialization})};
  });
}

}  // namespace lmc
