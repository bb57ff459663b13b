// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/layers/dropout.hpp>
#include <lmc/layers/gelu.hpp>
#include <lmc/layers/initialization.hpp>
#include <lmc/layers/layer_norm.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/residual.hpp>
#include <lmc/layers/self_attention.hpp>
#include <lmc/layers/tokenwise_dense.hpp>

namespace lmc {

struct TransformerBlockOptions {
  Shape inputs = {};    // of one example: [tokens, width]
  Index heads = 1;      // divides width
  Index mlp_ratio = 4;  // hidden units of the MLP, in widths
  double dropout = 0;   // rate, in [0, 1)
  Initialization initialization = Initialization::torch;
};

namespace detail {

/// x + body(x), where body is made of the layers given and a dropout, if there is any.
template <std::floating_point Scalar>
Residual<Scalar> residual_branch(std::vector<AnyLayer<Scalar>> layers, const Shape& in, double dropout) {
  if (dropout > 0) layers.push_back(Dropout<Scalar>({.inputs = in, .rate = dropout}));
  return Residual<Scalar>({.body = Network<Scalar>(std::move(layers))});
}

/// x + SelfAttention(LayerNorm(x)).
template <std::floating_point Scalar>
Residual<Scalar> attention_branch(const TransformerBlockOptions& o) {
  return residual_branch<Scalar>(
      {LayerNorm<Scalar>({.inputs = o.inputs}),
       SelfAttention<Scalar>({.inputs = o.inputs, .heads = o.heads, .initialization = {.scheme = o.initialization}})},
      o.inputs, o.dropout);
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
  const Shape hidden{o.inputs[0], o.mlp_ratio * width};
  const InitializationOptions initialization{.scheme = o.initialization};
  std::vector<AnyLayer<Scalar>> mlp{
      LayerNorm<Scalar>({.inputs = o.inputs}),
      TokenwiseDense<Scalar>({.inputs = o.inputs, .outputs = hidden[1], .initialization = initialization}), Gelu<Scalar>()};
  if (o.dropout > 0) mlp.push_back(Dropout<Scalar>({.inputs = hidden, .rate = o.dropout}));
  mlp.push_back(TokenwiseDense<Scalar>({.inputs = hidden, .outputs = width, .initialization = initialization}));
  return Network<Scalar>(
      {detail::attention_branch<Scalar>(o), detail::residual_branch<Scalar>(std::move(mlp), o.inputs, o.dropout)});
}

}  // namespace lmc
