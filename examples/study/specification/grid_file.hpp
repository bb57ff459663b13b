// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/specification/experiment.hpp"

namespace lmc::study {

/// The experiments of all files *.toml in a folder, by their numbers. Throws: Error with file and line for a syntax error, an
/// unknown key (and the nearest known one), a wrong type, and a claim that speaks of an axis or a label that there is not.
std::vector<Experiment> load_experiments(const std::filesystem::path& folder);

/// The experiment of that name or number. Throws: Error that lists the names there are.
const Experiment& find_experiment(const std::vector<Experiment>& all, std::string_view name);

}  // namespace lmc::study
