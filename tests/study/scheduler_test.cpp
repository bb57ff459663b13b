// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <lmc/study/merge.hpp>
#include <lmc/study/scheduler.hpp>
#include <lmc/study/shard.hpp>
#include <lmc/study/wire.hpp>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "study/tiny_study.hpp"
#include "support/temporary_directory.hpp"

using Catch::Matchers::Contains;
namespace study = lmc::study;
using study::Access;
using study::PlannedPair;
using study::Store;
using study::Task;

namespace {

study::PairSpec replicate(std::uint64_t r, const auto& change) {
  study::PairSpec pair = testing::tiny_pair();
  pair.a.init_seed = pair.b.init_seed = r;
  pair.a.seeds.order = 3 * r + 1;
  pair.b.seeds.order = 3 * r + 2;
  for (study::RunSpec* run : {&pair.a, &pair.b}) change(*run);
  return canonical(pair);
}

// Several kinds of pairs, of which the first two share both endpoints, and the last three a prefix.
std::vector<PlannedPair> pairs() {
  const auto nothing = [](study::RunSpec&) {};
  std::vector<PlannedPair> all{
      {replicate(0, nothing), {"robustness"}}, {replicate(0, nothing), {}}, {replicate(1, nothing), {}}};
  all[1].pair.alphas = 7;
  all.push_back({replicate(2,
                           [](study::RunSpec& s) {
                             s.optimizer = "adam";
                             s.learning_rate = {};
                             s.keep_optimizer = true;
                           }),
                 {"attribution"}});
  all.push_back({replicate(0,
                           [](study::RunSpec& s) {
                             s.data = {.dataset = "mixture", .train_examples = 100, .test_examples = 50};
                             s.network = {.network = "cnn", .channels = "2", .stride = "2"};
                             s.embed = "1";
                             s.embed_at = 4;
                           }),
                 {"block-path"}});
  for (const lmc::Index k : {4, 9, 13})
    all.push_back({replicate(3,
                             [k](study::RunSpec& s) {
                               s.prefix = k;
                               s.prefix_seeds.order = 77;
                               s.momentum = 0.9;
                             }),
                   {}});
  return all;
}

void run(const std::vector<PlannedPair>& wanted, Store& store, int threads) {
  study::DataSets data("");
  run_plan(make_plan(wanted, {}, &store, study::CostModel(store)), store, data, threads, "test");
}

// What a store holds, but for where and when it was computed.
std::map<std::string, std::string> content(const Store& store) {
  std::map<std::string, std::string> all;
  for (study::RunRow row : store.runs()) {
    CHECK(store.has_checkpoint(row));
    row.made = {};
    all[row.id] = study::detail::row_json(row).dump();
  }
  for (study::PairRow row : store.pairs()) {
    row.made = {};
    all[row.id] = study::detail::row_json(row).dump();
  }
  for (study::MeasurementRow row : store.measurements()) {
    row.made = {};
    all[row.subject + row.name] = study::detail::row_json(row).dump();
  }
  return all;
}

}  // namespace

