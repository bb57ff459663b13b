// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/optim/parameter_group.hpp>
#include <lmc/train/train.hpp>

namespace train_events_test {

using Catch::Matchers::Contains;
using lmc::Index;

namespace {

const lmc::Dataset<float>& data() {
  static const auto spirals = lmc::spirals<float>({.examples = 200, .classes = 3, .seed = 1});
  return spirals;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {24}, .outputs = 3});
  return network;
}
lmc::ModelState<float> start() { return net().initialize({.seed = 7}); }

lmc::TrainOptions<float> options(Index epochs) {
  return {.epochs = epochs, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.5}};
}

}  // namespace

TEST_CASE("GradientHook: sees the gradient before the optimizer, with what lies where in it", "[train]") {
  auto watched = options(2);
  std::vector<Index> steps, epochs;
  std::vector<float> before = start().parameters;
  watched.optimizer = lmc::SgdOptions{.learning_rate = 0.5};
  std::vector<float> gradient;
  watched.gradient_hooks.push_back([&](const lmc::GradientEvent<float>& e) {
    steps.push_back(e.step);
    epochs.push_back(e.epoch);
    CHECK(e.run == 3);
    CHECK(e.steps == 14);
    CHECK(e.loss > 0);
    CHECK(e.layout == &net().layout());
    CHECK(std::ranges::equal(e.parameters, before));
    gradient.assign(e.gradient.begin(), e.gradient.end());
  });
  watched.observers.push_back([&](const lmc::StepEvent<float>& e) {
    for (std::size_t i = 0; i < before.size(); ++i) CHECK(e.parameters[i] == std::fma(-0.5F, gradient[i], before[i]));
    before.assign(e.parameters.begin(), e.parameters.end());
    return lmc::Control::proceed;
  });
  lmc::train(net(), data(), start(), watched, {.order = 1}, 3);
  CHECK(steps == std::vector<Index>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
  CHECK(epochs == std::vector<Index>{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("StepEvent: a training alone is run 0, many are counted from the first on", "[train]") {
  auto watched = options(1);
  std::set<std::size_t> seen;
  watched.observers.push_back([&](const lmc::StepEvent<float>& e) {
    seen.insert(e.run);
    return lmc::Control::proceed;
  });
  const auto numbers = [&](const auto& train) {
    train();
    return std::exchange(seen, {});
  };
  const std::vector<lmc::NoiseSeeds> seeds{{.order = 1}, {.order = 2}};
  const auto one = lmc::ThreadTeam(1);
  const auto run = lmc::train(net(), data(), start(), options(1), {.order = 1});
  CHECK(numbers([&] { lmc::train(net(), data(), start(), watched, {.order = 1}); }) == std::set<std::size_t>{0});
  watched.epochs = 2;
  CHECK(numbers([&] { lmc::train(net(), data(), run.checkpoint(), watched, {.order = 1}); }) == std::set<std::size_t>{0});
  CHECK(numbers([&] { lmc::train_many(net(), data(), start(), watched, seeds, one); }) == std::set<std::size_t>{0, 1});
  CHECK(numbers([&] { lmc::train_many(net(), data(), start(), watched, seeds, one, 5); }) == std::set<std::size_t>{5, 6});
}

TEST_CASE("GradientHook: what it writes is what the optimizer gets, in the order of the hooks and before clipping", "[train]") {
  auto changed = options(1);
  changed.optimizer = lmc::SgdOptions{.learning_rate = 1};
  changed.until = 1;
  changed.gradient_hooks.push_back([](const lmc::GradientEvent<float>& e) { std::ranges::fill(e.gradient, 0.0F); });
  changed.gradient_hooks.push_back([](const lmc::GradientEvent<float>& e) { e.gradient[5] = 3; });
  const auto moved = [&] {
    auto theta = lmc::train(net(), data(), start(), changed, {.order = 1}).state.parameters;
    for (std::size_t i = 0; i < theta.size(); ++i) theta[i] -= start().parameters[i];
    return theta;
  };
  auto step = moved();
  CHECK(std::abs(step[5] + 3) < 1e-6F);
  step[5] = 0;
  CHECK(std::ranges::all_of(step, [](float x) { return x == 0; }));
  changed.clip_norm = 0.5;
  CHECK(std::abs(moved()[5] + 0.5F) < 1e-5F);
}

TEST_CASE("GradientHook: with addressed noise, same seeds give same bits, beside another run and after a divergence",
          "[train]") {
  auto noisy = options(3);
  noisy.gradient_hooks.push_back([](const lmc::GradientEvent<float>& e) {
    const lmc::Stream stream{.seed = 9, .purpose = lmc::Purpose::intervention, .epoch = static_cast<std::uint32_t>(e.step)};
    for (std::size_t i = 0; i < e.gradient.size(); ++i)
      e.gradient[i] += static_cast<float>(0.01 * (lmc::uniform(stream, i) - 0.5));
  });
  const auto alone = lmc::train(net(), data(), start(), noisy, {.order = 1});
  CHECK(alone.state != lmc::train(net(), data(), start(), options(3), {.order = 1}).state);
  const auto pair = lmc::train_pair(net(), data(), start(), noisy, {.order = 1}, {.order = 2}, lmc::ThreadTeam(2));
  CHECK(pair.a.state == alone.state);

  // A hook that breaks the run at update 10: the state before is that of the run up to there.
  auto breaking = noisy;
  breaking.gradient_hooks.push_back([](const lmc::GradientEvent<float>& e) {
    if (e.step == 10) e.gradient[0] = std::numeric_limits<float>::quiet_NaN();
  });
  const auto broken = lmc::train(net(), data(), start(), breaking, {.order = 1});
  REQUIRE(broken.diverged_at);
  CHECK(*broken.diverged_at == 11);
  CHECK(broken.steps == 10);
  noisy.until = 10;
  CHECK(broken.state == lmc::train(net(), data(), start(), noisy, {.order = 1}).state);
}

TEST_CASE("GradientHook: one that does something else when updates are repeated is an error", "[train]") {
  int calls = 0;
  auto moves_on = options(3);
  moves_on.gradient_hooks.push_back([&](const lmc::GradientEvent<float>& e) {
    ++calls;
    if (calls == 10 || calls == 13) e.gradient[0] = std::numeric_limits<float>::quiet_NaN();
  });
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), moves_on, {}), Contains("has to do the same whenever it sees the same"));
}

TEST_CASE("GradientHook: an empty one is refused before training, and what one throws comes out", "[train]") {
  auto empty = options(1);
  empty.gradient_hooks.emplace_back();
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), empty, {}), Contains("a gradient hook is empty"));
  auto observed = options(1);
  observed.observers.emplace_back();
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), observed, {}), Contains("an observer is empty"));
  auto throwing = options(1);
  throwing.gradient_hooks.push_back([](const lmc::GradientEvent<float>&) { throw lmc::Error("enough"); });
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), throwing, {}), "enough");
}

