// SPDX-License-Identifier: BSD-3-Clause
#include "study/store/checkpoint_file.hpp"

#include <sstream>
#include <utility>

namespace lmc::study {

std::string checkpoint_bytes(const ParameterLayout& layout, const Checkpoint<float>& at, bool with_optimizer,
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

Safetensors read_checkpoint(const std::string& bytes) {
  std::istringstream in(bytes);
  return lmc::detail::read_safetensors(in, bytes.size());
}

}  // namespace lmc::study
