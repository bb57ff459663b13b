// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <lmc/study/plan.hpp>

namespace lmc::study {

/// Which tasks of a plan may begin, and which of them first: measurements, which are short and complete a pair, before runs;
/// then the one with the longest way to the end, its own time and that of what waits for it. Not for several threads at once.
class Board {
 public:
  explicit Board(Plan plan) : plan_(std::move(plan)), urgency_(size()), waits_for_(size()), waiting_(size()) {
    for (std::size_t i = size(); i-- > 0;) {
      urgency_[i] += plan_.tasks[i].seconds;
      waits_for_[i] = plan_.tasks[i].after.size();
      for (const std::size_t before : plan_.tasks[i].after) {
        assert(before < i);
        urgency_[before] = std::max(urgency_[before], urgency_[i]);
        waiting_[before].push_back(i);
      }
      if (waits_for_[i] == 0) ready_.insert(rank(i));
      work_of(i).left += plan_.tasks[i].seconds;
    }
  }

  [[nodiscard]] std::size_t size() const { return plan_.tasks.size(); }
  [[nodiscard]] const Task& task(std::size_t i) const { return plan_.tasks[i].task; }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] bool finished() const { return done_ == size(); }

  /// The next task to begin; nothing while all that is left waits for others.
  std::optional<std::size_t> next() {
    if (ready_.empty()) return std::nullopt;
    const std::size_t i = ready_.begin()->second;
    ready_.erase(ready_.begin());
    ++in_flight_;
    return i;
  }

  /// The task is done, and took so many seconds.
  void finish(std::size_t i, double seconds) {
    ++done_;
    --in_flight_;
    for (Work* work : {&work_of(i), &all_}) {
      work->estimated += plan_.tasks[i].seconds;
      work->measured += seconds;
    }
    work_of(i).left -= plan_.tasks[i].seconds;
    for (const std::size_t next : waiting_[i])
      if (--waits_for_[next] == 0) ready_.insert(rank(next));
  }

  /// Seconds of one thread that the rest will take: the estimates, corrected by what tasks of the same kind took so far.
  [[nodiscard]] double seconds_left() const {
    double sum = 0;
    for (const auto& [kind, work] : of_kind_) sum += std::max(0.0, work.left) * (work.estimated > 0 ? work : all_).correction();
    return sum;
  }
  /// The share of the work that is done, in [0, 1].
  [[nodiscard]] double share_done() const {
    if (finished()) return 1;
    const double all = all_.measured + seconds_left();
    return all > 0 ? all_.measured / all : 0;
  }

 private:
  struct Work {
    double left = 0;                     // as estimated
    double estimated = 0, measured = 0;  // of what is done
    [[nodiscard]] double correction() const { return estimated > 0 ? measured / estimated : 1.0; }
  };
  Work& work_of(std::size_t i) { return of_kind_[{task(i).kind, task(i).name}]; }
  [[nodiscard]] std::pair<std::pair<bool, double>, std::size_t> rank(std::size_t i) const {
    return {{task(i).kind == Task::Kind::run, -urgency_[i]}, i};
  }

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
