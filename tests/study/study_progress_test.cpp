// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/study_progress.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>
#include <string>

namespace study_study_progress_test {

namespace study = lmc::study;

TEST_CASE("StudyProgress: a bar on a terminal, and a line at the end elsewhere", "[study]") {
  study::Plan plan;
  for (int i = 0; i < 2591; ++i) plan.tasks.push_back({.task = {}, .after = {}, .seconds = 4e3});
  std::ostringstream terminal, file;
  {
    study::TaskQueue queue(plan);
    study::StudyProgress bar(2, terminal, true), lines(2, file, false);
    const auto show = [&] {
      bar.show(queue);
      lines.show(queue);
    };
    show();
    CHECK(terminal.str() == "\r[....................] 0 of 2591 tasks, 0 s gone, about 1439.4 h left   ");
    CHECK(terminal.str().size() < 80);
    show();  // too early for another
    while (const auto i = queue.next()) queue.finish(*i, 1);
    show();
    show();
  }
  CHECK(terminal.str().ends_with("\r[####################] 2591 of 2591 tasks, 0 s gone, about 0 s left   \n"));
  const std::string shown = terminal.str();
  CHECK(std::count(shown.begin(), shown.end(), '\r') == 2);
  CHECK(file.str() == "2591 of 2591 tasks, 0 in work, 0 s gone, about 0 s left\n");
  std::ostringstream nothing;
  study::StudyProgress(2, nothing, true).show(study::TaskQueue({}));
  CHECK(nothing.str().empty());
}

TEST_CASE("duration_text: seconds as one reads them", "[study]") {
  CHECK(study::duration_text(42.4) == "42 s");
  CHECK(study::duration_text(720) == "12 min");
  CHECK(study::duration_text(12240) == "3.4 h");
}

}  // namespace study_study_progress_test
