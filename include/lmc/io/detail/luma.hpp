// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <concepts>
#include <cstdint>

namespace lmc::detail {

/// The luma of a color in units of 2⁻¹⁶: 0.299 R + 0.587 G + 0.114 B with weights rounded to those units, as Pillow and torchvision
/// have it. Source: ITU-R BT.601.
template <class T>
T scaled_luma(T red, T green, T blue) {
  return 19595 * red + 38470 * green + 7471 * blue;
}

/// Luma of a pixel of three bytes, rounded.
inline std::uint8_t luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((scaled_luma<std::uint32_t>(rgb[0], rgb[1], rgb[2]) + 0x8000) >> 16);
}
/// Luma of a pixel of three numbers.
template <std::floating_point Scalar>
Scalar luma(const Scalar* rgb) {
  return scaled_luma(rgb[0], rgb[1], rgb[2]) / 65536;
}

}  // namespace lmc::detail
