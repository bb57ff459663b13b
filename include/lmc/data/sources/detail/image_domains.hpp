// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/detail/image_layout.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>

namespace lmc::detail {

/// The folders that divide a class folder without images of its own.
struct InnerFolders {
  std::string path;                // of the folder that they lie in, below the data set's
  std::vector<std::string> names;  // of those that may be classes
};

/// Those of root/path, which holds `content`, or below folders that hold nothing but one folder.
inline InnerFolders inner_folders(const std::string& root, std::string path, FolderContent content) {
  constexpr int deepest = 8;  // a link may lead in a circle, which list_images_below refuses
  for (int depth = 0; depth < deepest && content.images.empty() && content.folders.size() == 1; ++depth) {
    path += "/" + content.folders[0];
    content = list_folder(root + "/" + path);
  }
  if (!content.images.empty()) return {std::move(path), {}};
  std::erase_if(content.folders, is_no_class_name);
  return {std::move(path), std::move(content.folders)};
}

/// Throws: Error where the folders that would be classes look like domains, with the classes in each: two of them have two folders or
/// more in common, and half of those of the one that has fewer.
inline void require_no_domains(const std::string& root, const std::vector<InnerFolders>& folders) {
  std::map<std::string, std::size_t> first;  // the first that has a folder of a name
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const InnerFolders& own = folders[i];
    std::map<std::size_t, std::vector<std::string>> common;
    for (const std::string& name : own.names)
      if (const auto [known, added] = first.emplace(name, i); !added) common[known->second].push_back(name);
    for (const auto& [k, names] : common) {
      const InnerFolders& other = folders[k];
      if (names.size() < 2 || 2 * names.size() < std::min(own.names.size(), other.names.size())) continue;
      throw Error(concat("'", root, "/", other.path, "' and '", root, "/", own.path, "' have folders of the same names, '",
                         names[0], "' and '", names[1],
                         "' among them: these look like the classes, and what they lie in like domains; give the folder of one "
                         "domain, '",
                         root, "/", other.path,
                         "', or, where the outer folders are the classes, move the images out of the inner ones"));
    }
  }
}

}  // namespace lmc::detail
