// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/running/cost.hpp"
#include "study/running/task.hpp"
#include "study/store/store.hpp"

namespace lmc::study {

/// A task, when it may begin, and what it takes.
struct PlannedTask {
  Task task;
  std::vector<std::size_t> after = {};  // positions in the plan of tasks that must be done before
  double seconds = 0;                   // as the cost model has it
};

/// Everything that cells need, each thing once, and what of it is still to be done.
struct Plan {
  std::vector<PlannedTask> tasks = {};
  std::size_t runs = 0, pairs = 0, measurements = 0;                 // the total
  std::size_t runs_done = 0, pairs_done = 0, measurements_done = 0;  // those of them that are in the store

  [[nodiscard]] double seconds() const;
};

/// What one pair of a cell needs beside itself.
struct PlannedPair {
  PairSpec pair;
  std::vector<std::string> measure = {};
};

/// The tasks for pairs and complexity records that the store, if there is one, lacks. Throws: Error when a checkpoint does not
/// match its row.
Plan make_plan(const std::vector<PlannedPair>& pairs, const std::vector<DataSpec>& complexities, const Store* store,
               const CostModel& costs);

}  // namespace lmc::study
