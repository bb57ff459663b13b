// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <ostream>
#include <string>

#include <lmc/connectivity/detail/number_text.hpp>
#include <lmc/core/error.hpp>
#include <lmc/study/board.hpp>

namespace lmc::study {

/// Seconds as one reads them: `42 s`, `12 min`, `3.4 h`.
inline std::string duration_text(double seconds) {
  if (seconds < 100) return lmc::detail::fixed(seconds, 0) + " s";
  if (seconds < 100 * 60) return lmc::detail::fixed(seconds / 60, 0) + " min";
  return lmc::detail::fixed(seconds / 3600, 1) + " h";
}

/// Shows how far a study is: on a terminal one line of less than 80 columns that is redrawn, else a plain line now and then. To
/// be told often: it shows what is worth showing.
class StudyProgress {
 public:
  /// workers: tasks that are done side by side.
  explicit StudyProgress(int workers, std::ostream& out = std::cerr, bool terminal = ::isatty(STDERR_FILENO) == 1)
      : workers_(workers), out_(&out), terminal_(terminal) {
    if (terminal_) shown_ -= std::chrono::hours(1);  // at once, where it will be replaced
  }
  StudyProgress(const StudyProgress&) = delete;
  StudyProgress& operator=(const StudyProgress&) = delete;
  ~StudyProgress() {
    if (line_is_open_) *out_ << std::endl;
  }

  void show(const Board& board) {
    const auto now = Clock::now();
    const auto since = std::chrono::duration<double>(now - shown_).count();
    if (board.size() == 0 || finished_ || (!board.finished() && since < (terminal_ ? 0.2 : 30.0))) return;
    shown_ = now;
    finished_ = board.finished();
    const std::string gone = duration_text(std::chrono::duration<double>(now - start_).count()) + " gone";
    const std::string left = "about " + duration_text(board.seconds_left() / workers_) + " left";
    const std::string tasks = lmc::detail::concat(board.done(), " of ", board.size(), " tasks");
    if (terminal_) {
      constexpr std::size_t width = 20;
      const auto filled = static_cast<std::size_t>(std::floor(static_cast<double>(width) * board.share_done()));
      *out_ << "\r[" << std::string(filled, '#') << std::string(width - filled, '.') << "] " << tasks << ", " << gone << ", "
            << left << "   " << std::flush;
      line_is_open_ = true;
    } else {
      *out_ << tasks << ", " << board.in_flight() << " in work, " << gone << ", " << left << std::endl;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  int workers_;
  std::ostream* out_;
  bool terminal_;
  Clock::time_point start_ = Clock::now(), shown_ = start_;
  bool line_is_open_ = false, finished_ = false;
};

}  // namespace lmc::study
