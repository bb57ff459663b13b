// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>

#include <lmc/core/layout.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/train/checkpoint_file.hpp>
#include <lmc/train/train.hpp>

namespace lmc::study {

/// The bytes of a safetensors file with the state of a training, and its optimizer where that is asked for: a function of the
/// arguments alone.
std::string checkpoint_bytes(const ParameterLayout& layout, const Checkpoint<float>& at, bool with_optimizer,
                             Metadata metadata);

/// What checkpoint_bytes wrote, for state_of and checkpoint_of.
Safetensors read_checkpoint(const std::string& bytes);

}  // namespace lmc::study