TEST_CASE("run_plan: gives the same for any number of threads", "[study]") {
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

TEST_CASE("run_plan: an extended grid computes only what is new, and equals one that was done at once", "[study]") {
  const testing::TemporaryDirectory folder;
  Store at_once(folder.path() / "1.db", Access::write), grown(folder.path() / "2.db", Access::write);
  run(pairs(), at_once, 2);
  auto wanted = pairs();
  const std::vector<PlannedPair> later(wanted.begin() + 6, wanted.end());
  // The longer prefixes come later, and go on from the shorter ones.
  run(std::vector<PlannedPair>(wanted.begin(), wanted.begin() + 6), grown, 2);
  const study::Plan rest = make_plan(wanted, {}, &grown, study::CostModel(grown));
  CHECK(rest.runs == 17);
  CHECK(rest.runs_done == 11);
  CHECK(rest.tasks.size() == 2 * (1 + 2 + 1));  // a prefix, two children and a pair
  run(wanted, grown, 2);
  CHECK(content(grown) == content(at_once));
  CHECK(make_plan(wanted, {}, &grown, study::CostModel(grown)).tasks.empty());
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

TEST_CASE("train_run: a run that is trained at once is to the bit the one that goes on from its prefix", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  const auto wanted = pairs();
  run({wanted[6]}, store, 1);
  study::DataSets data("");
  const study::RunSpec& child = wanted[6].pair.a;
  const study::Trained at_once = train_run(child, data.get(child.data).data.train, std::nullopt);
  CHECK(at_once.end.step == 20);
  CHECK(lmc::digest(std::span<const float>(at_once.end.state.parameters)) == store.run(id_of(child))->digest);
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
    s.learning_rate = 1e30;
    s.prefix = 5;
    s.prefix_seeds.order = 4;
  };
  const PlannedPair pair{replicate(0, diverging), {}};
  run({pair}, store, 1);
  CHECK(store.run(id_of(pair.pair.a))->diverged_at.has_value());
  REQUIRE(store.pairs().size() == 1);
  CHECK(store.pairs()[0].test.error.verdict == lmc::Verdict::none);
}

TEST_CASE("shards: have every pair once, no run twice, and merged equal one machine", "[study]") {
  const testing::TemporaryDirectory folder;
  Store whole(folder.path() / "whole.db", Access::write), merged(folder.path() / "merged.db", Access::write);
  run(pairs(), whole, 2);
  std::set<std::string> runs;
  for (int i = 1; i <= 3; ++i) {
    Store part(folder.path() / ("part" + std::to_string(i) + ".db"), Access::write);
    run(pairs_of_shard(pairs(), {.index = i, .count = 3}), part, 1);
    for (const auto& row : part.runs()) CHECK(runs.insert(row.id).second);
    CHECK(!part.runs().empty());
    merge(part, merged);
  }
  CHECK(content(merged) == content(whole));
}

TEST_CASE("parse_shard: takes i/n alone", "[study]") {
  CHECK(study::parse_shard("2/5").index == 2);
  CHECK(study::parse_shard("2/5").count == 5);
  for (const char* bad : {"", "2", "0/5", "6/5", "2/", "/5", "2/5x", "a/b", "-1/5"})
    CHECK_THROWS_WITH(study::parse_shard(bad), Contains("as in 2/5"));
}

TEST_CASE("wire: tasks and outcomes come through as they were", "[study]") {
  study::DataSets data("");
  const auto wanted = pairs();
  const study::Plan plan = make_plan({wanted[5]}, {}, nullptr, study::CostModel());
  std::map<std::string, std::string> checkpoints;
  for (const auto& planned : plan.tasks) {
    std::vector<std::string> inputs;
    for (const std::string& id : planned.task.inputs) inputs.push_back(checkpoints.at(id));
    const auto [task, read] = study::task_from_bytes(to_bytes(planned.task, inputs));
    CHECK(read == inputs);
    study::Outcome here = execute(planned.task, data, inputs, "test"), there = execute(task, data, read, "test");
    there = study::outcome_from_bytes(to_bytes(there));
    const auto text = [](study::Outcome& o) {
      return std::visit(
          [](auto& row) {
            row.made = {};
            return study::detail::row_json(row).dump();
          },
          o.row);
    };
    CHECK(text(here) == text(there));
    CHECK(here.checkpoint == there.checkpoint);
    CHECK(here.data.digest == there.data.digest);
    checkpoints[task.id] = here.checkpoint;
  }
  std::string cut = to_bytes(plan.tasks[0].task, {"abc"});
  cut.pop_back();
  CHECK_THROWS_WITH(study::task_from_bytes(cut), Contains("is cut"));
}

TEST_CASE("Board: measurements first, then the longest way to the end", "[study]") {
  study::Plan plan;
  const auto add = [&](Task::Kind kind, double seconds, std::vector<std::size_t> after) {
    plan.tasks.push_back({.task = {.kind = kind}, .after = std::move(after), .seconds = seconds});
  };
  add(Task::Kind::run, 1, {});         // 0: short, but 3 waits for it
  add(Task::Kind::run, 5, {});         // 1
  add(Task::Kind::run, 3, {});         // 2
  add(Task::Kind::run, 9, {0});        // 3
  add(Task::Kind::pair, 0.1, {1, 2});  // 4
  study::Board board(plan);
  CHECK(board.next() == 0u);
  CHECK(board.next() == 1u);
  CHECK(board.next() == 2u);
  CHECK(!board.next());
  board.finish(1, 10);
  CHECK(!board.next());
  board.finish(0, 2);
  board.finish(2, 6);
  CHECK(board.seconds_left() == Approx(2 * 9.1));
  CHECK(board.next() == 4u);
  CHECK(board.next() == 3u);
  board.finish(4, 0);
  CHECK(!board.finished());
  board.finish(3, 0);
  CHECK(board.finished());
}

TEST_CASE("Board: the time left is corrected for each kind of task by what those before it took", "[study]") {
  study::Plan plan;
  const auto add = [&](Task::Kind kind, const char* name, double seconds) {
    plan.tasks.push_back({.task = {.kind = kind, .name = name}, .after = {}, .seconds = seconds});
  };
  for (int i = 0; i < 2; ++i) {
    add(Task::Kind::run, "", 10);
    add(Task::Kind::pair, "", 1);
    add(Task::Kind::measurement, "robustness", 1);
  }
  study::Board board(plan);
  CHECK(board.seconds_left() == Approx(24));
  CHECK(board.share_done() == 0);
  std::vector<std::size_t> order;
  while (const auto i = board.next()) order.push_back(*i);
  CHECK(order == std::vector<std::size_t>{1, 2, 4, 5, 0, 3});
  CHECK(board.in_flight() == 6);
  board.finish(0, 5);
  board.finish(1, 6);
  CHECK(board.in_flight() == 4);
  // Runs are twice as fast, curves take six times as long, robustness as all together: 11 in the place of 11.
  CHECK(board.seconds_left() == Approx(10 * 0.5 + 1 * 6 + 2 * 1));
  CHECK(board.share_done() == Approx(11.0 / (11 + 13)));
  for (const std::size_t i : {2u, 3u, 4u, 5u}) board.finish(i, 1);
  CHECK(board.seconds_left() == 0);
  CHECK(board.share_done() == 1);
}

TEST_CASE("StudyProgress: a bar on a terminal, and a line at the end elsewhere", "[study]") {
  study::Plan plan;
  for (int i = 0; i < 2591; ++i) plan.tasks.push_back({.task = {}, .after = {}, .seconds = 4e3});
  std::ostringstream terminal, file;
  {
    study::Board board(plan);
    study::StudyProgress bar(2, terminal, true), lines(2, file, false);
    const auto show = [&] {
      bar.show(board);
      lines.show(board);
    };
    show();
    CHECK(terminal.str() == "\r[....................] 0 of 2591 tasks, 0 s gone, about 1439.4 h left   ");
    CHECK(terminal.str().size() < 80);
    show();  // too early for another
    while (const auto i = board.next()) board.finish(*i, 1);
    show();
    show();
  }
  CHECK(terminal.str().ends_with("\r[####################] 2591 of 2591 tasks, 0 s gone, about 0 s left   \n"));
  const std::string shown = terminal.str();
  CHECK(std::count(shown.begin(), shown.end(), '\r') == 2);
  CHECK(file.str() == "2591 of 2591 tasks, 0 in work, 0 s gone, about 0 s left\n");
  std::ostringstream nothing;
  study::StudyProgress(2, nothing, true).show(study::Board({}));
  CHECK(nothing.str().empty());
}

TEST_CASE("duration_text: seconds as one reads them", "[study]") {
  CHECK(study::duration_text(42.4) == "42 s");
  CHECK(study::duration_text(720) == "12 min");
  CHECK(study::duration_text(12240) == "3.4 h");
}

TEST_CASE("shards: about equal work, the same whatever is measured, and no more than there are groups", "[study]") {
  std::vector<PlannedPair> wanted;
  for (std::uint64_t r = 0; r < 12; ++r)
    wanted.push_back({replicate(r,
                                [&](study::RunSpec& s) {
                                  s.epochs = r < 4 ? 60 : 20;  // four long ones first
                                }),
                      {}});
  std::vector<std::set<std::string>> parts(5);
  for (int i = 1; i <= 4; ++i) {
    double epochs = 0;
    for (const PlannedPair& p : pairs_of_shard(wanted, {.index = i, .count = 4})) {
      epochs += static_cast<double>(p.pair.a.epochs);
      parts[static_cast<std::size_t>(i)].insert(id_of(p.pair));
    }
    CHECK(epochs == 100);
  }
  for (PlannedPair& p : wanted) p.measure = {"robustness"};
  for (int i = 1; i <= 4; ++i)
    for (const PlannedPair& p : pairs_of_shard(wanted, {.index = i, .count = 4}))
      CHECK(parts[static_cast<std::size_t>(i)].contains(id_of(p.pair)));
  std::size_t found = 0;
  for (int i = 1; i <= 20; ++i) found += pairs_of_shard(wanted, {.index = i, .count = 20}).size();
  CHECK(found == 12);
  // One that is as long as the three others together has a shard of its own.
  for (std::size_t i = 1; i < 4; ++i) wanted[i] = wanted[i + 8];
  wanted.resize(4);
  CHECK(pairs_of_shard(wanted, {.index = 1, .count = 2}).size() == 1);
  CHECK(pairs_of_shard(wanted, {.index = 2, .count = 2}).size() == 3);
}

TEST_CASE("shards: what shares a prefix or an endpoint is in one shard", "[study]") {
  std::vector<PlannedPair> wanted = pairs();
  for (int count : {2, 3, 8}) {
    std::map<std::string, int> shard_of;
    for (int i = 1; i <= count; ++i)
      for (const PlannedPair& p : pairs_of_shard(wanted, {.index = i, .count = count}))
        for (const study::RunSpec* run : {&p.pair.a, &p.pair.b})
          for (const std::string& id : {id_of(*run), run->prefix > 0 ? id_of(prefix_of(*run, 0)) : id_of(*run)})
            CHECK(shard_of.emplace(id, i).first->second == i);
  }
}

TEST_CASE("make_plan: what waits for what", "[study]") {
  const auto wanted = pairs();
  const study::Plan plan = make_plan(wanted, {}, nullptr, study::CostModel());
  CHECK(plan.runs == 17);
  CHECK(plan.pairs == 8);
  CHECK(plan.measurements == 3);
  CHECK(plan.runs_done + plan.pairs_done + plan.measurements_done == 0);
  REQUIRE(plan.tasks.size() == 17 + 8 + 3);
  std::map<std::string, std::size_t> trained;
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto& [task, after, seconds] = plan.tasks[i];
    CHECK(seconds > 0);
    CHECK(after.size() == task.inputs.size());
    for (std::size_t j = 0; j < after.size(); ++j) CHECK(trained.at(task.inputs[j]) == after[j]);
    if (task.kind == Task::Kind::run) CHECK(trained.emplace(task.id, i).second);
    CHECK(task.inputs.size() == (task.kind == Task::Kind::run ? (task.run.prefix > 0 || task.run.until > 4 ? 1u : 0u) : 2u));
  }
  // The prefixes of 4, 9 and 13 updates, each from the one before.
  const auto prefix = [&](lmc::Index k) { return id_of(prefix_of(wanted[5].pair.a, k)); };
  CHECK(plan.tasks[trained.at(prefix(13))].task.inputs == std::vector<std::string>{prefix(9)});
  CHECK(plan.tasks[trained.at(prefix(9))].task.inputs == std::vector<std::string>{prefix(4)});
  CHECK(plan.tasks[trained.at(prefix(9))].seconds == Approx(plan.tasks[trained.at(prefix(4))].seconds * 5 / 4));
  CHECK(plan.tasks[trained.at(id_of(wanted[6].pair.a))].task.inputs == std::vector<std::string>{prefix(9)});
}

