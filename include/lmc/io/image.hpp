// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/io/detail/luma.hpp>

namespace lmc {

/// 8-bit pixels, row by row, channels last: value (y, x, c) is pixels[(y · width + x) · channels + c].
struct Image {
  Index height = 0;                  // rows
  Index width = 0;                   // columns
  Index channels = 0;                // 1: gray; 3: red, green, blue
  std::vector<std::uint8_t> pixels;  // height · width · channels values
};

/// The longest side of an image that is decoded, in pixels.
inline constexpr Index max_image_side = 16384;

namespace detail {

inline void require_channels(std::string_view who, Index channels) {
  require(channels == 1 || channels == 3, who, ": channels = ", channels, "; expected 1 (gray) or 3 (color)");
}

/// The most pixels that an image in so many bytes is believed to have. Photographs have ten for each byte at the poorest quality; images
/// of one color have a thousand, and pass up to the size of a large photograph.
constexpr std::uint64_t most_pixels(std::size_t bytes) { return 64'000'000 + std::uint64_t{256} * bytes; }

/// Compared before memory is taken for what a file declares. held: pixels that a file of so many bytes can hold at all.
/// Throws: Error when the image has no pixels, a side is too long, or the file too short for it.
inline void require_plausible_size(std::uint64_t width, std::uint64_t height, std::size_t bytes, std::uint64_t held) {
  constexpr auto longest = static_cast<std::uint64_t>(max_image_side);
  require(width > 0 && height > 0, "the image is declared as ", width, "×", height, ": it has no pixels");
  require(width <= longest && height <= longest, "the image is declared as ", width, "×", height,
          "; expected sides of at most ", longest, " pixels");
  const std::uint64_t most = std::min(held, most_pixels(bytes));
  require(width * height <= most, "the image is declared as ", width, "×", height, ", ", width * height,
          " pixels in a file of ", bytes, " bytes; expected at most ", most,
          held <= most ? ": the file is cut, or its header is damaged" : " in so few bytes");
}

/// Gray of n pixels of three channels, in place of the first n bytes: their luma.
inline void color_to_gray(std::uint8_t* pixels, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) pixels[i] = luma(pixels + 3 * i);
}

}  // namespace detail
}  // namespace lmc
