// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/specification/experiment.hpp"

namespace lmc::study {

/// The cells of an experiment in a size, in the order of its axes, the last fastest. `all` are the experiments among which it
/// is. Throws: Error that names the cell when its options do not fit together, and for more than 100,000 pairs.
std::vector<Cell> expand(const Experiment& experiment, std::string_view preset_name, const std::vector<Experiment>& all);

}  // namespace lmc::study