TEST_CASE("StepEvent: an observer sees buffers, the optimizer, and the end of each epoch", "[train]") {
  auto watched = options(2);
  std::vector<Index> ends;
  watched.observers.push_back([&](const lmc::StepEvent<float>& e) {
    CHECK(e.optimizer->steps() == e.step);
    CHECK(e.buffers.empty());
    CHECK(e.state().parameters == std::vector<float>(e.parameters.begin(), e.parameters.end()));
    if (e.end_of_epoch) ends.push_back(e.step);
    return lmc::Control::proceed;
  });
  lmc::train(net(), data(), start(), watched, {});
  CHECK(ends == std::vector<Index>{7, 14});
}

TEST_CASE("TrainOptions: groups and clipping act in a whole training, and a group is checked before it", "[train]") {
  auto frozen = options(2);
  frozen.groups = {{.segments = "dense1/*", .rate = 0}};
  const auto run = lmc::train(net(), data(), start(), frozen, {.order = 1});
  const auto& first = net().layout().at("dense1/weight");
  const auto begin = static_cast<std::size_t>(first.offset), end = begin + static_cast<std::size_t>(first.size());
  const auto initial = start();
  for (std::size_t i = begin; i < end; ++i) CHECK(run.state.parameters[i] == initial.parameters[i]);
  CHECK(run.state.parameters.back() != initial.parameters.back());

  frozen.groups = {{.segments = "conv1/*", .rate = 0}};
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), frozen, {}),
                    Contains("'conv1/*' names no segment; there are: dense1/weight"));

  auto clipped = options(2);
  clipped.clip_norm = 1e30;
  CHECK(lmc::train(net(), data(), start(), clipped, {.order = 1}).state ==
        lmc::train(net(), data(), start(), options(2), {.order = 1}).state);
  clipped.clip_norm = 0.01;
  CHECK(lmc::train(net(), data(), start(), clipped, {.order = 1}).state !=
        lmc::train(net(), data(), start(), options(2), {.order = 1}).state);
  for (const double bad : {0.0, -1.0, std::nan("")}) {
    clipped.clip_norm = bad;
    CHECK_THROWS_WITH(lmc::train(net(), data(), start(), clipped, {}),
                      Contains("clip_norm = ") && Contains("expected a positive number"));
  }
}

}  // namespace train_events_test
