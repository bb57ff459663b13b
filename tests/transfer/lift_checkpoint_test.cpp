// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/connectivity/block_path.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/position_blocks.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/train/train.hpp>
#include <lmc/transfer/lift.hpp>
#include <lmc/transfer/lift_checkpoint.hpp>
#include <vector>

namespace transfer_lift_checkpoint_test {

using Catch::Matchers::WithinAbs;
using lmc::Extent;

namespace {

const lmc::Shape image{6, 5, 1};

// Two classes of noisy images: a gradient to the right, or downwards.
const lmc::Dataset<double>& data() {
  static const auto made = [] {
    std::vector<double> x;
    std::vector<std::int32_t> y;
    for (std::uint64_t i = 0; i < 64; ++i) {
      y.push_back(static_cast<std::int32_t>(i % 2));
      for (int r = 0; r < 6; ++r)
        for (int c = 0; c < 5; ++c) x.push_back(0.3 * (i % 2 == 0 ? r : c) + lmc::normal({.seed = 4}, x.size()));
    }
    return lmc::Dataset<double>({.shape = image, .classes = 2, .labels = y, .features = x});
  }();
  return made;
}
lmc::Network<double> convolution() {
  return lmc::cnn<double>({.inputs = image, .channels = {3, 2}, .outputs = 2, .kernel = {2}});
}
lmc::TrainOptions<double> options(const lmc::OptimizerOptions& optimizer) {
  return {.epochs = 4, .batch_size = 16, .optimizer = optimizer};
}

}  // namespace

TEST_CASE("lift: a checkpoint goes on in the larger network, and its velocity carries all copies alike", "[train]") {
  const auto conv = convolution();
  const auto e = lmc::lift_to_local(conv);
  auto opts = options(lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9});
  opts.until = 7;
  const auto prefix = lmc::train(conv, data(), conv.initialize({.seed = 1}), opts, {.order = 1}).checkpoint();
  const auto moved = lmc::lift(e, prefix);
  CHECK(moved.step == 7);
  CHECK(moved.optimizer.steps() == 7);
  const auto& velocity = std::get<lmc::Sgd<double>>(moved.optimizer.method).velocity;
  const auto& tied_velocity = std::get<lmc::Sgd<double>>(prefix.optimizer.method).velocity;
  CHECK(velocity == e.lift(std::span<const double>(tied_velocity)));
  const auto back = lmc::project(e, moved);
  for (std::size_t i = 0; i < back.state.parameters.size(); ++i) {
    CHECK_THAT(back.state.parameters[i], WithinAbs(prefix.state.parameters[i], 1e-15));
    CHECK_THAT(std::get<lmc::Sgd<double>>(back.optimizer.method).velocity[i], WithinAbs(tied_velocity[i], 1e-15));
  }
  opts.until.reset();
  const auto untied = lmc::train(e.network, data(), moved, opts, {.order = 1});
  CHECK(untied.steps == 16);
  CHECK_FALSE(untied.diverged_at);
  // It has left the tied networks.
  const auto projected = e.lift(e.project(untied.state));
  double distance = 0;
  for (std::size_t i = 0; i < projected.parameters.size(); ++i)
    distance = std::max(distance, std::abs(projected.parameters[i] - untied.state.parameters[i]));
  CHECK(distance > 1e-4);
}

TEST_CASE("lift: a tied weight's gradient is the sum over its copies", "[train]") {
  // So plain SGD in the larger network, projected with sums in place of means, takes the tied step.
  const auto conv = convolution();
  const auto e = lmc::lift_to_local(conv);
  auto opts = options(lmc::SgdOptions{.learning_rate = 0.1});
  opts.until = 1;
  const auto start = conv.initialize({.seed = 2});
  const auto tied = lmc::train(conv, data(), start, opts, {.order = 1});
  const auto local = lmc::train(e.network, data(), e.lift(start), opts, {.order = 1});
  std::vector<double> sums(start.parameters.size());
  const auto begin = e.lift(start);
  for (std::size_t i = 0; i < e.source.size(); ++i)
    if (e.source[i]) sums[*e.source[i]] += local.state.parameters[i] - begin.parameters[i];
  for (std::size_t i = 0; i < sums.size(); ++i)
    CHECK_THAT(tied.state.parameters[i] - start.parameters[i], WithinAbs(sums[i], 1e-12));
}

