// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/parallel/thread_team.hpp>

namespace lmc::detail {

/// Fills in what the system says of the images of both parts. It is to be called before they are read, so that an image that
/// changes meanwhile has another time than a cache of what was read.
inline void look_up_files(const std::string& root, ImageList& list, const ThreadTeam& team) {
  constexpr std::int64_t second = 1'000'000'000;
  for (auto* part : {&list.train, &list.test}) {
    team.for_each(static_cast<Index>(part->size()), [&](Index i, int) {
      ImageFile& file = (*part)[static_cast<std::size_t>(i)];
      struct stat status {};
      if (::stat((root + "/" + file.path).c_str(), &status) != 0) return;  // decoding says what is wrong with it
      file.size = status.st_size;
      file.modified = second * status.st_mtim.tv_sec + status.st_mtim.tv_nsec;
      file.changed = second * status.st_ctim.tv_sec + status.st_ctim.tv_nsec;
      file.identity = {status.st_dev, status.st_ino};
    });
  }
}

/// Leaves out files that a part has already by another path, through links to them or to folders around them, and notes them.
/// Throws: Error when one file is of two classes or in both parts.
inline void take_each_file_once(const std::string& root, ImageList& list) {
  const auto refuse = [&](const ImageFile& a, const ImageFile& b, const std::string& where, const char* expected) {
    throw Error(concat("'", root, "/", a.path, "' and '", root, "/", b.path, "' are one file, by a link, and it would be ",
                       where, "; expected each image in one ", expected, ": remove one of the two"));
  };
  std::map<FileIdentity, const ImageFile*> trained;
  std::vector<ImageFile> train, test;
  for (const auto& [part, once] : {std::pair(&list.train, &train), std::pair(&list.test, &test)}) {
    std::map<FileIdentity, const ImageFile*> found;
    for (const ImageFile& file : *part) {
      const bool known = file.identity != FileIdentity{};
      if (const auto other = trained.find(file.identity); known && other != trained.end())
        refuse(file, *other->second, "in the training and in the test part", "part");
      const auto [other, first] = found.emplace(file.identity, &file);
      if (known && !first && other->second->label != file.label)
        refuse(file, *other->second,
               concat("of the classes '", list.classes[static_cast<std::size_t>(file.label)], "' and '",
                      list.classes[static_cast<std::size_t>(other->second->label)], "'"),
               "class");
      if (known && !first)
        add_note(list.notes, "links to images that were read already were passed over", file.path);
      else
        once->push_back(file);
    }
    if (once == &train) trained = std::move(found);
  }
  list.train = std::move(train);
  list.test = std::move(test);
}

}  // namespace lmc::detail
