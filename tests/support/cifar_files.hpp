// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <vector>

namespace testing {

/// The byte of a generated image at a pixel (row · 32 + column) of a channel: no two channels or images are alike.
inline std::uint8_t cifar_pixel(std::size_t image, std::size_t channel, std::size_t pixel) {
  return static_cast<std::uint8_t>((image * 31 + channel * 85 + pixel * 7 + pixel / 32 * 11) % 251);
}

/// Records in CIFAR's binary format: labels[i] before image first_image + i.
inline std::vector<std::uint8_t> cifar_records(const std::vector<std::vector<std::uint8_t>>& labels, std::size_t first_image) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    bytes.insert(bytes.end(), labels[i].begin(), labels[i].end());
    for (std::size_t channel = 0; channel < 3; ++channel)
      for (std::size_t pixel = 0; pixel < 1024; ++pixel) bytes.push_back(cifar_pixel(first_image + i, channel, pixel));
  }
  return bytes;
}

}  // namespace testing
