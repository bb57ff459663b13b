// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/messages.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "study/tiny_plans.hpp"

namespace study_messages_test {

using Catch::Matchers::Contains;
namespace study = lmc::study;
using study::Task;
using testing::pairs;

TEST_CASE("messages: tasks and outcomes come through as they were", "[study]") {
  study::DataSets data("");
  const auto wanted = pairs();
  const study::Plan plan = make_plan({wanted[5]}, {}, nullptr, study::CostModel(data));
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
            return study::row_json(row).dump();
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

TEST_CASE("messages: measurements keep their names, and diverged runs their step", "[study]") {
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

}  // namespace study_messages_test
