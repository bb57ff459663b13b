// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/transfer/lift.hpp>
#include <vector>

namespace transfer_lift_test {

using lmc::Extent;
using lmc::Lift;
using lmc::Network;

namespace {

// Stride that does not divide, padding, a rectangular kernel; two layers, so that channels go through, too.
Network<double> convolutional() {
  return lmc::cnn<double>(
      {.inputs = {9, 8, 2}, .channels = {4, 3}, .outputs = 3, .kernel = {3, {2, 3}}, .stride = {2, 1}, .padding = {1, 0}});
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

// The lifted network computes the same function, and the way back gives the same parameters.
void check_embedding(const Network<double>& from, const Lift<double>& e, bool all_copied = false) {
  const auto state = from.initialize({.seed = 3});
  const auto lifted = e.lift(state);
  const auto x = lmc::testing::normal_numbers(4 * from.input_shape()->size(), 1, 5);
  CHECK(distance(lmc::testing::outputs(from, state, x), lmc::testing::outputs(e.network, lifted, x)) < 1e-12);
  const auto back = e.project(lifted);
  std::vector<bool> copied(state.parameters.size());
  for (const auto& source : e.source)
    if (source) copied[*source] = true;
  for (std::size_t i = 0; i < copied.size(); ++i)  // a weight over padding alone stands nowhere in a matrix
    CHECK_THAT(back.parameters[i], Catch::Matchers::WithinAbs(copied[i] ? state.parameters[i] : 0, 1e-15));
  if (all_copied) CHECK(std::count(copied.begin(), copied.end(), false) == 0);
  CHECK(static_cast<lmc::Index>(lifted.parameters.size()) == e.network.layout().parameter_count());
}

}  // namespace

TEST_CASE("lift: every network of the ladder computes the function of the one below, and leads back to its parameters",
          "[layers]") {
  const auto conv = convolutional();
  const auto tied = lmc::lift_to_tied(conv, {{4, 2}, {2, 1}});
  check_embedding(conv, tied, true);
  const auto finer = lmc::lift_to_tied(tied.network, {{2, 1}, {1, 1}});
  check_embedding(tied.network, finer, true);
  const auto local = lmc::lift_to_local(finer.network);
  check_embedding(finer.network, local, true);
  const auto masked = lmc::lift_to_masked_dense(local.network);
  check_embedding(local.network, masked);
  const auto dense = lmc::lift_to_dense(masked.network);
  check_embedding(masked.network, dense);
  CHECK(conv.layout().parameter_count() < tied.network.layout().parameter_count());
  CHECK(tied.network.layout().parameter_count() < finer.network.layout().parameter_count());
  CHECK(finer.network.layout().parameter_count() < local.network.layout().parameter_count());
  CHECK(dense.network.layout().parameter_count() == masked.network.layout().parameter_count());
  CHECK(dense.network.parts()[0].name == "dense1");
  check_embedding(conv, lmc::lift_to_local(conv), true);
  check_embedding(conv, lmc::lift_to_masked_dense(conv));
  check_embedding(conv, lmc::lift_to_dense(conv));
}

TEST_CASE("embedding: grouped convolutions, without bias, with normalization, inside residuals", "[layers]") {
  const lmc::Conv2dOptions grouped{.inputs = {5, 4, 4}, .outputs = 4, .kernel = 3, .padding = 1, .groups = 2, .bias = false};
  const Network<double> body({lmc::Conv2d<double>(grouped), lmc::Relu<double>(), lmc::Conv2d<double>(grouped)});
  const Network<double> net(
      {lmc::Conv2d<double>({.inputs = {5, 4, 1}, .outputs = 4, .kernel = 1}), lmc::BatchNorm<double>({.inputs = {5, 4, 4}}),
       lmc::Residual<double>({.body = body, .shortcut = lmc::Conv2d<double>({.inputs = {5, 4, 4}, .outputs = 4, .kernel = 1})}),
       lmc::Residual<double>({.body = body}), lmc::Dense<double>({.inputs = {5, 4, 4}, .outputs = 2})});
  CHECK(lmc::output_grids(net).size() == 6);
  check_embedding(net, lmc::lift_to_tied(net, {{2, 4}}));
  check_embedding(net, lmc::lift_to_local(net));
  check_embedding(net, lmc::lift_to_masked_dense(net));
  check_embedding(net, lmc::lift_to_dense(net));
}

TEST_CASE("embedding: the initial weights are the same ones, copied", "[layers]") {
  const auto conv = convolutional();
  const auto e = lmc::lift_to_local(conv);
  const auto start = conv.initialize({.seed = 1});
  const auto& filter = conv.layout().at("conv1/weight");
  const auto& bank = e.network.layout().at("local1/weight");
  const auto lifted = e.lift(start);
  for (lmc::Index i = 0; i < bank.size(); ++i)
    CHECK(lifted.parameters[static_cast<std::size_t>(bank.offset + i)] ==
          start.parameters[static_cast<std::size_t>(filter.offset + i % filter.size())]);
}

TEST_CASE("embedding: project averages over tied positions, and is the nearest tied network", "[layers]") {
  const auto tied = lmc::lcn<double>({.inputs = {4, 3, 1}, .channels = {1}, .outputs = 2, .kernel = {1}, .sharing = {{2, 3}}});
  const auto e = lmc::lift_to_local(tied);
  auto theta = lmc::testing::normal_numbers(e.network.layout().parameter_count(), 1, 3);
  const auto projected = e.project(std::span<const double>(theta));
  // The first filter is shared by the first two rows of positions; a 1×1 kernel on one channel is one number.
  double mean = 0;
  for (std::size_t i = 0; i < 6; ++i) mean += theta[i] / 6;
  CHECK_THAT(projected[0], Catch::Matchers::WithinAbs(mean, 1e-15));
  // What is left is orthogonal to every tied direction.
  const auto back = e.lift(std::span<const double>(projected));
  const auto direction = e.lift(std::span<const double>(lmc::testing::normal_numbers(tied.layout().parameter_count(), 2, 3)));
  double inner = 0;
  for (std::size_t i = 0; i < theta.size(); ++i) inner += (theta[i] - back[i]) * direction[i];
  CHECK(std::abs(inner) < 1e-13);
  CHECK(distance(back, theta) > 0.1);
}

TEST_CASE("embedding: refuses blocks that do not divide, and vectors of another network", "[layers][errors]") {
  const auto tied =
      lmc::lcn<double>({.inputs = {10, 10, 1}, .channels = {2}, .outputs = 2, .kernel = {1}, .sharing = {{4, 5}}});
  CHECK_THROWS_WITH(
      lmc::lift_to_tied(tied, {{3, 5}}),
      "lift_to_tied: blocks of 3x5 positions do not fit into those of 4x5 that share a filter now; each length must "
      "divide that which it replaces");
  CHECK_THROWS_WITH(lmc::lift_to_tied(tied, {0}), Catch::Contains("blocks of 0x0 positions do not fit"));
  CHECK_THROWS_WITH(lmc::lift_to_tied(tied, {1, 1}),
                    "lift_to_tied: 2 sizes of blocks; expected one for all, or one for each of the 1 convolutions and locally "
                    "connected layers");
  const auto e = lmc::lift_to_local(tied);
  CHECK_THROWS_WITH(e.lift(std::span<const double>()), Catch::Contains("lift: θ has 0 entries; the smaller network has"));
  CHECK_THROWS_WITH(e.project(std::span<const double>()), Catch::Contains("project: θ has 0 entries; the larger network has"));
}

}  // namespace transfer_lift_test
