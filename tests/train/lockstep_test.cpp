// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/lockstep.hpp>
#include <lmc/train/train.hpp>

namespace train_lockstep_test {

using Catch::Matchers::Contains;
using lmc::Index;
using lmc::LockstepEvent;
using lmc::NoiseSeeds;

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
  return {.epochs = epochs, .batch_size = 32, .optimizer = lmc::AdamOptions{.learning_rate = 0.01}};
}
constexpr std::array seeds{NoiseSeeds{.order = 1}, NoiseSeeds{.order = 2}, NoiseSeeds{.order = 3}};
void nothing(const LockstepEvent<float>&) {}

}  // namespace

TEST_CASE("train_lockstep: a hook that changes nothing gives the bits of train_many, on any number of threads", "[train]") {
  const auto alone = lmc::train_many<float>(net(), data(), start(), options(3), seeds);
  for (const int threads : {1, 2, 4}) {
    const auto runs = lmc::train_lockstep<float>(net(), data(), start(), options(3), seeds, nothing, lmc::ThreadTeam(threads));
    REQUIRE(runs.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(runs[i].state == alone[i].state);
      CHECK(runs[i].steps == 21);
      CHECK_FALSE(runs[i].stopped);
      CHECK(runs[i].seeds.order == seeds[i].order);
    }
  }
  // And from a checkpoint.
  auto half = options(3);
  half.until = 10;
  const auto middle = lmc::train(net(), data(), start(), half, seeds[0]).checkpoint();
  const auto go_on = lmc::train_lockstep<float>(net(), data(), middle, options(3), std::span(seeds).first(1), nothing);
  CHECK(go_on[0].state == alone[0].state);
}

TEST_CASE("train_lockstep: a hook that gives all runs one gradient keeps them together", "[train]") {
  const auto tie = [](const LockstepEvent<float>& e) {
    for (std::size_t i = 0; i < e.runs[0].gradient.size(); ++i) {
      float mean = 0;
      for (const auto& run : e.runs) mean += run.gradient[i] / 3;
      for (const auto& run : e.runs) run.gradient[i] = mean;
    }
  };
  const auto runs = lmc::train_lockstep<float>(net(), data(), start(), options(3), seeds, tie);
  CHECK(runs[0].state == runs[1].state);
  CHECK(runs[0].state == runs[2].state);
  CHECK(runs[0].state != start());
}

TEST_CASE("train_lockstep: a hook sees every optimizer's state and θ, and what it writes there stays", "[train]") {
  std::vector<Index> steps;
  // One second moment for all: the mean of theirs after the last update.
  const auto share = [&](const LockstepEvent<float>& e) {
    steps.push_back(e.step);
    CHECK(e.layout == &net().layout());
    std::vector<std::vector<float>*> squares;
    for (const auto& run : e.runs) {
      CHECK(std::isfinite(run.loss));
      CHECK(run.buffers.empty());
      for (const auto& [name, vector] : run.optimizer->state_vectors())
        if (name == "square") squares.push_back(vector);
    }
    REQUIRE(squares.size() == 3);
    for (std::size_t i = 0; i < squares[0]->size(); ++i) {
      const float mean = ((*squares[0])[i] + (*squares[1])[i] + (*squares[2])[i]) / 3;
      for (auto* square : squares) (*square)[i] = mean;
    }
    if (e.step == 4) e.runs[1].parameters[0] += 1;  // a perturbation of one run
  };
  const auto runs = lmc::train_lockstep<float>(net(), data(), start(), options(1), seeds, share);
  CHECK(steps == std::vector<Index>{0, 1, 2, 3, 4, 5, 6});
  const auto without = lmc::train_lockstep<float>(net(), data(), start(), options(1), seeds, nothing);
  CHECK(runs[0].state != without[0].state);
  CHECK(std::abs(runs[1].state.parameters[0] - without[1].state.parameters[0]) > 0.5F);
  CHECK(std::abs(runs[0].state.parameters[0] - without[0].state.parameters[0]) < 0.5F);
}

TEST_CASE("train_lockstep: gradient hooks come first, clipping last", "[train]") {
  auto o = options(1);
  o.optimizer = lmc::SgdOptions{.learning_rate = 1};
  o.until = 1;
  o.clip_norm = 0.5;
  o.gradient_hooks.push_back([](const lmc::GradientEvent<float>& e) {
    for (float& g : e.gradient) g = 0;
  });
  const auto hook = [](const LockstepEvent<float>& e) {
    for (const auto& run : e.runs) {
      CHECK(run.gradient[2] == 0);
      run.gradient[2] = 8;
    }
  };
  const auto runs = lmc::train_lockstep<float>(net(), data(), start(), o, seeds, hook);
  CHECK(std::abs(runs[2].state.parameters[2] - start().parameters[2] + 0.5F) < 1e-5F);
}

