// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <sstream>
#include <string>
#include <utility>

#include <lmc/core/layout.hpp>
#include <lmc/io/safetensors.hpp>
#include <lmc/train/checkpoint_file.hpp>
#include <lmc/train/train.hpp>

namespace lmc::study {

/// The bytes of a safetensors file with the state of a training, and its optimizer where that is asked for: a function of the
/// arguments alone.
inline std::string checkpoint_bytes(const ParameterLayout& layout, const Checkpoint<float>& at, bool with_optimizer,
                                    Metadata metadata) {
  std::ostringstream out;
  if (with_optimizer) {
    write_checkpoint(out, layout, at, std::move(metadata));
  } else {
    metadata["step"] = std::to_string(at.step);
    write_safetensors(out, layout, at.state, metadata);
  }
  return std::move(out).str();
}

/// What checkpoint_bytes wrote, for state_of and checkpoint_of.
inline Safetensors read_checkpoint(const std::string& bytes) {
  std::istringstream in(bytes);
  return lmc::detail::read_safetensors(in, bytes.size());
}

}  // namespace lmc::study
