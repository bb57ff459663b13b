// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// An image of a data set.
struct ImageFile {
  std::string path;  // below the data set's folder, as in `train/cat/1.png`
  std::int32_t label = 0;
  std::int64_t size = 0;      // bytes; where it was looked up
  std::int64_t modified = 0;  // nanoseconds since 1970; where it was looked up
};

/// The images of a data set, in the order of its examples.
struct ImageList {
  Index classes = 0;
  std::vector<ImageFile> train, test;
};

/// Whether a file's name ends in .jpg, .jpeg or .png, in any case.
inline bool has_image_suffix(std::string_view name) {
  constexpr std::array<std::string_view, 3> suffixes{".jpg", ".jpeg", ".png"};
  const auto same = [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); };
  return std::any_of(suffixes.begin(), suffixes.end(), [&](std::string_view s) {
    return name.size() > s.size() && std::equal(s.begin(), s.end(), name.end() - static_cast<std::ptrdiff_t>(s.size()), same);
  });
}

/// What is in a folder, each sorted by the bytes of the names. Hidden names, which begin with a dot, are left out.
struct FolderContent {
  std::vector<std::string> images;                   // files with an image's suffix
  std::vector<std::string> folders;                  // symbolic links are followed
  std::pair<std::uint64_t, std::uint64_t> identity;  // device and number: the same folder by whatever path
};

/// Throws: Error that names the folder when it cannot be read.
inline FolderContent list_folder(const std::string& path) {
  const auto close = [](DIR* d) { ::closedir(d); };
  const std::unique_ptr<DIR, decltype(close)> directory(::opendir(path.c_str()), close);
  struct stat status {};
  require(directory != nullptr && ::fstat(::dirfd(directory.get()), &status) == 0, "cannot read the folder '", path,
          "': ", std::strerror(errno));
  FolderContent content;
  content.identity = {status.st_dev, status.st_ino};
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name.starts_with('.')) continue;
    auto type = entry->d_type;
    if (type != DT_REG && type != DT_DIR && ::fstatat(::dirfd(directory.get()), entry->d_name, &status, 0) == 0)
      type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_UNKNOWN;
    if (type == DT_DIR) content.folders.emplace_back(name);
    // A link that leads nowhere is an image that is missing: reading it says so.
    if ((type == DT_REG || type == DT_LNK) && has_image_suffix(name)) content.images.emplace_back(name);
    errno = 0;
  }
  require(errno == 0, "cannot read the folder '", path, "': ", std::strerror(errno));
  std::sort(content.images.begin(), content.images.end());
  std::sort(content.folders.begin(), content.folders.end());
  return content;
}

/// Adds the images of root/folder and of all folders below it, as `folder/…`, to images: folder by folder, sorted by their
/// paths, and by name in each, as torchvision's ImageFolder has it. Throws: Error when a folder cannot be read, or is a link to
/// one that it lies in.
inline void list_images_below(const std::string& root, const std::string& folder, std::int32_t label,
                              std::vector<ImageFile>& images) {
  std::map<std::string, std::vector<std::string>> found;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> above;
  const auto visit = [&](const auto& self, const std::string& path) -> void {
    FolderContent content = list_folder(root + "/" + path);
    require(std::find(above.begin(), above.end(), content.identity) == above.end(), "'", root, "/", path,
            "' is a link to a folder that it lies in; remove it");
    above.push_back(content.identity);
    found[path] = std::move(content.images);
    for (const std::string& name : content.folders) self(self, path + "/" + name);
    above.pop_back();
  };
  visit(visit, folder);
  for (const auto& [path, names] : found)
    for (const std::string& name : names) images.push_back({.path = path + "/" + name, .label = label});
}

}  // namespace lmc::detail