TEST_CASE(
    "lift: an optimizer that follows the segments of θ follows those of the larger network, and on the way back the smaller's",
    "[train]") {
  const auto conv = convolution();
  const auto e = lmc::lift_to_local(conv);
  const auto optimizer = GENERATE(as<lmc::OptimizerOptions>(), lmc::MuonOptions{}, lmc::LayerwiseAdamOptions{});
  auto opts = options(optimizer);
  opts.until = 7;
  const auto prefix = lmc::train(conv, data(), conv.initialize({.seed = 1}), opts, {.order = 1}).checkpoint();
  auto moved = lmc::lift(e, prefix), again = lmc::lift(e, prefix);
  // One update equals that of an optimizer made for the larger network with the same state.
  lmc::Optimizer<double> made(optimizer, e.network.layout());
  const auto from = moved.optimizer.state_vectors(), to = made.state_vectors();
  REQUIRE(from.size() == to.size());
  for (std::size_t i = 0; i < to.size(); ++i) *to[i].second = *from[i].second;
  std::visit([](auto& method) { method.steps = 7; }, made.method);
  std::vector<double> gradient(moved.state.parameters.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = lmc::normal({.seed = 9}, i);
  moved.optimizer.step(gradient, moved.state.parameters);
  made.step(gradient, again.state.parameters);
  CHECK(moved.state.parameters == again.state.parameters);

  auto back = lmc::project(e, lmc::lift(e, prefix));
  opts.until.reset();
  CHECK(lmc::train(conv, data(), back, opts, {.order = 1}).steps == 16);
}

TEST_CASE("lift: Adam's moments and its number of updates are carried over", "[train]") {
  const auto conv = convolution();
  const auto e = lmc::lift_to_dense(conv);
  auto opts = options(lmc::AdamOptions{.learning_rate = 0.01});
  opts.until = 5;
  const auto prefix = lmc::train(conv, data(), conv.initialize({.seed = 1}), opts, {.order = 1}).checkpoint();
  const auto moved = lmc::lift(e, prefix);
  const auto& from = std::get<lmc::Adam<double>>(prefix.optimizer.method);
  const auto& to = std::get<lmc::Adam<double>>(moved.optimizer.method);
  CHECK(to.mean == e.lift(std::span<const double>(from.mean)));
  CHECK(to.square == e.lift(std::span<const double>(from.square)));
  CHECK(to.steps == 5);
  opts.until.reset();
  CHECK_FALSE(lmc::train(e.network, data(), moved, opts, {.order = 1}).diverged_at);
}

TEST_CASE("block_path: without spread it is the tied curve, for every number of blocks", "[train][connectivity]") {
  const auto conv = convolution();
  const auto [a, b] = lmc::train_pair(conv, data(), conv.initialize({.seed = 1}),
                                      options(lmc::SgdOptions{.learning_rate = 0.3}), {.order = 1}, {.order = 2});
  const auto tied = lmc::linear_path(a, b, lmc::evaluator(conv, data()), {.alphas = 7});
  for (const Extent sharing : {Extent(5, 4), Extent(2, 4), Extent(1)}) {
    const auto e = lmc::lift_to_tied(conv, {sharing == Extent(5, 4) ? lmc::output_grids(conv)[0] : sharing,
                                            sharing == Extent(5, 4) ? lmc::output_grids(conv)[1] : Extent(sharing.rows, 1)});
    const auto theta_a = e.lift(a.state).parameters, theta_b = e.lift(b.state).parameters;
    const auto blocks = lmc::position_blocks(e.network);
    const auto evaluate = lmc::evaluator(e.network, data());
    const auto still = lmc::block_path(theta_a, theta_b, blocks, evaluate, {.path = {.alphas = 7}});
    for (std::size_t i = 0; i < tied.points.size(); ++i) {
      CHECK_THAT(still.points[i].metrics.loss, WithinAbs(tied.points[i].metrics.loss, 1e-12));
      CHECK(still.points[i].metrics.error == tied.points[i].metrics.error);
    }
    const auto spread = lmc::block_path(theta_a, theta_b, blocks, evaluate, {.spread = 0.5, .seed = 3, .path = {.alphas = 7}});
    CHECK(spread.points[0].metrics.loss == still.points[0].metrics.loss);
    CHECK(spread.points[3].metrics.loss != still.points[3].metrics.loss);
  }
}

TEST_CASE("position_blocks: numbers the blocks through all layers; a readout belongs to none", "[train]") {
  const auto net =
      lmc::lcn<double>({.inputs = image, .channels = {3, 2}, .outputs = 2, .kernel = {2}, .sharing = {{5, 2}, {2, 3}}});
  const auto blocks = lmc::position_blocks(net);
  const auto block = [&](const char* name, lmc::Index entry) {
    return blocks[static_cast<std::size_t>(net.layout().at(name).offset + entry)];
  };
  CHECK(block("local1/weight", 0) == 0);
  CHECK(block("local1/weight", 3 * 4 * 1) == 1);
  CHECK(block("local1/bias", 2) == 0);
  CHECK(block("local1/bias", 3) == 1);
  CHECK(block("local2/weight", 0) == 2);
  CHECK(block("local2/bias", 2 * 2 - 1) == 3);
  CHECK_FALSE(block("dense1/weight", 0));
}

}  // namespace transfer_lift_checkpoint_test
