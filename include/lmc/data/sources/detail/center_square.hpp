// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <lmc/core/shape.hpp>
#include <lmc/io/image.hpp>

namespace lmc::detail {

/// The largest square in the middle of an image (one pixel nearer to the upper left where it cannot be in the middle), brought
/// to size × size pixels by area: a pixel of the result is the mean of what lies under it, pixels that lie under it in part
/// counted by that part; rounded. Enlarged, an image shows its pixels as squares. An image of size × size stays as it is.
inline void center_square(Image& image, Index size) {
  if (image.height == size && image.width == size) return;
  const Index n = std::min(image.height, image.width), top = (image.height - n) / 2, left = (image.width - n) / 2;
  const Index c = image.channels, row_size = size * c;
  // In units of 1 / size of a pixel: pixel k covers [k · size, (k + 1) · size), and pixel i of the result [i · n, (i + 1) · n).
  const auto for_each_part = [&](Index i, auto use) {
    for (Index k = i * n / size; k * size < (i + 1) * n; ++k)
      use(k, static_cast<std::uint64_t>(std::min((k + 1) * size, (i + 1) * n) - std::max(k * size, i * n)));
  };
  std::vector<std::uint8_t> result(static_cast<std::size_t>(size * row_size));
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(row_size));
  const auto area = static_cast<std::uint64_t>(n * n);
  for (Index y = 0; y < size; ++y) {
    std::fill(sums.begin(), sums.end(), 0U);
    for_each_part(y, [&](Index from_y, std::uint64_t part_of_row) {
      const std::uint8_t* row = image.pixels.data() + ((top + from_y) * image.width + left) * c;
      for (Index x = 0; x < size; ++x) {
        for_each_part(x, [&](Index from_x, std::uint64_t part) {
          for (Index channel = 0; channel < c; ++channel)
            sums[static_cast<std::size_t>(x * c + channel)] += part_of_row * part * row[from_x * c + channel];
        });
      }
    });
    for (std::size_t j = 0; j < sums.size(); ++j)
      result[static_cast<std::size_t>(y * row_size) + j] = static_cast<std::uint8_t>((sums[j] + area / 2) / area);
  }
  image.pixels = std::move(result);
  image.height = image.width = size;
}

}  // namespace lmc::detail
