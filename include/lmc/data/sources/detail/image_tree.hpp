// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/image_masks.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>

namespace lmc::detail {

/// Device and number of a file or folder: the same by whatever path. Zeros are of none.
using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;

/// An image of a data set. What the system says of it is 0 until look_up_files().
struct ImageFile {
  std::string path;  // below the data set's folder, as in `train/cat/1.png`
  std::int32_t label = 0;
  std::int64_t size = 0;      // bytes
  std::int64_t modified = 0;  // when its content changed, which a program can set; nanoseconds since 1970
  std::int64_t changed = 0;   // when its content or its entry changed, which none can set; nanoseconds since 1970
  FileIdentity identity = {};
};

/// The images of a data set, in the order of its examples.
struct ImageList {
  std::vector<std::string> classes;  // their names
  std::vector<ImageFile> train, test;
  std::vector<ReadNote> notes;
};

/// What a file's name ends in behind the last dot, in lower case and with the dot; nothing where there is no such end.
inline std::string suffix_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > 10) return "";
  return lower_case(name.substr(dot));
}

/// Whether a file's name ends in .jpg, .jpeg or .png, in any case.
inline bool has_image_suffix(std::string_view name) {
  const std::string suffix = suffix_of(name);
  return suffix == ".jpg" || suffix == ".jpeg" || suffix == ".png";
}

/// Whether a name is none that a user gave: hidden ones, which begin with a dot, and what systems put beside files.
inline bool is_of_system(std::string_view name) {
  constexpr std::array<std::string_view, 5> known{"__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir", "lost+found"};
  return name.starts_with('.') || std::find(known.begin(), known.end(), name) != known.end();
}

/// What is in a folder, each sorted by the bytes of the names. Names of systems are left out.
struct FolderContent {
  std::vector<std::string> images;   // files with an image's suffix
  std::vector<std::string> folders;  // symbolic links are followed
  std::vector<std::string> others;   // files with another suffix
  FileIdentity identity;
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
    if (is_of_system(name)) continue;
    auto type = entry->d_type;
    if (type != DT_REG && type != DT_DIR && ::fstatat(::dirfd(directory.get()), entry->d_name, &status, 0) == 0)
      type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_UNKNOWN;
    if (type == DT_DIR) content.folders.emplace_back(name);
    // A link that leads nowhere is an image that is missing: reading it says so.
    if (type == DT_REG || type == DT_LNK) (has_image_suffix(name) ? content.images : content.others).emplace_back(name);
    errno = 0;
  }
  require(errno == 0, "cannot read the folder '", path, "': ", std::strerror(errno));
  for (auto* names : {&content.images, &content.folders, &content.others}) std::sort(names->begin(), names->end());
  return content;
}

/// The phrase of a note about a file that is no image by its name.
inline std::string passed_over(std::string_view name) {
  const std::string suffix = suffix_of(name);
  return suffix.empty() ? "files without a suffix were passed over"
                        : "files with the suffix " + suffix + " were passed over: they are no .jpg, .jpeg or .png";
}

/// Adds the images of root/folder and of all folders below it, as `folder/…`, to images: folder by folder, sorted by their
/// paths, and by name in each, as torchvision's ImageFolder has it. A folder that several links lead to is read once. Notes say
/// what was passed over. Throws: Error when a folder cannot be read, is a link to one that it lies in, or holds masks.
inline void list_images_below(const std::string& root, const std::string& folder, std::int32_t label,
                              std::vector<ImageFile>& images, std::vector<ReadNote>& notes) {
  std::map<std::string, std::vector<std::string>> found;
  std::vector<FileIdentity> above;
  std::set<FileIdentity> seen;
  const auto visit = [&](const auto& self, const std::string& path) -> void {
    FolderContent content = list_folder(root + "/" + path);
    require(std::find(above.begin(), above.end(), content.identity) == above.end(), "'", root, "/", path,
            "' is a link to a folder that it lies in; remove it");
    if (!seen.insert(content.identity).second)
      return add_note(notes, "links to folders that were read already were passed over", path);
    require(path == folder || content.images.empty() || !is_mask_folder_name(path.substr(path.rfind('/') + 1)), "the folder '",
            root, "/", path, "' holds no images of a class by its name; move it out of '", root,
            "', or rename it where it does");
    require_no_masks(root, path, content.images);
    above.push_back(content.identity);
    for (const std::string& name : content.others) add_note(notes, passed_over(name), path + "/" + name);
    if (path != folder && !content.images.empty())
      add_note(notes, "images in folders below those of their classes were read", path + "/" + content.images[0],
               static_cast<Index>(content.images.size()));
    found[path] = std::move(content.images);
    for (const std::string& name : content.folders) self(self, path + "/" + name);
    above.pop_back();
  };
  visit(visit, folder);
  for (const auto& [path, names] : found)
    for (const std::string& name : names) images.push_back({.path = path + "/" + name, .label = label});
}

}  // namespace lmc::detail
