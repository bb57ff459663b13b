// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/wording.hpp>
#include <lmc/data/read_report.hpp>
#include <lmc/data/sources/detail/image_masks.hpp>
#include <lmc/data/sources/detail/image_tree.hpp>
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/data/sources/detail/read_notes.hpp>
#include <lmc/data/sources/detail/unicode_form.hpp>
#include <lmc/io/detail/text_kind.hpp>

namespace lmc::detail {

/// What a folder's name says about what is in it.
enum class PartName { none, train, validation, test };

/// By the name as a whole or its last word, in any case: Train, training_set, seg_train, val, Testing, …
inline PartName part_name(std::string_view name) {
  const auto known = [](std::string word) {
    std::erase_if(word, [](char c) { return c < 'a' || c > 'z'; });
    for (const std::string_view end : {"set", "data", "images", "imgs", "part"})
      if (word.ends_with(end) && word.size() > end.size()) word.resize(word.size() - end.size());
    if (word == "train" || word == "training") return PartName::train;
    if (word == "val" || word == "valid" || word == "validation" || word == "dev") return PartName::validation;
    return word == "test" || word == "testing" || word == "eval" ? PartName::test : PartName::none;
  };
  const std::string lower = lower_case(name);
  const PartName whole = known(lower);
  const std::size_t blank = lower.find_last_of("_- .");
  return whole != PartName::none || blank == std::string::npos ? whole : known(lower.substr(blank + 1));
}

/// Whether a name is one that data sets give to folders of no class: images of all classes, what belongs to them, or a share of them,
/// as images, masks, fold3, batch_1.
inline bool is_no_class_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> whole{"image", "images", "imgs", "img"};
  constexpr std::array<std::string_view, 5> numbered{"fold", "split", "batch", "part", "shard"};
  std::string word = lower_case(name);
  const auto among = [&](const auto& known) { return std::find(known.begin(), known.end(), word) != known.end(); };
  if (among(whole) || is_mask_folder_name(name)) return true;
  while (!word.empty() && (is_digit(word.back()) || word.back() == '_' || word.back() == '-' || word.back() == ' '))
    word.pop_back();
  return word.size() < name.size() && among(numbered);
}

/// Where the class folders of a data set lie: their paths below its folder begin with `train` and `test`, which are empty or end in
/// a slash.
struct ImageLayout {
  std::string train, test;
  bool has_test = false;
  std::vector<ReadNote> notes;
};

/// Finds the class folders below a data set's folder.
class ImageLayoutFinder {
 public:
  explicit ImageLayoutFinder(std::string root) : root_(std::move(root)) {}

  ImageLayout find() {
    const std::string top = enter("", PartName::none);
    const FolderContent content = list(top);
    const bool wnids = std::find(content.others.begin(), content.others.end(), "wnids.txt") != content.others.end();
    require(!wnids || !std::filesystem::is_directory(root_ + "/" + top + "val/images"), shown(top),
            " is the tree of Tiny ImageNet; read it with load_tiny_imagenet, `--dataset tiny-imagenet`");
    std::vector<std::string> train, tests, rest;
    for (const std::string& name : content.folders) {
      const PartName part = part_name(name);
      (part == PartName::none ? rest : part == PartName::train ? train : tests).push_back(name);
    }
    // A folder `train` of images among others is a class of vehicles.
    if (!rest.empty()) std::erase_if(train, [&](const std::string& name) { return list(top + name).folders.empty(); });
    require(train.size() <= 1, "there are '", train.size() > 1 ? train[0] : "", "' and '", train.size() > 1 ? train[1] : "",
            "' in ", shown(top), "; expected one training part: move their images together");
    if (train.empty()) {
      take_classes(top, content, tests);
    } else {
      take_parts(top, content, train[0], tests, rest);
    }
    return std::move(layout_);
  }

 private:
  [[nodiscard]] FolderContent list(const std::string& path) const { return list_folder(root_ + "/" + path); }
  [[nodiscard]] std::string shown(const std::string& path) const {
    return "'" + root_ + (path.empty() ? "" : "/") + path.substr(0, path.size() - (path.ends_with('/') ? 1 : 0)) + "'";
  }

  // A folder that holds nothing but one folder of folders is opened, as archives have one around all; of those that are named as
  // parts only the part itself.
  std::string enter(std::string path, PartName within) {
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    for (;;) {
      const FolderContent content = list(path);
      require(seen.insert(content.identity).second, shown(path), " is a link to a folder that it lies in; remove it");
      if (!content.images.empty() || content.folders.size() != 1) return path;
      const PartName part = part_name(content.folders[0]);
      if (part != PartName::none && part != within) return path;
      const std::string inner = path + content.folders[0];
      const FolderContent below = list(inner);
      if (!below.images.empty() || below.folders.empty()) return path;
      add_note(layout_.notes, "folders around all others were opened", inner);
      path = inner + "/";
    }
  }