TEST_CASE("train_lockstep: when one run is stopped, all end there", "[train]") {
  auto stopping = options(3);
  stopping.observers.push_back(
      [](const lmc::StepEvent<float>& e) { return e.run == 1 && e.step == 9 ? lmc::Control::stop : lmc::Control::proceed; });
  const auto runs = lmc::train_lockstep<float>(net(), data(), start(), stopping, seeds, nothing);
  auto until = options(3);
  until.until = 9;
  const auto alone = lmc::train_many<float>(net(), data(), start(), until, seeds);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(runs[i].stopped);
    CHECK(runs[i].steps == 9);
    CHECK_FALSE(runs[i].diverged_at);
    CHECK(runs[i].state == alone[i].state);
  }
}

TEST_CASE("train_lockstep: when one run diverges, all go back to the last update with finite losses", "[train]") {
  const auto breaking = [](Index at) {
    return [at](const LockstepEvent<float>& e) {
      if (e.step == at) e.runs[2].gradient[0] = std::numeric_limits<float>::quiet_NaN();
    };
  };
  for (const Index at : {Index{0}, Index{12}, Index{20}}) {  // the first update, one in between, and the last
    CAPTURE(at);
    const auto runs = lmc::train_lockstep<float>(net(), data(), start(), options(3), seeds, breaking(at), lmc::ThreadTeam(2));
    auto until = options(3);
    until.until = at;
    const auto alone = lmc::train_many<float>(net(), data(), start(), until, seeds);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(runs[i].steps == at);
      CHECK(runs[i].state == alone[i].state);
    }
    CHECK(runs[2].diverged_at == at + 1);
    CHECK_FALSE(runs[2].stopped);
    CHECK_FALSE(runs[0].diverged_at);
    CHECK(runs[0].stopped);
  }
}

TEST_CASE("train_lockstep: a run that ended by itself is not stopped by another's observer at the same update", "[train]") {
  auto stopping = options(1);
  stopping.observers.push_back(
      [](const lmc::StepEvent<float>& e) { return e.run == 1 && e.step == 7 ? lmc::Control::stop : lmc::Control::proceed; });
  const auto runs = lmc::train_lockstep<float>(net(), data(), start(), stopping, seeds, nothing);
  CHECK(runs[1].stopped);
  CHECK_FALSE(runs[0].stopped);
  CHECK(runs[0].steps == 7);
}

TEST_CASE("train_lockstep: a hook that does something else when updates are repeated is an error", "[train]") {
  int calls = 0;
  const auto moves_on = [&](const LockstepEvent<float>& e) {
    ++calls;
    if (calls == 10 || calls == 13) e.runs[0].gradient[0] = std::numeric_limits<float>::quiet_NaN();
  };
  CHECK_THROWS_WITH(lmc::train_lockstep<float>(net(), data(), start(), options(3), seeds, moves_on),
                    Contains("has to do the same whenever it sees the same"));
}

TEST_CASE("train_lockstep: refuses to begin without runs or a hook, and a hook that changes lengths", "[train]") {
  CHECK_THROWS_WITH(lmc::train_lockstep<float>(net(), data(), start(), options(1), {}, nothing),
                    Contains("there are no seeds"));
  CHECK_THROWS_WITH(lmc::train_lockstep<float>(net(), data(), start(), options(1), seeds, nullptr),
                    Contains("the hook is empty"));
  const auto shrink = [](const LockstepEvent<float>& e) { e.runs[1].optimizer->state_vectors()[0].second->pop_back(); };
  CHECK_THROWS_WITH(lmc::train_lockstep<float>(net(), data(), start(), options(1), seeds, shrink),
                    Contains("the hook gave the optimizer's mean 146 entries; expected 147"));
  const auto replace = [](const LockstepEvent<float>& e) {
    *e.runs[0].optimizer = lmc::Optimizer<float>(lmc::SgdOptions(), *e.layout);
  };
  CHECK_THROWS_WITH(lmc::train_lockstep<float>(net(), data(), start(), options(1), seeds, replace),
                    Contains("replaced an optimizer by one of another kind"));
}

}  // namespace train_lockstep_test
