// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/scheduler.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "study/tiny_plans.hpp"
#include "support/temporary_directory.hpp"

namespace study_scheduler_test {

using Catch::Matchers::Contains;
namespace study = lmc::study;
using study::Access;
using study::PlannedPair;
using study::Store;
using testing::content;
using testing::pairs;
using testing::replicate;
using testing::run;

TEST_CASE("run_plan: gives the same for any number of threads", "[study][long]") {
  const testing::TemporaryDirectory folder;
  Store one(folder.path() / "1.db", Access::write), three(folder.path() / "3.db", Access::write);
  run(pairs(), one, 1);
  run(pairs(), three, 3);
  const auto expected = content(one);
  CHECK(content(three) == expected);
  // Two of spirals' first three pairs share their ends; three children of three prefixes.
  CHECK(one.runs().size() == 2 + 2 + 2 + 2 + 6 + 3);
  CHECK(one.pairs().size() == 8);
  CHECK(one.measurements().size() == 3);
}

TEST_CASE("run_plan: an extended grid computes only what is new, and equals one that was done at once", "[study][long]") {
  const testing::TemporaryDirectory folder;
  Store at_once(folder.path() / "1.db", Access::write), grown(folder.path() / "2.db", Access::write);
  run(pairs(), at_once, 2);
  auto wanted = pairs();
  const std::vector<PlannedPair> later(wanted.begin() + 6, wanted.end());
  // The longer prefixes come later, and go on from the shorter ones.
  run(std::vector<PlannedPair>(wanted.begin(), wanted.begin() + 6), grown, 2);
  study::DataSets data("");
  const study::Plan rest = make_plan(wanted, {}, &grown, study::CostModel(data, grown));
  CHECK(rest.runs == 17);
  CHECK(rest.runs_done == 11);
  CHECK(rest.tasks.size() == 2 * (1 + 2 + 1));  // a prefix, two children and a pair
  run(wanted, grown, 2);
  CHECK(content(grown) == content(at_once));
  CHECK(make_plan(wanted, {}, &grown, study::CostModel(data, grown)).tasks.empty());
}

TEST_CASE("run_plan: a longer prefix alone is to the bit the one that grew over shorter ones", "[study]") {
  const testing::TemporaryDirectory folder;
  Store grown(folder.path() / "1.db", Access::write), alone(folder.path() / "2.db", Access::write);
  const auto wanted = pairs();
  run({wanted[5], wanted[6], wanted[7]}, grown, 1);
  run({wanted[7]}, alone, 1);
  const std::string child = id_of(wanted[7].pair.a);
  CHECK(alone.run(child)->digest == grown.run(child)->digest);
}

TEST_CASE("run_plan: a child without a prefix in time is the run itself", "[study]") {
  // The prefix of a run with its own seeds changes nothing.
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  study::PairSpec plain = testing::tiny_pair(), split = plain;
  split.a.prefix = split.b.prefix = 7;
  split.a.prefix_seeds = split.a.seeds;
  split.b.prefix_seeds = split.b.seeds;
  run({{canonical(plain), {}}, {canonical(split), {}}}, store, 1);
  CHECK(store.run(id_of(plain.a))->digest == store.run(id_of(split.a))->digest);
  CHECK(store.run(id_of(plain.b))->digest == store.run(id_of(split.b))->digest);
}

TEST_CASE("run_plan: a lost checkpoint is trained again, a damaged one is an error", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  auto wanted = pairs();
  wanted.resize(1);
  run(wanted, store, 1);
  const std::string id = id_of(wanted[0].pair.a);
  const std::string bytes = testing::content(store.checkpoint(id));
  std::filesystem::remove(store.checkpoint(id));
  wanted[0].pair.alphas = 9;
  run(wanted, store, 1);
  CHECK(testing::content(store.checkpoint(id)) == bytes);
  std::ofstream(store.checkpoint(id), std::ios::app) << "x";
  wanted[0].pair.alphas = 11;
  CHECK_THROWS_WITH(run(wanted, store, 1), Contains("does not match its row"));
  CHECK(testing::content(store.checkpoint(id)) == bytes + "x");
}

TEST_CASE("run_plan: an error in a task is thrown, and what was done is kept", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  auto bad = pairs();
  bad.resize(3);
  for (study::RunSpec* run : {&bad[2].pair.a, &bad[2].pair.b}) run->warmup = 1000;  // longer than the run
  CHECK_THROWS_WITH(run(bad, store, 2), Contains("a warm-up of 1000 steps"));
  bad.pop_back();
  run(bad, store, 2);
  CHECK(store.pairs().size() == 2);
}

TEST_CASE("run_plan: a diverged run is a result", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  const auto diverging = [](study::RunSpec& s) {
    s.optimizer.learning_rate = 1e30;
    s.prefix = 5;
    s.prefix_seeds.order = 4;
  };
  const PlannedPair pair{replicate(0, diverging), {}};
  run({pair}, store, 1);
  CHECK(store.run(id_of(pair.pair.a))->diverged_at.has_value());
  REQUIRE(store.pairs().size() == 1);
  CHECK(store.pairs()[0].test.error.verdict == lmc::Verdict::none);
}

TEST_CASE("keep: what disagrees with the store is refused, and nothing is written", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  auto wanted = pairs();
  wanted.resize(1);
  run(wanted, store, 1);
  const std::string id = id_of(wanted[0].pair.a);
  study::RunRow row = *store.run(id);
  const study::DataRow data = *store.data(row.spec.data);
  std::filesystem::remove(store.checkpoint(id));
  row.digest = "another";
  CHECK_THROWS_WITH(keep(store, {.row = row, .checkpoint = "bytes", .data = data}), Contains("has another result for the run"));
  CHECK(!std::filesystem::exists(store.checkpoint(id)));
}

TEST_CASE("run_plan: the training curve is measured on as many examples as the pair says", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  study::PairSpec pair = testing::tiny_pair();
  pair.curve_train_examples = 50;
  run({{pair, {}}}, store, 1);
  const study::PairRow row = store.pairs().at(0);
  CHECK(row.train.curve.points.size() == 5);
  CHECK(row.train.curve.points[0].metrics.count == 50);
  CHECK(row.test.curve.points[0].metrics.count == 100);
}

}  // namespace study_scheduler_test
