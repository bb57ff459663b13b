// SPDX-License-Identifier: BSD-3-Clause
// What lmc's own files say of the networks in them, against what they are about to be measured as.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <lmc/core/layout.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/io/safetensors.hpp>

/// Throws: Error, begun by `who`, when the metadata name another data set.
void require_dataset(const lmc::Metadata& metadata, const std::string& dataset, const std::string& who);

/// Throws: Error, begun by `who`, when the metadata name another network, pixels were standardized by other numbers, or the training
/// examples are others. network: as a ChosenNetwork describes it; train: what the running statistics are estimated from.
void require_network(const lmc::Metadata& metadata, const std::string& network, const lmc::Dataset<float>& train,
                     const std::string& who);

/// What the metadata say that changes the meaning of what is measured: a training that diverged, another loss.
std::vector<std::string> origin_notes(const lmc::Metadata& metadata, const std::string& who);

/// The seed of the initialization that the metadata name; none where they do not.
std::optional<std::string> init_seed(const lmc::Metadata& metadata);
