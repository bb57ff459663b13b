// SPDX-License-Identifier: BSD-3-Clause
// What lmc's own files say of the networks in them, against what they are about to be measured as.
#pragma once
#include <string>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/safetensors.hpp>

/// Throws: Error, begun by `who`, when the metadata name another data set.
void require_dataset(const lmc::Metadata& metadata, const std::string& dataset, const std::string& who);

/// Throws: Error, begun by `who`, when the metadata name another network, or pixels were standardized by other numbers. network: as a
/// ChosenNetwork describes it; input: as the data are standardized.
void require_network(const lmc::Metadata& metadata, const std::string& network, const lmc::Standardization& input,
                     const std::string& who);

/// What the metadata say that changes the meaning of what is measured: a training that diverged, another loss.
std::vector<std::string> origin_notes(const lmc::Metadata& metadata, const std::string& who);
