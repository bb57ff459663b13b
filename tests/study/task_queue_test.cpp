// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/task_queue.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

namespace study_task_queue_test {

namespace study = lmc::study;
using study::Task;

TEST_CASE("TaskQueue: measurements first, then the longest way to the end", "[study]") {
  study::Plan plan;
  const auto add = [&](Task::Kind kind, double seconds, std::vector<std::size_t> after) {
    plan.tasks.push_back({.task = {.kind = kind}, .after = std::move(after), .seconds = seconds});
  };
  add(Task::Kind::run, 1, {});         // 0: short, but 3 waits for it
  add(Task::Kind::run, 5, {});         // 1
  add(Task::Kind::run, 3, {});         // 2
  add(Task::Kind::run, 9, {0});        // 3
  add(Task::Kind::pair, 0.1, {1, 2});  // 4
  study::TaskQueue queue(plan);
  CHECK(queue.next() == 0u);
  CHECK(queue.next() == 1u);
  CHECK(queue.next() == 2u);
  CHECK(!queue.next());
  queue.finish(1, 10);
  CHECK(!queue.next());
  queue.finish(0, 2);
  queue.finish(2, 6);
  CHECK_THAT(queue.seconds_left(), Catch::Matchers::WithinRel(2 * 9.1, 1e-14));  // a sum, rounded
  CHECK(queue.next() == 4u);
  CHECK(queue.next() == 3u);
  queue.finish(4, 0);
  CHECK(!queue.finished());
  queue.finish(3, 0);
  CHECK(queue.finished());
}

TEST_CASE("TaskQueue: the time left is corrected for each kind of task by what those before it took", "[study]") {
  study::Plan plan;
  const auto add = [&](Task::Kind kind, const char* name, double seconds) {
    plan.tasks.push_back({.task = {.kind = kind, .name = name}, .after = {}, .seconds = seconds});
  };
  for (int i = 0; i < 2; ++i) {
    add(Task::Kind::run, "", 10);
    add(Task::Kind::pair, "", 1);
    add(Task::Kind::measurement, "robustness", 1);
  }
  study::TaskQueue queue(plan);
  CHECK(queue.seconds_left() == 24);
  CHECK(queue.share_done() == 0);
  std::vector<std::size_t> order;
  while (const auto i = queue.next()) order.push_back(*i);
  CHECK(order == std::vector<std::size_t>{1, 2, 4, 5, 0, 3});
  CHECK(queue.in_flight() == 6);
  queue.finish(0, 5);
  queue.finish(1, 6);
  CHECK(queue.in_flight() == 4);
  // Runs are twice as fast, curves take six times as long, robustness as all together: 11 in the place of 11.
  CHECK(queue.seconds_left() == 10 * 0.5 + 1 * 6 + 2 * 1);
  CHECK(queue.share_done() == 11.0 / (11 + 13));
  for (const std::size_t i : {2u, 3u, 4u, 5u}) queue.finish(i, 1);
  CHECK(queue.seconds_left() == 0);
  CHECK(queue.share_done() == 1);
}

TEST_CASE("TaskQueue: that some runs stop early says nothing of the others", "[study]") {
  study::Plan plan;
  const auto add = [&](std::optional<double> stop, const char* optimizer) {
    study::Task task{.kind = study::Task::Kind::run};
    task.run.stop_at_loss = stop;
    task.run.optimizer.name = optimizer;
    plan.tasks.push_back({.task = task, .after = {}, .seconds = 10});
  };
  for (int i = 0; i < 3; ++i) {
    add(0.5, "sgd");
    add(0.5, "adam");
    add(std::nullopt, "sgd");
  }
  study::TaskQueue queue(plan);
  while (queue.next()) {
  }
  queue.finish(0, 1);
  queue.finish(1, 2);
  queue.finish(2, 8);
  CHECK(queue.seconds_left() == 2 * 1 + 2 * 2 + 2 * 8);
}

}  // namespace study_task_queue_test
