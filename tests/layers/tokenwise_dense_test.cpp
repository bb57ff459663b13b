// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/tokenwise_dense.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>

namespace layers_tokenwise_dense_test {

using lmc::Dense;
using lmc::Index;
using lmc::Network;
using lmc::Shape;
using lmc::TokenwiseDense;

TEST_CASE("TokenwiseDense: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, in, out] = GENERATE(
      table<Index, Shape, Index>({{1, Shape{1, 1}, 1}, {2, Shape{3, 5}, 9}, {3, Shape{2, 3, 4}, 1}, {2, Shape{300, 1}, 2}}));
  CAPTURE(batch, in, out);  // the last one has more than one block of rows
  CHECK(lmc::testing::gradient_error(TokenwiseDense<double>({.inputs = in, .outputs = out}), {.batch = batch, .seed = 7}) <
        1e-7);
}

TEST_CASE("TokenwiseDense: keeps the axes of the positions, and permutes their units together", "[layers]") {
  const Network<double> net({Dense<double>({.inputs = 4, .outputs = {2, 3, 5}}),
                             TokenwiseDense<double>({.inputs = {2, 3, 5}, .outputs = 7}),
                             Dense<double>({.inputs = {2, 3, 7}, .outputs = 2})});
  CHECK(net.parts()[1].output == Shape{2, 3, 7});
  CHECK(net.layout().groups.size() == 2);
  const auto effect = lmc::testing::permutation_effect(net);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
}

TEST_CASE("TokenwiseDense: refuses an input without tokens, and sizes that are not positive", "[layers][errors]") {
  CHECK_THROWS_WITH(
      TokenwiseDense<float>({.inputs = 5, .outputs = 3}),
      "TokenwiseDense: inputs = [5], outputs = 3; expected [tokens, features] and a number of features, all positive");
  CHECK_THROWS_WITH(
      TokenwiseDense<float>({.inputs = {2, 5}, .outputs = 0}),
      "TokenwiseDense: inputs = [2, 5], outputs = 0; expected [tokens, features] and a number of features, all positive");
  CHECK_THROWS_WITH(
      TokenwiseDense<float>({.inputs = {0, 5}, .outputs = 3}),
      "TokenwiseDense: inputs = [0, 5], outputs = 3; expected [tokens, features] and a number of features, all positive");
}

}  // namespace layers_tokenwise_dense_test
