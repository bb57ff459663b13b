// SPDX-License-Identifier: BSD-3-Clause
#include "study/specification/spec_digest.hpp"

#include <cstdint>

namespace lmc::study {

SpecDigest& SpecDigest::add(std::span<const std::byte> bytes) {
  for (const std::byte b : bytes) {
    hash_ ^= std::to_integer<unsigned>(b);
    hash_ = (hash_ << 88) + hash_ * 0x13b;
  }
  return *this;
}

std::string SpecDigest::text() const {
  std::string digits;
  for (int shift = 124; shift >= 0; shift -= 4) digits += "0123456789abcdef"[static_cast<unsigned>(hash_ >> shift) & 15];
  return digits;
}

}  // namespace lmc::study
