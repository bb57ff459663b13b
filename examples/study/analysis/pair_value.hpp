// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string_view>
#include <vector>

#include "study/specification/pair_spec.hpp"

namespace lmc::study {

/// The names that pair_value knows, but those of further measurements.
std::vector<std::string_view> pair_value_names();

/// Throws: Error for a name that pair_value does not know.
void check_pair_value(std::string_view name);

/// A number of a pair, on one part of the data (test, or else train): cross-fitted-barrier (of the error: without the bias of a
/// maximum), normalized-cross-fitted-barrier, noise-floor (the error barrier that chance shows where there is none), error-barrier,
/// normalized-error-barrier, loss-barrier, normalized-loss-barrier, instability, mean-error, mean-loss, training-loss, error-gap, loss-gap, or a number of a further measurement by its
/// JSON pointer, /robustness/noise/0.1. The gaps are those of the two parts, test less train:
/// the generalization gap of the ends' means. NaN where a further measurement is not there. Throws: Error for an unknown name.
double pair_value(const PairResult& result, std::string_view name, std::string_view part = "test");

}  // namespace lmc::study
