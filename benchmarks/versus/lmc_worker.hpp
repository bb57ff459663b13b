// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "protocol.hpp"

namespace versus {

/// lmc's side of a job, in this process.
nlohmann::json lmc_work(const Job& job);

/// Writes what all sides begin with: initial parameters, or for a curve the two ends of an epoch's training.
void write_start(const Workload& workload, const std::string& data, const std::string& path);

/// Writes the images and labels of a workload's data set into a folder: train.images and test.images, standardized floats of shape
/// [examples, rows, columns, channels], train.labels and test.labels, 64-bit integers; of the test set the first test_images().
/// Returns the number of training images.
Index export_data(const Workload& workload, const std::string& data, const std::string& folder);

/// Writes the order in which a run of that seed sees `examples` training images: 64-bit indices.
void write_order(Index examples, std::uint64_t seed, const std::string& path);

}  // namespace versus
