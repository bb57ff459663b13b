// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_recipe.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>

namespace lmc {

/// The sizes of a transformer_block(), and how it starts.
struct TransformerBlockOptions {
  Shape inputs = {};                                      // shape of one example: [tokens, width]
  Index heads = 1;                                        // attention heads, a divisor of width
  Index mlp_ratio = 4;                                    // hidden units of the MLP, in widths
  double dropout = 0;                                     // share of entries that are set to 0 in training, in [0, 1)
  Initialization initialization = Initialization::torch;  // how attention and MLP start
};

namespace detail {

/// x + body(x), where body is made of the layers given and a dropout, if there is any.
template <std::floating_point Scalar>
LayerRecipe<Scalar> residual_branch(std::vector<LayerRecipe<Scalar>> layers, double rate) {
  if (rate > 0) layers.push_back(dropout(rate));
  return residual<Scalar>(std::move(layers));
}

/// x + SelfAttention(LayerNorm(x)).
template <std::floating_point Scalar, class Options>
LayerRecipe<Scalar> attention_branch(const Options& o) {
  return residual_branch<Scalar>({layer_norm(), self_attention(o.heads, {.scheme = o.initialization})}, o.dropout);
}

}  // namespace detail

/// Pre-norm transformer block:
///   x ← x + SelfAttention(LayerNorm(x))
///   x ← x + MLP(LayerNorm(x)),   MLP = TokenwiseDense to mlp_ratio · width → GELU → TokenwiseDense to width.
/// Dropout acts on what a branch adds and behind the GELU, as in arXiv:2010.11929, not on attention weights. The units of x are
/// one permutation group, through all blocks. Source: arXiv:1706.03762; the norm before the branch, arXiv:2002.04745. Throws:
/// Error when mlp_ratio is not positive, and as the layers do.
template <std::floating_point Scalar>
Network<Scalar> transformer_block(const TransformerBlockOptions& o) {
  require(o.inputs.rank() == 2, "transformer_block: inputs = ", o.inputs, "; expected [tokens, width]");
  require(o.mlp_ratio > 0, "transformer_block: mlp_ratio = ", o.mlp_ratio, "; expected a positive number");
  const Index width = o.inputs[1];
  const InitializationOptions initialization{.scheme = o.initialization};
  std::vector<LayerRecipe<Scalar>> mlp{layer_norm(), tokenwise_dense(o.mlp_ratio * width, initialization), gelu()};
  if (o.dropout > 0) mlp.push_back(dropout(o.dropout));
  mlp.push_back(tokenwise_dense(width, initialization));
  return sequential<Scalar>(o.inputs,
                            {detail::attention_branch<Scalar>(o), detail::residual_branch<Scalar>(std::move(mlp), o.dropout)});
}

}  // namespace lmc
