// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lmc::detail {

/// How an EXIF segment of a JPEG file says that its image is to be shown: 1 as it is stored, 2 to 8 mirrored or turned (EXIF 2.3, tag
/// 0x0112 of the first directory). 1 where it says nothing, or is damaged.
inline int exif_orientation(std::span<const std::uint8_t> segment) {
  constexpr std::string_view name{"Exif\0\0", 6};
  if (segment.size() < name.size()) return 1;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (segment[i] != static_cast<std::uint8_t>(name[i])) return 1;
  const auto tiff = segment.subspan(name.size());
  const bool little = !tiff.empty() && tiff[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t bytes) -> std::size_t {
    std::size_t value = 0;
    if (at > tiff.size() || tiff.size() - at < bytes) return 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | tiff[little ? at + bytes - 1 - i : at + i];
    return value;
  };
  const std::size_t directory = number(4, 4), entries = number(directory, 2);
  for (std::size_t entry = 0; entry < entries; ++entry) {
    const std::size_t at = directory + 2 + 12 * entry;
    if (at > tiff.size()) return 1;
    if (number(at, 2) != 0x0112) continue;
    const std::size_t orientation = number(at + 8, 2);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

}  // namespace lmc::detail
