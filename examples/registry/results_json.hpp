// SPDX-License-Identifier: BSD-3-Clause
// Parts that the results of several programs have in common, under the same keys.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/statistics/barrier_summary.hpp>
#include <lmc/connectivity/statistics/cross_fitted_barrier.hpp>

#include "registry/datasets.hpp"

namespace registry {

/// `label-smoothing` as a key: label_smoothing.
std::string key(std::string_view option);

/// The options of the data set that were given, each under its key.
nlohmann::json dataset_json(const DatasetOptions& options);

/// {"mean": …, "std": …} of what features were standardized by: a number for each channel, without a list where there is one channel; 0
/// and 1 for features that are as they were read. Of a table also "standardization", how it was standardized when it was read.
nlohmann::json input_json(const DatasetOptions& data, const lmc::Standardization& input);

/// Every convention on one curve. What is not known is null: all of the error without outcomes, the heights at ½ where that was not
/// measured.
nlohmann::json barrier_json(const lmc::Curve& curve, const std::optional<lmc::ErrorBarrier>& error,
                            const std::optional<lmc::CrossFittedBarrier>& cross_fitted);

nlohmann::json summary_json(const lmc::BarrierSummary& summary);

}  // namespace registry
