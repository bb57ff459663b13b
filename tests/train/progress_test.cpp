// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <lmc/train/progress.hpp>
#include <sstream>
#include <string>
#include <thread>

namespace train_progress_test {

namespace {
lmc::StepEvent<float> event(std::size_t run, lmc::Index step) {
  return {.run = run, .step = step, .steps = 4, .epoch = (step - 1) / 2, .batch = 8, .loss = 0.25, .parameters = {}};
}
}  // namespace

TEST_CASE("Progress: a plain line for every epoch of every run where there is no terminal", "[train]") {
  std::ostringstream out;
  const lmc::Progress progress({.runs = 2, .out = &out, .terminal = false});
  for (const lmc::Index step : {1, 2, 3, 4}) progress(event(1, step));
  const std::string text = out.str();
  CHECK(text.find("run 2: epoch 1 done, 50 %, batch loss 0.25, ") == 0);
  CHECK(text.find("run 2: epoch 2 done, 100 %, batch loss 0.25, ") != std::string::npos);
  CHECK(text.find(" examples/s, ") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find('\r') == std::string::npos);
}

TEST_CASE("Progress: one line for all runs on a terminal, closed at the end", "[train]") {
  std::ostringstream out;
  {
    const lmc::Progress progress({.runs = 2, .out = &out, .terminal = true});
    for (const lmc::Index step : {1, 2, 3, 4})
      for (const std::size_t run : {0U, 1U}) progress(event(run, step));
  }
  const std::string text = out.str();
  CHECK(text.find("run 1 [####################] 100 %  run 2 [####################] 100 %") != std::string::npos);
  CHECK(text.find(" s left") != std::string::npos);
  CHECK(text.back() == '\n');
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("Progress: nothing is left at the end, and as much as was needed in the middle", "[train]") {
  std::ostringstream out;
  const lmc::Progress progress({.runs = 1, .out = &out, .terminal = false});
  progress(event(0, 1));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  for (const lmc::Index step : {2, 3, 4}) progress(event(0, step));
  const std::string text = out.str();
  CHECK(text.ends_with(", 0.0 s left\n"));
  double half_way = 0;
  const auto end_of_epoch = text.find('\n');
  REQUIRE(end_of_epoch != std::string::npos);
  const auto begin = text.rfind(", ", end_of_epoch) + 2;
  std::istringstream(text.substr(begin)) >> half_way;
  CHECK(half_way > 0.05);  // a third of it: three of four steps are done
}

TEST_CASE("Progress: the time left of runs that go on is judged by the updates that were seen", "[train]") {
  std::ostringstream out;
  const lmc::Progress progress({.runs = 2, .out = &out, .terminal = false});
  const auto at = [&](lmc::Index step) {
    progress(lmc::StepEvent<float>{.run = 1, .step = step, .steps = 100, .epoch = step - 1, .batch = 8, .parameters = {}});
  };
  progress.ended(0);
  at(51);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  at(52);  // 2 of the 50 that it had left, in 0.2 s: 4.8 s for 48; with all 52 in 0.2 s it would be 0.2 s
  const std::string text = out.str();
  double left = 0;
  std::istringstream(text.substr(text.rfind(", ") + 2)) >> left;
  CHECK(left > 4.5);
}

TEST_CASE("Progress: short epochs do not flood a file, and the last is always there", "[train]") {
  std::ostringstream out;
  const lmc::Progress progress({.runs = 1, .out = &out, .terminal = false});
  for (lmc::Index step = 1; step <= 1000; ++step)
    progress(lmc::StepEvent<float>{.run = 0, .step = step, .steps = 1000, .epoch = step - 1, .batch = 8, .parameters = {}});
  const std::string text = out.str();
  const auto lines = std::count(text.begin(), text.end(), '\n');
  CHECK(lines >= 2);
  CHECK(lines < 100);
  CHECK(text.find("run 1: epoch 1000 done, 100 %") != std::string::npos);
}

TEST_CASE("Progress: a line of text stands below the one that is redrawn", "[train]") {
  std::ostringstream out;
  const lmc::Progress progress({.runs = 1, .out = &out, .terminal = true});
  progress(event(0, 1));
  progress.say("saved");
  CHECK(out.str().ends_with("   \nsaved\n"));
}

TEST_CASE("Progress: refuses to show no runs", "[train][errors]") {
  CHECK_THROWS_WITH(lmc::Progress({.runs = 0}), Catch::Contains("runs = 0"));
}

}  // namespace train_progress_test
