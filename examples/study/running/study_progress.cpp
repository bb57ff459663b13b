// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/study_progress.hpp"

#include <cmath>

#include <lmc/core/text.hpp>

namespace lmc::study {

std::string duration_text(double seconds) {
  if (seconds < 100) return lmc::fixed(seconds, 0) + " s";
  if (seconds < 100 * 60) return lmc::fixed(seconds / 60, 0) + " min";
  return lmc::fixed(seconds / 3600, 1) + " h";
}

StudyProgress::StudyProgress(int workers, std::ostream& out, bool terminal)
    : workers_(workers), out_(&out), terminal_(terminal) {
  if (terminal_) shown_ -= std::chrono::hours(1);  // at once, where it will be replaced
}

StudyProgress::~StudyProgress() {
  if (line_is_open_) *out_ << std::endl;
}

void StudyProgress::say(const std::string& text) {
  if (line_is_open_) *out_ << '\n';
  line_is_open_ = false;
  *out_ << text << std::endl;
}

void StudyProgress::show(const TaskQueue& queue) {
  const auto now = Clock::now();
  const auto since = std::chrono::duration<double>(now - shown_).count();
  if (queue.size() == 0 || finished_ || (!queue.finished() && since < (terminal_ ? 0.2 : 30.0))) return;
  shown_ = now;
  finished_ = queue.finished();
  const std::string gone = duration_text(std::chrono::duration<double>(now - start_).count()) + " gone";
  const std::string left = "about " + duration_text(queue.seconds_left() / workers_) + " left";
  const std::string tasks = lmc::concat(queue.done(), " of ", queue.size(), " tasks");
  if (terminal_) {
    constexpr std::size_t width = 20;
    const auto filled = static_cast<std::size_t>(std::floor(static_cast<double>(width) * queue.share_done()));
    *out_ << "\r[" << std::string(filled, '#') << std::string(width - filled, '.') << "] " << tasks << ", " << gone << ", "
          << left << "   " << std::flush;
    line_is_open_ = true;
  } else {
    *out_ << tasks << ", " << queue.in_flight() << " in work, " << gone << ", " << left << std::endl;
  }
}

}  // namespace lmc::study
