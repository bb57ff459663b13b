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
#include <string_view>
#include <vector>

#include <lmc/train/train.hpp>

namespace lmc {

/// What Progress shows, and where.
struct ProgressOptions {
  std::size_t runs = 1;                          // trained together
  std::ostream* out = &std::cerr;                // where it is printed; must outlive the display
  bool terminal = ::isatty(STDERR_FILENO) == 1;  // one line that is redrawn; else plain lines, for epochs of a run
};

/// An observer that shows how far each run is, the examples per second of all runs together, and the time left, which is judged by
/// the updates that it has seen. The line of a terminal is redrawn at most ten times per second; elsewhere a run has one line for
/// each epoch, but for epochs that end within five seconds of its last line. Copies share the display.
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

  /// Takes a run, by its position, for ended: one that train_resumable() found complete has no more updates to show.
  void ended(std::size_t run) const { display_->ended(run); }

  /// Prints a line of text, below a line that is redrawn.
  void say(std::string_view text) const { display_->say(text); }

 private:
  using Clock = std::chrono::steady_clock;
  struct State {
    Index step = 0, steps = 1, epoch = 0;
    double loss = 0;   // of the last batch
    double first = 0;  // share that was done before the first update that was seen
    Clock::time_point shown = Clock::now() - std::chrono::hours(1);  // its last plain line

    [[nodiscard]] double share() const { return static_cast<double>(step) / static_cast<double>(steps); }
  };
  struct Display {
    ProgressOptions options;
    std::vector<State> runs;
    Index examples = 0;
    Clock::time_point start = Clock::now(), drawn = start - std::chrono::hours(1);
    std::mutex mutex;
    bool line_is_open = false;

    void update(std::size_t run, State state, Index batch) {
      const std::lock_guard lock(mutex);
      const State before = runs[run];
      const bool new_epoch = before.step > 0 && state.epoch != before.epoch, done = state.step == state.steps;
      const Clock::time_point now = Clock::now();
      if (examples == 0) start = now;
      examples += batch;
      state.first = before.step > 0 ? before.first : static_cast<double>(state.step - 1) / static_cast<double>(state.steps);
      const bool plain = !options.terminal && (done || (new_epoch && now - before.shown > std::chrono::seconds(5)));
      state.shown = plain ? now : before.shown;
      runs[run] = state;
      if (options.terminal && (done || now - drawn > std::chrono::milliseconds(100))) {
        drawn = now;
        *options.out << '\r' << line() << std::flush;
        line_is_open = true;
      }
      if (plain) {
        const State& of = done ? state : before;
        *options.out << concat("run ", run + 1, ": epoch ", of.epoch + 1, " done, ", percent(of), " %, batch loss ", of.loss,
                               ", ", rate(), '\n')
                     << std::flush;
      }
    }
    void ended(std::size_t run) {
      const std::lock_guard lock(mutex);
      runs[run] = {.step = 1, .first = 1};
    }
    void say(std::string_view text) {
      const std::lock_guard lock(mutex);
      if (line_is_open) *options.out << '\n';
      line_is_open = false;
      *options.out << text << std::endl;
    }
    ~Display() {
      if (line_is_open) *options.out << std::endl;
    }
    static Index percent(const State& s) { return 100 * s.step / s.steps; }
    [[nodiscard]] std::string rate() const {
      const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
      double seen = 0, left = 0;  // of one run each
      for (const State& s : runs) {
        seen += s.share() - s.first;
        left += 1 - s.share();
      }
      std::ostringstream text;
      text << static_cast<Index>(static_cast<double>(examples) / std::max(seconds, 1e-9)) << " examples/s, " << std::fixed
           << std::setprecision(1) << seconds / seen * left << " s left";
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
