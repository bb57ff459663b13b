// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>

namespace lmc::detail {

// Folders that hold the inputs and the outputs of a network from images to images, and no classes.

/// Whether two folders' names, in lower case, say that one holds what an image of the other is to become.
inline bool names_pair(std::string_view a, std::string_view b) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> pairs{{{"input", "target"},
                                                                                 {"inputs", "targets"},
                                                                                 {"input", "output"},
                                                                                 {"inputs", "outputs"},
                                                                                 {"source", "target"},
                                                                                 {"hr", "lr"},
                                                                                 {"high_res", "low_res"},
                                                                                 {"jpegimages", "segmentationclass"},
                                                                                 {"jpegimages", "segmentationobject"},
                                                                                 {"data", "target"},
                                                                                 {"photo", "label"},
                                                                                 {"photos", "segmentation"}}};
  return std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
    return (a == pair.first && b == pair.second) || (a == pair.second && b == pair.first);
  });
}

/// A file's name in lower case without its suffix, and without that of its folder where it holds it: 1 of 1_input.png in input. Files
/// that are counted behind it, as input1.png, keep theirs: so are those of a class.
inline std::string paired_stem(std::string_view path, std::string_view folder) {
  std::string stem = lower_case(path.substr(path.rfind('/') + 1));
  stem.resize(stem.rfind('.'));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool counted = stem.starts_with(folder) && stem.size() > folder.size() && is_digit(stem[folder.size()]);
  if (const std::size_t at = stem.find(folder); at != std::string::npos && !counted) stem.erase(at, folder.size());
  while (!stem.empty() && std::string_view("_-. ").find(stem.back()) != std::string_view::npos) stem.pop_back();
  return stem;
}

/// Throws: Error where two classes are called as inputs and outputs are, and half of the files of one at least are called as files of
/// the other, or as these but for their end (0001 and 0001x2). `images`: those of the two classes.
inline void require_no_pair(const std::string& folder, const std::vector<std::string>& classes,
                            const std::vector<ImageFile>& images) {
  if (classes.size() != 2) return;
  const std::string first = lower_case(classes[0]), second = lower_case(classes[1]);
  if (!names_pair(first, second)) return;
  std::array<std::set<std::string>, 2> stems;
  for (const ImageFile& image : images)
    stems[static_cast<std::size_t>(image.label)].insert(paired_stem(image.path, image.label == 0 ? first : second));
  const auto in_other = [&](std::size_t own) {
    const std::set<std::string>& other = stems[1 - own];
    return 2 * std::count_if(stems[own].begin(), stems[own].end(),
                             [&](const std::string& stem) {
                               const auto next = other.lower_bound(stem);
                               return next != other.end() && next->starts_with(stem);
                             }) >=
           static_cast<std::ptrdiff_t>(stems[own].size());
  };
  require(!in_other(0) && !in_other(1), "the folders '", classes[0], "' and '", classes[1], "' in '", folder,
          "' hold files of the same names: these look like inputs and outputs of a network, not like classes; where they are "
          "classes, rename one of the folders");
}

/// Throws: Error where folders are the parts of two kinds of images to be turned into each other, as CycleGAN has them.
inline void require_no_translation(const std::string& folder, const std::vector<std::string>& classes) {
  const auto has = [&](std::string_view name) {
    return std::any_of(classes.begin(), classes.end(), [&](const std::string& c) { return lower_case(c) == name; });
  };
  require(!has("traina") || !has("trainb"), "the folders of '", folder,
          "' are those of two kinds of images to be turned into each other, trainA and trainB; to tell the kinds apart, make "
          "them train/A and train/B, and the test images test/A and test/B");
}

}  // namespace lmc::detail
