// SPDX-License-Identifier: BSD-3-Clause
#include <atomic>
#include <catch2/catch.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/onset.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/spawn.hpp>
#include <map>
#include <mutex>
#include <vector>

namespace measure_onset_test {

namespace {

using Catch::Matchers::WithinRel;
using lmc::Index;
using lmc::Verdict;

const lmc::Dataset<float>& data() {
  static const auto spirals = lmc::spirals<float>({.examples = 200, .classes = 3, .seed = 1});
  return spirals;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {16}, .outputs = 3});
  return network;
}
// 6 epochs of 7 updates.
lmc::TrainOptions<float> options() {
  return {.epochs = 6, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.5, .momentum = 0.9}};
}

lmc::Onset measure(const lmc::ChildOptions& children = {}, int threads = 2,
                   const lmc::TrainOptions<float>& training = options(),
                   const lmc::OnsetOptions& search = {.candidates = {0, 3, 10}}, Index initializations = 3) {
  return lmc::onset(net(), data(), lmc::evaluator(net(), data()), training, lmc::onset_seeds(initializations), search, children,
                    lmc::ThreadTeam(threads));
}

void check_equal(const lmc::Onset& a, const lmc::Onset& b) {
  REQUIRE(a.pairs.size() == b.pairs.size());
  for (std::size_t i = 0; i < a.pairs.size(); ++i) {
    CHECK(a.pairs[i].update == b.pairs[i].update);
    CHECK(a.pairs[i].decision.barrier == b.pairs[i].decision.barrier);
    CHECK(a.pairs[i].decision.examples == b.pairs[i].decision.examples);
    REQUIRE(a.pairs[i].way.size() == b.pairs[i].way.size());
    for (std::size_t j = 0; j < a.pairs[i].way.size(); ++j) CHECK(a.pairs[i].way[j].distance == b.pairs[i].way[j].distance);
  }
  CHECK(a.spent == b.spent);
  CHECK(lmc::concat(a.curve->onset) == lmc::concat(b.curve->onset));
  CHECK(a.curve->curve.slope == b.curve->curve.slope);
  CHECK(a.curve->curve.intercept == b.curve->curve.intercept);
}

}  // namespace

TEST_CASE("onset: is a function of the seeds, for any number of threads", "[measure][determinism][long]") {
  const lmc::Onset serial = measure({.barriers_after = {2}}, 1);
  check_equal(serial, measure({.barriers_after = {2}}, 4));
  CHECK(serial.pairs.size() == 6);
  CHECK(serial.brackets.size() == 3);
}

TEST_CASE("onset: children are what train_spawned gives, with their distances on the way", "[measure]") {
  const lmc::Onset onset = measure();
  const auto seeds = lmc::onset_seeds(3);
  for (const lmc::OnsetPair& pair : onset.pairs) {
    const lmc::OnsetSeeds& s = seeds[static_cast<std::size_t>(pair.initialization)];
    const std::vector<Index> steps{pair.update};
    const auto spawned = lmc::train_spawned<float>(net(), data(), net().initialize({.seed = s.initialization}), options(),
                                                   steps, s.prefix, s.a, s.b)[0];
    CHECK(pair.way.front().after == 0);
    CHECK(pair.way.front().distance == 0);
    CHECK(pair.way.back().after == 42 - pair.update);
    CHECK(pair.way.back().distance ==
          lmc::detail::distance<float>(spawned.pair.a.state.parameters, spawned.pair.b.state.parameters));
    CHECK(pair.decision.barrier == lmc::decide(spawned.pair.a, spawned.pair.b, lmc::evaluator(net(), data())).barrier);
    REQUIRE(pair.divergence);
    CHECK(pair.divergence->rate > 0);
  }
}

TEST_CASE("onset: trains what it says, and names every run to observers once", "[measure]") {
  std::mutex mutex;
  std::map<std::size_t, Index> updates;
  auto observed = options();
  observed.observers.push_back([&](const lmc::StepEvent<float>& e) {
    const std::lock_guard lock(mutex);
    ++updates[e.run];
    return lmc::Control::proceed;
  });
  Index calls = 0;
  lmc::OnsetOptions search{.candidates = {0, 3, 10}};
  search.progress = [&](Index done, Index most) {
    CHECK(done == ++calls);
    CHECK(most == 15);
  };
  const lmc::Onset onset = measure({}, 2, observed, search);
  Index prefix = 0, children = 0;
  for (const auto& [run, count] : updates) {
    (run < 3 ? prefix : children) += count;
    CHECK(count == (run < 3 ? 10 : count));
    CHECK(run < 3 + 2 * 3 * 2);
  }
  CHECK(updates.size() == 15);
  CHECK(calls == 15);
  CHECK(onset.spent == lmc::OnsetCost{15, prefix, children});
  CHECK(onset.spent.trainings == onset.plan.most.trainings);
  CHECK(onset.plan.least.child_updates <= children);
  CHECK(children <= onset.plan.most.child_updates);
  CHECK(prefix == onset.plan.most.prefix_updates);
}

