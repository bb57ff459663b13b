// SPDX-License-Identifier: BSD-3-Clause
// Tasks and outcomes as bytes, to be sent from one process to another of the same program.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "study/running/task.hpp"

namespace lmc::study {

/// A task and the checkpoints that it reads.
std::string to_bytes(const Task& task, const std::vector<std::string>& inputs);

std::pair<Task, std::vector<std::string>> task_from_bytes(const std::string& bytes);

std::string to_bytes(const Outcome& outcome);

Outcome outcome_from_bytes(const std::string& bytes);

}  // namespace lmc::study
