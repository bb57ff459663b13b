// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/residual.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <vector>

namespace layers_residual_test {

using lmc::Dense;
using lmc::Index;
using lmc::Network;
using lmc::Relu;
using lmc::Residual;

namespace {

// Ends in a ReLU, whose backward needs its own output and not the sum.
Network<double> body(Index in, Index out) {
  return Network<double>({Dense<double>({.inputs = in, .outputs = 4}), Relu<double>(),
                          Dense<double>({.inputs = 4, .outputs = out}), Relu<double>()});
}

}  // namespace

TEST_CASE("Residual: backward is the derivative of forward", "[layers][gradient]") {
  const Index batch = GENERATE(1, 3);
  CHECK(lmc::testing::gradient_error(Residual<double>({.body = body(5, 5)}), {.batch = batch, .seed = 3}) < 1e-7);
  CHECK(lmc::testing::gradient_error(
            Residual<double>({.body = body(5, 3), .shortcut = Dense<double>({.inputs = 5, .outputs = 3})}),
            {.batch = batch, .seed = 4}) < 1e-7);
  const Network<double> nested({Dense<double>({.inputs = 2, .outputs = 5}), Residual<double>({.body = body(5, 5)}),
                                Relu<double>(), Residual<double>({.body = body(5, 3), .shortcut = body(5, 3)})});
  CHECK(lmc::testing::gradient_error(nested, {.batch = batch, .seed = 5}) < 1e-7);
}

TEST_CASE("Residual: adds the body and the shortcut", "[layers]") {
  const std::vector<double> x{1, -2};
  const Network<double> net({Residual<double>({.body = Dense<double>({.inputs = 2, .outputs = 2})})});
  CHECK(lmc::testing::outputs(net, {{1, 2, 3, 4, 10, 20}, {}}, x) == std::vector<double>{1 - 4 + 10 + 1, 3 - 8 + 20 - 2});
}

TEST_CASE("Residual: units that are added are permuted together, and those added to the input not at all", "[layers]") {
  const Network<double> stream({Dense<double>({.inputs = 3, .outputs = 6}), Residual<double>({.body = body(6, 6)}),
                                Residual<double>({.body = body(6, 6)}), Dense<double>({.inputs = 6, .outputs = 2})});
  CHECK(stream.layout().groups.size() == 3);  // one stream, and the hidden units of each body
  const auto effect = lmc::testing::permutation_effect(stream);
  CHECK(effect.outputs < 1e-12);
  CHECK(effect.parameters > 0.1);
  const Network<double> fixed({Residual<double>({.body = body(3, 3)}), Dense<double>({.inputs = 3, .outputs = 2})});
  CHECK(fixed.layout().groups.size() == 1);
  CHECK(lmc::testing::permutation_effect(fixed).outputs < 1e-12);
}

TEST_CASE("Residual: refuses layers that cannot be added, with their shapes", "[layers][errors]") {
  CHECK_THROWS_WITH(
      Residual<double>({.body = Relu<double>()}),
      "Residual: neither its body (relu) nor its shortcut (identity) says which shape it takes; expected at least "
      "one that does");
  CHECK_THROWS_WITH(Residual<double>({.body = body(5, 3)}),
                    "Residual: its body gives [3], its shortcut (identity) [5]; the shapes must be equal: give the shortcut a "
                    "layer that changes the shape as the body does");
  CHECK_THROWS_WITH(Residual<double>({.body = body(5, 3), .shortcut = body(4, 3)}),
                    "Residual: its body takes [5], its shortcut [4]; the shapes must be equal");
}

}  // namespace layers_residual_test
