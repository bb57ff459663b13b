// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/running/datasets.hpp"
#include "study/running/plan.hpp"
#include "study/running/task.hpp"
#include "study/running/task_queue.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

/// The bytes of the checkpoints that a task reads.
std::vector<std::string> read_inputs(const Store& store, const Task& task);

/// Writes what a task gave: a run's checkpoint first, so that a row is never without it. Throws: Error as Store::put; nothing
/// that was there is overwritten by something else.
void keep(Store& store, const Outcome& outcome);

/// Seconds that the row says its task took.
double seconds_of(const Outcome& outcome);

/// What is said when the first SIGINT or SIGTERM ends a plan early, and what when its last task is kept.
std::string interrupted_text(int signal, const TaskQueue& queue);
std::string stopped_text(const TaskQueue& queue);

/// Does all tasks of a plan, each on one thread, as many side by side as `threads` says. What the store holds afterwards,
/// timings aside, does not depend on their number, nor on how often the process was killed and started again: that loses the
/// tasks in flight alone. The first SIGINT or SIGTERM lets no further task begin; an Error in a task ends the others after the task
/// that they are at, which is kept, and is thrown.
/// program: the version that the rows name. Returns the signal, or 0. Throws: Error as execute and keep.
[[nodiscard]] int run_plan(Plan plan, Store& store, DataSets& data, int threads, const std::string& program);

}  // namespace lmc::study
