// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/window.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/models/transformer_block.hpp>

namespace lmc {

/// How one vector is made of the tokens: their mean, or a class token of its own before the others.
enum class TokenPooling { mean, class_token };

/// The sizes of a vit(), and how it starts.
struct VitOptions {
  Shape inputs = {};                                      // shape of one example: [rows, cols, channels]
  Index outputs = 0;                                      // classes
  Extent patch = 7;                                       // size of one patch; divides the image
  Index width = 64;                                       // units of one token
  Index heads = 4;                                        // attention heads, a divisor of width
  Index blocks = 1;                                       // transformer blocks, at least 1
  Index mlp_ratio = 4;                                    // hidden units of a block's MLP, in widths
  TokenPooling pooling = TokenPooling::mean;              // how the readout's vector is made of the tokens
  double dropout = 0;                                     // share of entries that are set to 0 in training, in [0, 1)
  Initialization initialization = Initialization::torch;  // how patch embedding, blocks and readout start
};

/// The sizes of an attention() network, and how it starts.
struct AttentionOptions {
  Shape inputs = {};                                      // shape of one example: [rows, cols, channels]
  Index outputs = 0;                                      // classes
  Extent patch = 7;                                       // size of one patch; divides the image
  Index width = 64;                                       // units of one token
  Index heads = 4;                                        // attention heads, a divisor of width
  TokenPooling pooling = TokenPooling::mean;              // how the readout's vector is made of the tokens
  double dropout = 0;                                     // share of entries that are set to 0 in training, in [0, 1)
  Initialization initialization = Initialization::torch;  // how patch embedding, blocks and readout start
};

namespace detail {

/// Tokens of an image, what is done with them, and the way to logits.
template <std::floating_point Scalar, class Options>
Network<Scalar> image_transformer(const Options& o, const std::vector<LayerRecipe<Scalar>>& blocks) {
  const InitializationOptions initialization{.scheme = o.initialization};
  const bool class_token_first = o.pooling == TokenPooling::class_token;
  std::vector<LayerRecipe<Scalar>> layers{patch_embedding(o.width, {.patch = o.patch, .initialization = initialization})};
  if (class_token_first) layers.push_back(class_token());
  layers.push_back(position_embedding());
  if (o.dropout > 0) layers.push_back(dropout(o.dropout));
  layers.insert(layers.end(), blocks.begin(), blocks.end());
  layers.push_back(layer_norm());
  if (class_token_first)
    layers.push_back(take_first_token());
  else
    layers.push_back(global_average_pool());
  layers.push_back(dense(o.outputs, initialization));
  return sequential<Scalar>(o.inputs, layers);
}

}  // namespace detail

/// Vision transformer: PatchEmbedding → [ClassToken] → PositionEmbedding → transformer_block × blocks → LayerNorm → mean of the
/// tokens, or the class token → Dense readout. Dropout, if any, acts on the embedded tokens and inside the blocks.
/// Source: arXiv:2010.11929. Throws: Error when blocks is not positive, and as the layers do.
template <std::floating_point Scalar>
Network<Scalar> vit(const VitOptions& o) {
  require(o.blocks > 0, "vit: blocks = ", o.blocks, "; expected at least 1");
  const auto block = [&](const Shape& in) {
    return transformer_block<Scalar>(
        {.inputs = in, .heads = o.heads, .mlp_ratio = o.mlp_ratio, .dropout = o.dropout, .initialization = o.initialization});
  };
  return detail::image_transformer<Scalar>(o, std::vector<LayerRecipe<Scalar>>(static_cast<std::size_t>(o.blocks), block));
}

/// The minimal attention model: vit with one block, of which only x ← x + SelfAttention(LayerNorm(x)) is kept, so that the two
/// differ by the block's MLP alone. What is non-linear in it is the softmax and the norms.
/// Throws: Error as the layers do.
template <std::floating_point Scalar>
Network<Scalar> attention(const AttentionOptions& o) {
  return detail::image_transformer<Scalar>(o, {detail::attention_branch<Scalar>(o)});
}

}  // namespace lmc
