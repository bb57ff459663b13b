// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/models/transformer_block.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>

namespace models_transformer_block_test {

using lmc::Index;
using lmc::transformer_block;

TEST_CASE("transformer_block: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, tokens, width, heads] =
      GENERATE(table<Index, Index, Index, Index>({{1, 1, 2, 1}, {2, 3, 4, 2}, {1, 5, 6, 3}}));
  CAPTURE(batch, tokens, width, heads);
  // Where a row that is normalized happens to be nearly constant, third derivatives of 1e5 are left over in the differences:
  // seed 9 has such a row. A mistake is of order 1.
  CHECK(lmc::testing::gradient_error(transformer_block<double>({.inputs = {tokens, width}, .heads = heads, .mlp_ratio = 2}),
                                     {.batch = batch, .seed = 4}) < 1e-7);
  CHECK(lmc::testing::gradient_error(
            transformer_block<double>({.inputs = {tokens, width}, .heads = heads, .mlp_ratio = 1, .dropout = 0.4}),
            {.batch = batch, .seed = 4}) < 1e-7);
}

TEST_CASE("transformer_block: a dropout stands at the end of both branches and behind the GELU", "[layers]") {
  const auto block = transformer_block<double>({.inputs = {3, 4}, .heads = 2, .dropout = 0.1});
  const auto kinds = [&](std::size_t branch) {
    std::vector<std::string> names;
    const auto* residual = block.parts()[branch].layer.target<lmc::Residual<double>>();
    for (const auto& part : residual->options().body.target<lmc::Network<double>>()->parts())
      names.emplace_back(part.layer.kind());
    return names;
  };
  CHECK(kinds(0) == std::vector<std::string>{"layer_norm", "attention", "dropout"});
  CHECK(kinds(1) == std::vector<std::string>{"layer_norm", "tokenwise_dense", "gelu", "dropout", "tokenwise_dense", "dropout"});
}

TEST_CASE("transformer_block: refuses an MLP without units, and what is not [tokens, width]", "[layers][errors]") {
  CHECK_THROWS_WITH(transformer_block<float>({.inputs = {4, 8}, .mlp_ratio = 0}),
                    "transformer_block: mlp_ratio = 0; expected a positive number");
  CHECK_THROWS_WITH(transformer_block<float>({.inputs = 8}), "transformer_block: inputs = [8]; expected [tokens, width]");
}

}  // namespace models_transformer_block_test
