// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>

namespace lmc::detail {

/// Whether a folder's name says that it holds masks or other labels of images that lie elsewhere.
inline bool is_mask_folder_name(std::string_view name) {
  constexpr std::array<std::string_view, 9> known{"annotations", "labels",       "masks",       "trimaps",      "bboxes",
                                                  "gt",          "ground_truth", "groundtruth", "segmentations"};
  return std::find(known.begin(), known.end(), lower_case(name)) != known.end();
}

/// Throws: Error where masks lie beside images, as `1_mask.png` beside `1.png` or `1.jpg`: two at least, and half as many as there are
/// images. `images`: the names of both in `folder`; `root`: the data set's folder.
inline void require_no_masks(const std::string& root, const std::string& folder, const std::vector<std::string>& images) {
  constexpr std::array<std::string_view, 8> words{"mask", "masks",       "seg",   "segmentation",
                                                  "gt",   "groundtruth", "label", "labels"};
  const auto stem = [](const std::string& name) { return lower_case(name.substr(0, name.rfind('.'))); };
  std::set<std::string> stems;
  for (const std::string& name : images) stems.insert(stem(name));
  const auto is_mask = [&](const std::string& name) {
    const std::string own = stem(name);
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      if (!own.ends_with(word) || own.size() < word.size() + 2) return false;
      const std::size_t dash = own.size() - word.size() - 1;
      return std::string_view("_-. ").find(own[dash]) != std::string_view::npos && stems.contains(own.substr(0, dash));
    });
  };
  std::vector<std::string> masks;
  std::copy_if(images.begin(), images.end(), std::back_inserter(masks), is_mask);
  require(masks.size() < 2 || 3 * masks.size() < images.size(), "'", root, "/", folder, "' has ", images.size() - masks.size(),
          " images and ", masks.size(), " masks of them, as '", masks.empty() ? "" : masks[0],
          "'; a mask is no image of a class: move the masks out of '", root, "', or rename them where they are images");
}

}  // namespace lmc::detail
