// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/plan.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "study/tiny_plans.hpp"
#include "support/temporary_directory.hpp"

namespace study_plan_test {

namespace study = lmc::study;
using study::Access;
using study::Store;
using study::Task;
using testing::pairs;

TEST_CASE("make_plan: what waits for what", "[study]") {
  const auto wanted = pairs();
  study::DataSets sets("");
  const study::Plan plan = make_plan(wanted, {}, nullptr, study::CostModel(sets));
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
  CHECK_THAT(plan.tasks[trained.at(prefix(9))].seconds,
             Catch::Matchers::WithinRel(plan.tasks[trained.at(prefix(4))].seconds * 5 / 4, 1e-14));
  CHECK(plan.tasks[trained.at(id_of(wanted[6].pair.a))].task.inputs == std::vector<std::string>{prefix(9)});
}

TEST_CASE("make_plan: the complexity of a data set is measured once", "[study][long]") {
  const testing::TemporaryDirectory folder;
  Store store(folder.path() / "1.db", Access::write);
  const study::DataSpec data{.dataset = "spirals", .train_examples = 100, .test_examples = 50};
  study::DataSets sets("");
  study::Plan plan = make_plan({}, {data, data}, &store, study::CostModel(sets));
  REQUIRE(plan.tasks.size() == 1);
  CHECK(plan.measurements == 1);
  CHECK(plan.tasks[0].seconds > 0);
  CHECK(run_plan(plan, store, sets, 1, "test") == 0);
  const auto row = store.measurement(id_of(data), "complexity");
  REQUIRE(row);
  CHECK(row->value.at("classes") == 3);
  CHECK(row->value.at("train-examples") == 100);
  plan = make_plan({}, {data}, &store, study::CostModel(sets));
  CHECK(plan.tasks.empty());
  CHECK(plan.measurements_done == 1);
}

}  // namespace study_plan_test
