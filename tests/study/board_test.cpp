// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/board.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace study = lmc::study;
using study::Task;

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
