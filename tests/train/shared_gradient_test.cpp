// SPDX-License-Identifier: BSD-3-Clause
#include "lmc/train/shared_gradient.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/data/dataset.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>
#include <lmc/transfer/lift.hpp>
#include <vector>

namespace train_shared_gradient_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

const lmc::Shape image{6, 6, 1};
constexpr std::size_t positions = 16;  // of a 3 x 3 filter on 6 x 6

const lmc::Dataset<double>& data() {
  static const auto made = [] {
    std::vector<double> x;
    std::vector<std::int32_t> y;
    for (std::uint64_t i = 0; i < 64; ++i) {
      y.push_back(static_cast<std::int32_t>(i % 2));
      for (int r = 0; r < 6; ++r)
        for (int c = 0; c < 6; ++c) x.push_back(0.3 * (i % 2 == 0 ? r : c) + lmc::normal({.seed = 4}, x.size()));
    }
    return lmc::Dataset<double>({.shape = image, .classes = 2, .labels = y, .features = x});
  }();
  return made;
}
lmc::Network<double> convolution() { return lmc::cnn<double>({.inputs = image, .channels = {3}, .outputs = 2, .kernel = {3}}); }
lmc::Network<double> local() { return lmc::lcn<double>({.inputs = image, .channels = {3}, .outputs = 2, .kernel = {3}}); }
std::vector<double> random_gradient(const lmc::Network<double>& network) {
  std::vector<double> g(static_cast<std::size_t>(network.layout().parameter_count()));
  for (std::size_t i = 0; i < g.size(); ++i) g[i] = lmc::normal({.seed = 9}, i);
  return g;
}
std::vector<double> shared(const lmc::Network<double>& network, const lmc::SharedGradientOptions& options) {
  std::vector<double> g = random_gradient(network);
  lmc::shared_gradient(network, options)({.gradient = g});
  return g;
}
double norm(const std::vector<double>& g, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += g[i] * g[i];
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("shared_gradient: each block's entries move to the mean over the blocks, and nothing else moves", "[train]") {
  const auto network = local();
  const std::vector<double> before = random_gradient(network);
  constexpr std::size_t bank = 3 * 9, units = 3, filters = positions * bank, of_layer = filters + positions * units;
  REQUIRE(network.layout().parameters[0].size() == static_cast<lmc::Index>(filters));
  for (const double share : {0.0, 0.25, 1.0}) {
    const std::vector<double> after = shared(network, {.share = share});
    for (std::size_t i = 0; i < before.size(); ++i) {
      double expected = before[i];
      if (i < of_layer) {
        const bool weight = i < filters;
        const std::size_t first = weight ? 0 : filters, each = weight ? bank : units;
        double mean = 0;
        for (std::size_t p = 0; p < positions; ++p) mean += before[first + p * each + (i - first) % each] / positions;
        expected = (1 - share) * before[i] + share * mean;
      }
      CHECK_THAT(after[i], WithinAbs(expected, 1e-14));
    }
  }
}

TEST_CASE("shared_gradient: keep_norm keeps the length of the layer's gradient and the direction", "[train]") {
  const auto network = local();
  constexpr std::size_t of_layer = positions * (3 * 9 + 3);
  const std::vector<double> before = random_gradient(network), plain = shared(network, {.share = 0.5}),
                            kept = shared(network, {.share = 0.5, .keep_norm = true});
  CHECK(norm(plain, of_layer) < 0.7 * norm(before, of_layer));
  CHECK_THAT(norm(kept, of_layer), WithinRel(norm(before, of_layer), 1e-14));
  for (std::size_t i = 0; i < of_layer; ++i)
    CHECK_THAT(kept[i], WithinRel(plain[i] * norm(before, of_layer) / norm(plain, of_layer), 1e-12));
  CHECK(kept.back() == before.back());
  std::vector<double> zero(before.size());
  lmc::shared_gradient(network, {.keep_norm = true})({.gradient = zero});
  CHECK(norm(zero, zero.size()) == 0);
}

TEST_CASE("shared_gradient: with λ = 1, SGD trains the network with one filter for all positions, at 1/P of the rate",
          "[train]") {
  const auto conv = convolution();
  const auto lift = lmc::lift_to_local(conv);
  const auto start = conv.initialize({.seed = 3});
  lmc::TrainOptions<double> options{.epochs = 4, .batch_size = 16, .optimizer = lmc::SgdOptions{.learning_rate = 0.2}};
  lmc::TrainOptions<double> tied = options;
  tied.groups = {{.segments = "conv1/*", .rate = 1.0 / positions}};
  options.gradient_hooks.push_back(lmc::shared_gradient(lift.network, {}));
  const auto one_filter = lmc::train(conv, data(), start, tied, {.order = 1});
  const auto many = lmc::train(lift.network, data(), lift.lift(start), options, {.order = 1});
  const auto expected = lift.lift(one_filter.state);
  double moved = 0;
  for (std::size_t i = 0; i < expected.parameters.size(); ++i) {
    CHECK_THAT(many.state.parameters[i], WithinAbs(expected.parameters[i], 1e-12));
    moved = std::max(moved, std::abs(expected.parameters[i] - lift.lift(start).parameters[i]));
  }
  CHECK(moved > 0.05);
  // The filters of all positions stay the same to the bit.
  const std::size_t bank = 3 * 9;
  for (std::size_t i = bank; i < positions * bank; ++i) CHECK(many.state.parameters[i] == many.state.parameters[i % bank]);
}

TEST_CASE("shared_gradient: what cannot be shared is refused", "[train]") {
  const auto network = local();
  CHECK_THROWS_WITH(lmc::shared_gradient(network, {.share = 1.5}), Contains("share = 1.5; expected a number in [0, 1]"));
  CHECK_THROWS_WITH(lmc::shared_gradient(network, {.share = std::nan("")}), Contains("expected a number in [0, 1]"));
  CHECK_THROWS_WITH(lmc::shared_gradient(convolution(), {}), Contains("no locally connected layer with two blocks or more"));
  CHECK_THROWS_WITH(lmc::shared_gradient(lmc::mlp<double>({.inputs = 4, .outputs = 2}), {}), Contains("lift_to_local"));
  std::vector<double> other(7);
  CHECK_THROWS_WITH(lmc::shared_gradient(network, {})({.gradient = other}), Contains("a gradient of 7 entries; expected"));
}

}  // namespace train_shared_gradient_test
