// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>

namespace lmc {

/// A tensor of a PyTorch state dict and the segment of a layout that holds the same numbers.
struct TensorPlace {
  std::string tensor;   // `features.0.weight`
  std::string segment;  // `conv1/weight`
};

}  // namespace lmc
