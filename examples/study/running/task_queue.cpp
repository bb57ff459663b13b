// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/task_queue.hpp"

#include <algorithm>
#include <cassert>

#include <lmc/core/text.hpp>

namespace lmc::study {

TaskQueue::TaskQueue(Plan plan) : plan_(std::move(plan)), urgency_(size()), waits_for_(size()), waiting_(size()) {
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

std::optional<std::size_t> TaskQueue::next() {
  if (ready_.empty()) return std::nullopt;
  const std::size_t i = ready_.begin()->second;
  ready_.erase(ready_.begin());
  ++in_flight_;
  return i;
}

void TaskQueue::finish(std::size_t i, double seconds) {
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

TaskQueue::Work& TaskQueue::work_of(std::size_t i) {
  const Task& t = task(i);
  std::string name = t.name;
  if (t.kind == Task::Kind::run && t.run.stop_at_loss)
    name = lmc::concat(t.run.data.dataset, ' ', t.run.network.network, ' ', t.run.optimizer.name, ' ', *t.run.stop_at_loss);
  return of_kind_[{t.kind, name}];
}

double TaskQueue::seconds_left() const {
  double sum = 0;
  for (const auto& [kind, work] : of_kind_) sum += std::max(0.0, work.left) * (work.estimated > 0 ? work : all_).correction();
  return sum;
}

double TaskQueue::share_done() const {
  if (finished()) return 1;
  const double all = all_.measured + seconds_left();
  return all > 0 ? all_.measured / all : 0;
}

std::pair<std::pair<bool, double>, std::size_t> TaskQueue::rank(std::size_t i) const {
  return {{task(i).kind == Task::Kind::run, -urgency_[i]}, i};
}

}  // namespace lmc::study
