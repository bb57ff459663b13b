// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>

namespace lmc::detail {

/// Notes test images that are training images byte for byte, where half of the test part are. `bytes`: of each image; `test_path`: the
/// file of the test images.
inline void note_image_copies(std::span<const std::uint8_t> train, std::span<const std::uint8_t> test, std::size_t bytes,
                              std::string_view test_path, std::vector<ReadNote>& notes) {
  const auto hashes = [&](std::span<const std::uint8_t> part) {
    std::vector<std::size_t> result(part.size() / bytes);
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] = std::hash<std::string_view>()({reinterpret_cast<const char*>(part.data()) + i * bytes, bytes});
    return result;
  };
  std::vector<std::size_t> known = hashes(train);
  std::sort(known.begin(), known.end());
  const std::vector<std::size_t> images = hashes(test);
  const auto is_known = [&](std::size_t hash) { return std::binary_search(known.begin(), known.end(), hash); };
  const Index copies = std::count_if(images.begin(), images.end(), is_known);
  if (copies > 0 && 2 * copies >= static_cast<Index>(images.size()))
    notes.push_back(
        {"test images that are training images, too, byte for byte: they say nothing of new images", copies,
         concat("'", test_path, "': example ", std::find_if(images.begin(), images.end(), is_known) - images.begin())});
}

}  // namespace lmc::detail
