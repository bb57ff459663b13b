// SPDX-License-Identifier: BSD-3-Clause
// ClassToken, TakeFirstToken and PositionEmbedding.
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/class_token.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/position_embedding.hpp>
#include <lmc/layers/take_first_token.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <vector>

namespace layers_tokens_test {

using lmc::ClassToken;
using lmc::Index;
using lmc::Network;
using lmc::PositionEmbedding;
using lmc::Shape;
using lmc::TakeFirstToken;

TEST_CASE("ClassToken, TakeFirstToken, PositionEmbedding: backward is the derivative of forward", "[layers][gradient]") {
  const auto [batch, in] = GENERATE(table<Index, Shape>({{1, Shape{1, 1}}, {3, Shape{4, 5}}, {2, Shape{2, 9}}}));
  CAPTURE(batch, in);
  CHECK(lmc::testing::gradient_error(ClassToken<double>({.inputs = in}), {.batch = batch, .seed = 8}) < 1e-7);
  CHECK(lmc::testing::gradient_error(TakeFirstToken<double>({.inputs = in}), {.batch = batch, .seed = 8}) < 1e-7);
  CHECK(lmc::testing::gradient_error(PositionEmbedding<double>({.inputs = in}), {.batch = batch, .seed = 8}) < 1e-7);
}

TEST_CASE("ClassToken: puts its token first, and TakeFirstToken takes it", "[layers]") {
  const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(lmc::testing::outputs(Network<double>({ClassToken<double>({.inputs = {2, 2}})}), {{10, 20}, {}}, x) ==
        std::vector<double>{10, 20, 1, 2, 3, 4, 10, 20, 5, 6, 7, 8});
  CHECK(lmc::testing::outputs(Network<double>({TakeFirstToken<double>({.inputs = {2, 2}})}), {}, x) ==
        std::vector<double>{1, 2, 5, 6});
}

TEST_CASE("PositionEmbedding: adds the same vectors to every example", "[layers]") {
  const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(lmc::testing::outputs(Network<double>({PositionEmbedding<double>({.inputs = {2, 2}})}), {{10, 20, 30, 40}, {}}, x) ==
        std::vector<double>{11, 22, 33, 44, 15, 26, 37, 48});
}

TEST_CASE("PositionEmbedding, ClassToken: start with a normal distribution of deviation 0.02", "[layers]") {
  const auto deviation = [](const Network<double>& net) {
    double squares = 0;
    const auto start = net.initialize({.seed = 2}).parameters;
    for (const double v : start) squares += v * v;
    return std::sqrt(squares / static_cast<double>(start.size()));
  };
  // The deviation of 1000 draws has a relative error of 1/√2000.
  CHECK(std::abs(deviation(Network<double>({PositionEmbedding<double>({.inputs = {10, 100}})})) / 0.02 - 1) < 0.1);
  CHECK(std::abs(deviation(Network<double>({ClassToken<double>({.inputs = {1, 1000}})})) / 0.02 - 1) < 0.1);
  CHECK(deviation(Network<double>({ClassToken<double>({.inputs = {1, 10}, .standard_deviation = 0})})) == 0);
}

TEST_CASE("ClassToken, TakeFirstToken, PositionEmbedding: refuse what is not [tokens, width]", "[layers][errors]") {
  CHECK_THROWS_WITH(ClassToken<float>({.inputs = 5}), "ClassToken: inputs = [5]; expected [tokens, width] with positive sizes");
  CHECK_THROWS_WITH(ClassToken<float>({.inputs = {5, 1}, .standard_deviation = -1}),
                    "ClassToken: standard_deviation = -1; expected a number that is not negative");
  CHECK_THROWS_WITH(TakeFirstToken<float>({.inputs = {5, 0}}),
                    "TakeFirstToken: inputs = [5, 0]; expected [tokens, width] with positive sizes");
  CHECK_THROWS_WITH(PositionEmbedding<float>({.inputs = {5, 0}}),
                    "PositionEmbedding: inputs = [5, 0]; all sizes must be positive");
  CHECK_THROWS_WITH(PositionEmbedding<float>({.inputs = {5, 1}, .standard_deviation = -1}),
                    "PositionEmbedding: standard_deviation = -1; expected a number that is not negative");
}

}  // namespace layers_tokens_test