TEST_CASE("make_plan: the complexity of a data set is measured once", "[study]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  const study::DataSpec data{.dataset = "spirals", .train_examples = 100, .test_examples = 50};
  study::Plan plan = make_plan({}, {data, data}, &store, study::CostModel());
  REQUIRE(plan.tasks.size() == 1);
  CHECK(plan.measurements == 1);
  CHECK(plan.tasks[0].seconds > 0);
  study::DataSets sets("");
  run_plan(plan, store, sets, 1, "test");
  const auto row = store.measurement(id_of(data), "complexity");
  REQUIRE(row);
  CHECK(row->value.at("classes") == 3);
  CHECK(row->value.at("train-examples") == 100);
  plan = make_plan({}, {data}, &store, study::CostModel());
  CHECK(plan.tasks.empty());
  CHECK(plan.measurements_done == 1);
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

TEST_CASE("wire: measurements keep their names, and diverged runs their step", "[study]") {
  const Task task{.kind = Task::Kind::measurement, .id = "p", .name = "robustness", .pair = testing::tiny_pair(), .data = {}};
  const Task read = study::task_from_bytes(to_bytes(task, {})).first;
  CHECK(read.name == "robustness");
  CHECK(read.kind == Task::Kind::measurement);
  CHECK(read.pair == task.pair);
  study::Outcome outcome{.row = study::RunRow{.id = "r",
                                              .spec = canonical(testing::tiny_run()),
                                              .network = "n",
                                              .steps = 7,
                                              .diverged_at = 8,
                                              .epoch_losses = {1, std::numeric_limits<double>::infinity()},
                                              .digest = "d",
                                              .checkpoint = "c",
                                              .made = {.seconds = 2, .machine = "m", .version = "v"}},
                         .checkpoint = "bytes",
                         .data = {.shape = {2}}};
  const study::Outcome back = study::outcome_from_bytes(to_bytes(outcome));
  const auto& row = std::get<study::RunRow>(back.row);
  CHECK(row.diverged_at == 8);
  CHECK(row.epoch_losses == std::vector<double>{1, std::numeric_limits<double>::infinity()});
  CHECK(row.made.seconds == 2);
  CHECK(row.made.machine == "m");
  outcome.row = study::MeasurementRow{.subject = "p", .name = "robustness", .value = 0.5};
  CHECK(std::get<study::MeasurementRow>(study::outcome_from_bytes(to_bytes(outcome)).row).name == "robustness");
}
