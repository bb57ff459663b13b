// SPDX-License-Identifier: BSD-3-Clause
// Whether two files hold one network.
#pragma once
#include <string>
#include <vector>

#include <lmc/core/layout.hpp>

/// By what networks of one layout are told apart.
struct Fingerprint {
  std::string digest;       // of all parameters
  std::vector<float> some;  // up to 256 of each tensor, evenly spaced
};

Fingerprint fingerprint_of(const std::vector<float>& parameters, const lmc::ParameterLayout& layout);

/// Whether all parameters are equal.
bool are_equal(const Fingerprint& a, const Fingerprint& b);

/// Whether some parameters of each tensor are equal but for rounding to 16 bits, as F16 or BF16.
bool are_copies(const Fingerprint& a, const Fingerprint& b);