TEST_CASE("onset: perturbed children begin as far apart as was asked for, and then see the same noise", "[measure]") {
  const lmc::Onset onset =
      measure({.difference = lmc::GaussianPerturbation{.norm = 0.01, .relative = false, .layer = "dense2"}});
  for (const lmc::OnsetPair& pair : onset.pairs) CHECK_THAT(pair.way.front().distance, WithinRel(0.01, 1e-3));
  // So small that nothing comes of it.
  const lmc::Onset tiny = measure({.difference = lmc::GaussianPerturbation{.norm = 1e-5}});
  for (const lmc::OnsetPair& pair : tiny.pairs) {
    CHECK(pair.way.front().distance > 0);
    CHECK(pair.way[1].distance < 3 * pair.way[0].distance);
    CHECK(pair.decision.verdict == Verdict::connected);
  }
}

TEST_CASE("onset: one different batch is the first behind k alone", "[measure]") {
  const lmc::Onset batch = measure({.difference = lmc::DifferentBatch()}), noise = measure();
  const auto at = [](const lmc::Onset& onset, std::size_t i) { return onset.pairs[0].way.at(i).distance; };
  REQUIRE(batch.pairs[0].update == noise.pairs[0].update);
  CHECK(at(batch, 0) == 0);
  CHECK(at(batch, 1) > 0);
  CHECK(at(batch, 1) == at(noise, 1));  // the same two batches
  CHECK(at(batch, 2) != at(noise, 2));
}

TEST_CASE("onset: the barrier on the way is that of the states there", "[measure][long]") {
  const lmc::Onset onset = measure({.distances = false, .barriers_after = {5, 32, 1000}});
  const lmc::OnsetPair& pair = onset.pairs[0];
  REQUIRE(pair.update == 3);
  REQUIRE(pair.way.size() == 2);
  CHECK(pair.way[0].after == 5);
  REQUIRE(pair.way[0].barrier);
  auto shorter = options();
  shorter.until = 8;
  const auto s = lmc::onset_seeds(3)[0];
  const auto there = lmc::train_spawned<float>(net(), data(), net().initialize({.seed = 0}), shorter, std::vector<Index>{3},
                                               s.prefix, s.a, s.b)[0];
  CHECK(pair.way[0].barrier->value ==
        lmc::error_barrier(lmc::linear_path(there.pair.a, there.pair.b, lmc::evaluator(net(), data()))).value);
}

TEST_CASE("onset: runs that diverge are left out and counted", "[measure][divergence]") {
  lmc::TrainOptions<float> diverging{
      .epochs = 50, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 1e8, .momentum = 2}};
  const lmc::Onset onset = measure({}, 2, diverging, {.candidates = {0, 300, 320}}, 2);
  CHECK(onset.left_out == std::ssize(onset.pairs));
  CHECK_FALSE(onset.curve);
  for (const lmc::OnsetPair& pair : onset.pairs) CHECK(pair.decision.of == 200);
  CHECK(onset.spent.updates() < onset.plan.least.updates());
}

TEST_CASE("onset: refuses children that could not differ", "[measure][errors]") {
  auto seeds = lmc::onset_seeds(2);
  const auto with = [&](const lmc::ChildOptions& children, const std::vector<Index>& candidates = {0, 3}) {
    return lmc::onset(net(), data(), lmc::evaluator(net(), data()), options(), seeds, {.candidates = candidates}, children);
  };
  CHECK_THROWS_WITH(with({.difference = lmc::GaussianPerturbation{.layer = "conv1"}}),
                    Catch::Contains("no layer 'conv1'") && Catch::Contains("dense1, dense2"));
  CHECK_THROWS_WITH(with({.difference = lmc::DifferentBatch()}, {0, 42}), Catch::Contains("candidate 42 is the end"));
  CHECK_THROWS_WITH(with({}, {0, 43}), Catch::Contains("candidate 43, but the training ends after 42 updates"));
  CHECK_THROWS_WITH(with({.barriers_after = {0}}), Catch::Contains("barriers_after has 0"));
  CHECK_THROWS_WITH(with({.barriers_after = {1}, .rate_from = 4, .rate_to = 4}), Catch::Contains("rate_from = 4"));
  CHECK_THROWS_WITH(with({.rate_from = 4, .rate_to = 4}), Catch::Contains("rate_from = 4"));
  seeds[1].b = seeds[1].a;
  CHECK_THROWS_WITH(with({}), Catch::Contains("initialization 1: the seeds of its two children are equal"));
  CHECK_THROWS_WITH(with({.difference = lmc::DifferentBatch()}),
                    Catch::Contains("the order seeds of its two children are equal"));
}

}  // namespace measure_onset_test
