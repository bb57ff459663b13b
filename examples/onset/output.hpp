// SPDX-License-Identifier: BSD-3-Clause
// What is printed and written of an onset.
#pragma once
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include <lmc/connectivity/onset.hpp>
#include <lmc/measure/onset.hpp>

#include "onset/options.hpp"

/// Prints what it will cost, before anything is trained.
void print_plan(const lmc::OnsetPlan& plan, const std::vector<Index>& candidates, Index initializations, Index end);

/// Prints a line for each initialization, the curve and k*.
void print_onset(const lmc::Onset& onset, const OnsetChoice& o, const std::vector<lmc::OnsetSeeds>& starts);

nlohmann::json to_json(const lmc::Onset& onset, const OnsetChoice& o, const std::vector<lmc::OnsetSeeds>& starts, Index end);

/// A line for each pair of children.
void write_outcomes(std::ostream& out, const lmc::Onset& onset, const std::vector<lmc::OnsetSeeds>& starts);