  // A table in a folder, which may hold the labels of images without class folders.
  [[nodiscard]] static std::string table_hint(const FolderContent& content) {
    for (const std::string& name : content.others)
      for (const std::string_view suffix : {".csv", ".tsv", ".json", ".xlsx", ".txt", ".mat", ".parquet"})
        if (suffix_of(name) == suffix)
          return concat("; the table '", name, "' may say which image is of which class: sort them by it");
    return "";
  }
  void require_folders(const std::string& path, const FolderContent& content, const std::string& hint) const {
    require(!content.folders.empty(), "there is no folder in ", shown(path), content.images.empty() ? "" : ", but ",
            content.images.empty() ? "" : std::to_string(content.images.size()) + " images",
            "; expected one folder per class, with its images in it", content.images.empty() ? "" : hint);
  }

  void require_class_names(const std::string& path, const FolderContent& content) const {
    for (const std::string& name : content.folders)
      require(!is_no_class_name(name), "the folder '", name, "' in ", shown(path),
              " is no class by its name; expected one folder per class, with its images in it", table_hint(content),
              "; where it is a class, rename it");
  }

  void take_classes(const std::string& top, const FolderContent& content, const std::vector<std::string>& tests) {
    require_folders(top, content, table_hint(content));
    require(tests.empty(), "there is a folder '", tests.empty() ? "" : tests[0], "' in ", shown(top),
            ", but none named train; expected 'train' beside it, or else one folder per class: where it is a class, rename it");
    require_class_names(top, content);
    require(content.folders.size() > 1, shown(top + content.folders[0]),
            " is the only class; expected two or more, a folder for each", table_hint(list(top + content.folders[0])),
            table_hint(content));
    layout_.train = top;
    note_files(top, content);
  }

  void take_parts(const std::string& top, const FolderContent& content, const std::string& train,
                  const std::vector<std::string>& tests, const std::vector<std::string>& rest) {
    layout_.train = enter(top + train + "/", PartName::train);
    const FolderContent classes = list(layout_.train);
    require_folders(layout_.train, classes, table_hint(content));
    require_class_names(layout_.train, classes);
    const auto way_out = [&] { return concat("load ", shown(top + train), " to put a share of its images aside"); };
    require(!tests.empty(), shown(top), " has a folder '", train, "', but neither 'test' nor 'val'; ", way_out(),
            rest.empty() ? "" : ", or rename it where it is a class");
    std::string why;                           // of the first that has no labels
    std::vector<std::string> ordered = tests;  // test before val
    std::stable_partition(ordered.begin(), ordered.end(),
                          [](const std::string& name) { return part_name(name) == PartName::test; });
    for (const std::string& name : ordered) {
      if (layout_.has_test) {
        add_note(layout_.notes, "folders beside the two parts were passed over", top + name);
        continue;
      }
      const std::string reason = take_test(top + name + "/", classes);
      if (reason.empty()) continue;
      add_note(layout_.notes, "test parts without labels were passed over", top + name);
      if (why.empty()) why = reason;
    }
    require(layout_.has_test, why, "; ", way_out());
    for (const std::string& name : rest) add_note(layout_.notes, "folders beside the two parts were passed over", top + name);
    require(list(layout_.test).identity != classes.identity, shown(layout_.test), " and ", shown(layout_.train),
            " are the same folder; ", way_out());
    note_files(top, content);
    note_files(layout_.train, classes);
    note_files(layout_.test, list(layout_.test));
  }

  // Takes a folder for the test part where one of its folders at least is a class; else says why not.
  std::string take_test(const std::string& path, const FolderContent& classes) {
    const std::string entered = list(path).folders.size() == 1 && part_name(list(path).folders[0]) != PartName::none
                                    ? enter(path, part_name(list(path).folders[0]))
                                    : path;
    const FolderContent content = list(entered);
    if (content.folders.empty() && content.images.empty())
      return concat("there is no folder in ", shown(path), "; expected one folder per class, with its images in it");
    if (content.folders.empty())
      return concat(shown(path), " has ", content.images.size(), " images and no folder per class: they have no labels");
    const auto is_class = [&](const std::string& name) {
      return std::any_of(classes.folders.begin(), classes.folders.end(),
                         [&](const std::string& c) { return c == name || differ_in_unicode_form(c, name); });
    };
    if (std::none_of(content.folders.begin(), content.folders.end(), is_class))
      return concat("there is a class folder ", shown(entered + content.folders[0]), ", but no ",
                    shown(layout_.train + content.folders[0]),
                    "; expected the test part's classes among those of the training part");
    layout_.test = entered;
    layout_.has_test = true;
    return "";
  }

  void note_files(const std::string& top, const FolderContent& content) {
    if (!content.images.empty())
      add_note(layout_.notes, "images outside the class folders were passed over", top + content.images[0],
               static_cast<Index>(content.images.size()));
  }

  std::string root_;
  ImageLayout layout_;
};

}  // namespace lmc::detail
