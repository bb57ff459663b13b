// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <memory>
#include <mutex>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include <lmc/train/train.hpp>

namespace lmc {

/// What Progress shows, and where.
struct ProgressOptions {
  std::size_t runs = 1;                          // trained together
  std::ostream* out = &std::cerr;                // where it is printed; must outlive the display
  bool terminal = ::isatty(STDERR_FILENO) == 1;  // one line that is redrawn; else a plain line for each epoch of a run
};

/// An observer that shows how far each run is, the examples per second of all runs together, and the time left. The line of a
/// terminal is redrawn at most ten times per second. Copies share the display.
class Progress {
 public:
  /// Throws: Error when there are no runs.
  explicit Progress(const ProgressOptions& options) : display_(std::make_shared<Display>()) {
    require(options.runs > 0, "Progress: runs = 0; expected the number of runs that are trained together");
    display_->options = options;
    display_->runs.resize(options.runs);
  }

  /// Shows an update, and lets the run go on.
  template <class Scalar>
  Control operator()(const StepEvent<Scalar>& event) const {
    display_->update(event.run, {.step = event.step, .steps = event.steps, .epoch = event.epoch, .loss = event.loss},
                     event.batch);
    return Control::proceed;
  }

 private:
  struct State {
    Index step = 0, steps = 1, epoch = 0;
    double loss = 0;  // loss of the last batch
  };
  struct Display {
    using Clock = std::chrono::steady_clock;
    ProgressOptions options;
    std::vector<State> runs;
    Index examples = 0;
    Clock::time_point start = Clock::now(), drawn = start - std::chrono::hours(1);
    std::mutex mutex;
    bool line_is_open = false;

    void update(std::size_t run, const State& state, Index batch) {
      const std::lock_guard lock(mutex);
      const bool new_epoch = runs[run].step > 0 && state.epoch != runs[run].epoch, done = state.step == state.steps;
      const State before = runs[run];
      runs[run] = state;
      if (examples == 0) start = Clock::now();
      examples += batch;
      if (options.terminal && (done || Clock::now() - drawn > std::chrono::milliseconds(100))) {
        drawn = Clock::now();
        *options.out << '\r' << line() << std::flush;
        line_is_open = true;
      }
      if (!options.terminal && (new_epoch || done)) {
        const State& ended = done ? state : before;
        *options.out << concat("run ", run + 1, ": epoch ", ended.epoch + 1, " done, ", percent(ended), " %, batch loss ",
                               ended.loss, ", ", rate(), '\n')
                     << std::flush;
      }
    }
    ~Display() {
      if (line_is_open) *options.out << std::endl;
    }
    static Index percent(const State& s) { return 100 * s.step / s.steps; }
    [[nodiscard]] std::string rate() const {
      const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
      double done = 0;
      for (const State& s : runs) done += static_cast<double>(s.step) / static_cast<double>(s.steps);
      done /= static_cast<double>(runs.size());
      std::ostringstream text;
      text << static_cast<Index>(static_cast<double>(examples) / std::max(seconds, 1e-9)) << " examples/s, " << std::fixed
           << std::setprecision(1) << seconds / done * (1 - done) << " s left";
      return text.str();
    }
    [[nodiscard]] std::string line() const {
      constexpr Index width = 20;
      std::string text;
      for (std::size_t r = 0; r < runs.size(); ++r) {
        const auto filled = static_cast<std::size_t>(width * runs[r].step / runs[r].steps);
        text += "run " + std::to_string(r + 1) + " [" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
                std::to_string(percent(runs[r])) + " %  ";
      }
      return text + rate() + "   ";
    }
  };
  std::shared_ptr<Display> display_;
};

}  // namespace lmc
