// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <lmc/io/image.hpp>

#include <optional>

#include "fuzz.hpp"

namespace fuzz {

/// decode(bytes, channels, image) on the input. Returns the image, where it was accepted.
template <class Decode>
std::optional<lmc::Image> decoded(Bytes bytes, lmc::Index channels, Decode decode) {
  // PNG's pixels are in color before they are gray.
  const std::size_t limit = (std::size_t{4} << 20) + 3 * static_cast<std::size_t>(lmc::detail::most_pixels(bytes.size()));
  lmc::Image image;
  if (!accepts(limit, [&] { decode(bytes, channels, image); })) return std::nullopt;
  check(image.channels == channels && image.height > 0 && image.width > 0 &&
            static_cast<lmc::Index>(image.pixels.size()) == image.height * image.width * channels,
        "an image has as many pixels as it says");
  return image;
}

}  // namespace fuzz
