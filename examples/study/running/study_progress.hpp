// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <unistd.h>
#include <chrono>
#include <iostream>
#include <ostream>
#include <string>

#include <lmc/core/error.hpp>

#include "study/running/task_queue.hpp"

namespace lmc::study {

/// Seconds as one reads them: `42 s`, `12 min`, `3.4 h`.
std::string duration_text(double seconds);

/// Shows how far a study is: on a terminal one line of less than 80 columns that is redrawn, else a plain line now and then. To
/// be told often: it shows what is worth showing.
class StudyProgress {
 public:
  /// workers: tasks that are done side by side.
  explicit StudyProgress(int workers, std::ostream& out = std::cerr, bool terminal = ::isatty(STDERR_FILENO) == 1);
  StudyProgress(const StudyProgress&) = delete;
  StudyProgress& operator=(const StudyProgress&) = delete;
  ~StudyProgress();

  void show(const TaskQueue& queue);

  /// A line of its own.
  void say(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  int workers_;
  std::ostream* out_;
  bool terminal_;
  Clock::time_point start_ = Clock::now(), shown_ = start_;
  bool line_is_open_ = false, finished_ = false;
};

}  // namespace lmc::study
