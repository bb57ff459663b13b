// SPDX-License-Identifier: BSD-3-Clause
#include "barrier/fingerprint.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include <lmc/core/digest.hpp>
#include <lmc/core/shape.hpp>

Fingerprint fingerprint_of(const std::vector<float>& parameters, const lmc::ParameterLayout& layout) {
  Fingerprint print{.digest = lmc::digest(std::span(parameters)), .some = {}};
  for (const lmc::Segment& s : layout.parameters)
    for (lmc::Index i = 0; i < s.size(); i += 1 + s.size() / 256)
      print.some.push_back(parameters[static_cast<std::size_t>(s.offset + i)]);
  return print;
}

bool are_equal(const Fingerprint& a, const Fingerprint& b) { return a.digest == b.digest; }

bool are_copies(const Fingerprint& a, const Fingerprint& b) {
  // BF16 has the larger error, 2^-7 where digits are cut off, and F16 the coarser numbers near 0.
  return std::ranges::equal(a.some, b.some, [](float x, float y) {
    return std::abs(x - y) <= 0x1p-7F * std::max(std::abs(x), std::abs(y)) + 0x1p-24F;
  });
}
