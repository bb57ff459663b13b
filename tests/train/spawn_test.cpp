// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/spawn.hpp>
#include <vector>

namespace train_spawn_test {

using lmc::Index;
using lmc::NoiseSeeds;
using lmc::ThreadTeam;

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

// 5 epochs of 7 updates; every update depends on its number.
lmc::TrainOptions<float> options() {
  return {.epochs = 5,
          .batch_size = 32,
          .optimizer = lmc::AdamOptions{.learning_rate = 0.01},
          .augmentation = {.noise = 0.1},
          .schedule = {.warmup = 12, .then = lmc::CosineRate()}};
}
const NoiseSeeds prefix_seeds{.order = 1, .augmentation = 1}, seeds_a{.order = 2, .augmentation = 2},
    seeds_b{.order = 3, .augmentation = 3};

auto spawn(const lmc::TrainOptions<float>& o, const std::vector<Index>& steps, int threads = 2) {
  return lmc::train_spawned<float>(net(), data(), start(), o, steps, prefix_seeds, seeds_a, seeds_b, ThreadTeam(threads));
}

}  // namespace

TEST_CASE("train_spawned: children are what train gives from the prefix's checkpoints, with any number of threads",
          "[train][determinism][long]") {
  const std::vector<Index> steps{0, 3, 7, 20, 35};
  const auto serial = spawn(options(), steps, 1);
  REQUIRE(serial.size() == 5);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CAPTURE(steps[i]);
    auto part = options();
    part.until = steps[i];
    const auto prefix = lmc::train(net(), data(), start(), part, prefix_seeds);
    CHECK(serial[i].step == steps[i]);
    CHECK(serial[i].pair.a.state == lmc::train(net(), data(), prefix.checkpoint(), options(), seeds_a).state);
    CHECK(serial[i].pair.b.state == lmc::train(net(), data(), prefix.checkpoint(), options(), seeds_b).state);
    CHECK(serial[i].pair.a.steps == 35);
    CHECK(serial[i].pair.a.seeds == (seeds_a));
    CHECK((serial[i].pair.a.state == serial[i].pair.b.state) == (steps[i] == 35));
  }
  const auto from_start = lmc::train_pair(net(), data(), start(), options(), seeds_a, seeds_b);
  CHECK(serial[0].pair.a.state == from_start.a.state);
  CHECK(serial[0].pair.b.state == from_start.b.state);
  for (const int threads : {2, 5}) {
    const auto parallel = spawn(options(), steps, threads);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      CHECK(parallel[i].pair.a.state == serial[i].pair.a.state);
      CHECK(parallel[i].pair.b.state == serial[i].pair.b.state);
    }
  }
}

TEST_CASE("train_spawned: trains the prefix once, and names every run to observers", "[train]") {
  std::array<std::atomic<int>, 7> updates{};
  auto observed = options();
  observed.observers.push_back([&](const lmc::StepEvent<float>& e) {
    ++updates.at(e.run);
    return lmc::Control::proceed;
  });
  spawn(observed, {5, 9, 21});
  CHECK(updates[6] == 21);
  for (std::size_t i = 0; i < 6; ++i) CHECK(updates[i] == 35 - std::array{5, 9, 21}.at(i / 2));
}

TEST_CASE("train_spawned: a prefix that diverges, or is stopped, is what its children are", "[train][divergence]") {
  auto stopping = options();
  stopping.observers.push_back(
      [&](const lmc::StepEvent<float>& e) { return e.run == 6 && e.step == 7 ? lmc::Control::stop : lmc::Control::proceed; });
  const auto stopped = spawn(stopping, {5, 10, 15});
  CHECK(stopped[0].pair.a.steps == 35);
  for (const std::size_t i : {1U, 2U}) {
    CHECK(stopped[i].pair.a.stopped);
    CHECK(stopped[i].pair.a.steps == 7);
    CHECK(stopped[i].pair.b.state == stopped[1].pair.a.state);
  }

  lmc::TrainOptions<float> diverging{
      .epochs = 50, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 1e8, .momentum = 2}};
  const auto alone = lmc::train(net(), data(), start(), diverging, prefix_seeds);
  REQUIRE(alone.diverged_at);
  const auto diverged = spawn(diverging, {0, 200, 300});
  for (const std::size_t i : {1U, 2U})
    for (const auto* run : {&diverged[i].pair.a, &diverged[i].pair.b}) {
      CHECK(run->diverged_at == alone.diverged_at);
      CHECK(run->state == alone.state);
    }
  CHECK(diverged[0].pair.a.seeds == seeds_a);
}

TEST_CASE("train_spawned: refuses steps that are none of the training's", "[train][errors]") {
  CHECK_THROWS_WITH(spawn(options(), {}), Catch::Contains("there are no spawn_steps"));
  CHECK_THROWS_WITH(spawn(options(), {-1}), Catch::Contains("spawn_steps has -1"));
  CHECK_THROWS_WITH(spawn(options(), {3, 3}), Catch::Contains("spawn_steps has 3 behind 3; sort them"));
  CHECK_THROWS_WITH(spawn(options(), {36}), Catch::Contains("until = 36, but 5 epochs are 35 updates"));
  auto shorter = options();
  shorter.until = 10;
  CHECK_THROWS_WITH(spawn(shorter, {11}), Catch::Contains("spawn_steps has 11, but the training ends after until = 10"));
  CHECK(spawn(shorter, {4})[0].pair.a.steps == 10);
}

}  // namespace train_spawn_test
