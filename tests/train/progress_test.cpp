// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/train/progress.hpp>
#include <sstream>

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

TEST_CASE("Progress: refuses to show no runs", "[train][errors]") {
  CHECK_THROWS_WITH(lmc::Progress({.runs = 0}), Catch::Contains("runs = 0"));
}

}  // namespace train_progress_test
