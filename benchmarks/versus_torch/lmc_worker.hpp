// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "protocol.hpp"

namespace versus {

/// lmc's side of a job, in this process.
nlohmann::json lmc_work(const Job& job);

/// Writes what both sides begin with: initial parameters, or for a curve the two ends of an epoch's training. Returns how many
/// parameters one network has.
std::size_t write_start(const Workload& workload, const std::string& data, const std::string& path);

}  // namespace versus
