// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "study/running/plan.hpp"

namespace lmc::study {

/// Which tasks of a plan may begin, and which of them first: measurements, which are short and complete a pair, before runs;
/// then the one with the longest way to the end, its own time and that of what waits for it. Not for several threads at once.
class TaskQueue {
 public:
  explicit TaskQueue(Plan plan);

  [[nodiscard]] std::size_t size() const { return plan_.tasks.size(); }
  [[nodiscard]] const Task& task(std::size_t i) const { return plan_.tasks[i].task; }
  /// Seconds of one thread that a task takes, as planned.
  [[nodiscard]] double estimate(std::size_t i) const { return plan_.tasks[i].seconds; }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] bool finished() const { return done_ == size(); }

  /// The next task to begin; nothing while all that is left waits for others.
  std::optional<std::size_t> next();

  /// The task is done, and took so many seconds.
  void finish(std::size_t i, double seconds);

  /// Seconds of one thread that the rest will take: the estimates, corrected by what tasks of the same kind took so far. Runs that stop
  /// at a loss, of which the estimate is the most that they can take, are of one kind where they are alike.
  [[nodiscard]] double seconds_left() const;
  /// The share of the work that is done, in [0, 1].
  [[nodiscard]] double share_done() const;

 private:
  struct Work {
    double left = 0;                     // as estimated
    double estimated = 0, measured = 0;  // seconds of what is done
    [[nodiscard]] double correction() const { return estimated > 0 ? measured / estimated : 1.0; }
  };
  [[nodiscard]] Work& work_of(std::size_t i);
  [[nodiscard]] std::pair<std::pair<bool, double>, std::size_t> rank(std::size_t i) const;

  Plan plan_;
  std::vector<double> urgency_;
  std::vector<std::size_t> waits_for_;             // tasks that have to be done before each
  std::vector<std::vector<std::size_t>> waiting_;  // for each
  std::set<std::pair<std::pair<bool, double>, std::size_t>> ready_;
  std::size_t done_ = 0, in_flight_ = 0;
  std::map<std::pair<Task::Kind, std::string>, Work> of_kind_;
  Work all_;  // without what is left
};

}  // namespace lmc::study
