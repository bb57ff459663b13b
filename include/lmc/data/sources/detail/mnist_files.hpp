// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/detail/find_file.hpp>

namespace lmc::detail {

/// The four files of a data set in MNIST's format.
struct MnistFiles {
  std::filesystem::path folder;
  std::string prefix;                               // what their names begin with, as emnist-letters-
  std::array<std::filesystem::path, 4> paths = {};  // training images and labels, test images and labels; empty where missing

  [[nodiscard]] bool complete() const {
    return std::none_of(paths.begin(), paths.end(), [](const auto& path) { return path.empty(); });
  }
  /// How to ask for these alone.
  [[nodiscard]] std::string name() const {
    return prefix.empty() ? folder.string() : (folder / prefix.substr(0, prefix.size() - 1)).string();
  }
};

/// Which of the four a file's name says it is, what stands before, and how good a name it is (0 is MNIST's own). Names are those of
/// MNIST's site, of its archives on Kaggle (a dot for a dash), and of EMNIST (`test` for `t10k`), each plain or with .gz.
struct MnistName {
  std::string prefix;
  std::size_t role = 0, rank = 0;
};
inline std::optional<MnistName> mnist_name(std::string name) {
  std::size_t rank = 0;
  if (name.ends_with(".gz")) {
    name.resize(name.size() - 3);
    rank = 1;
  }
  constexpr std::array<std::string_view, 2> kinds{"images", "labels"}, types{"idx3-ubyte", "idx1-ubyte"};
  for (std::size_t kind = 0; kind < 2; ++kind) {
    for (const char dash : {'-', '.'}) {
      const std::string end = std::string(kinds[kind]) + dash + std::string(types[kind]);
      if (!name.ends_with(end)) continue;
      const std::string before = name.substr(0, name.size() - end.size());
      for (const auto& [part, test] : {std::pair<std::string_view, bool>{"train-", false}, {"t10k-", true}, {"test-", true}}) {
        if (!before.ends_with(part)) continue;
        const std::string prefix = before.substr(0, before.size() - part.size());
        if (!prefix.empty() && !prefix.ends_with('-')) continue;
        return MnistName{prefix, (test ? 2U : 0U) + kind, rank + (dash == '.' ? 2U : 0U)};
      }
    }
  }
  return std::nullopt;
}

/// Sets of files in a folder, by what their names begin with. A file may lie in a folder of its name, as Kaggle's archive has it.
inline std::vector<MnistFiles> mnist_files_in(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::map<std::string, std::pair<MnistFiles, std::array<std::size_t, 4>>> sets;
  const auto take = [&](const fs::path& path, const MnistName& name) {
    if (!fs::is_regular_file(path)) return;
    auto& [set, ranks] = sets[name.prefix];
    set.folder = folder;
    set.prefix = name.prefix;
    if (!set.paths[name.role].empty() && ranks[name.role] <= name.rank) return;
    set.paths[name.role] = path;
    ranks[name.role] = name.rank;
  };
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const auto name = mnist_name(entry.path().filename().string());
    if (!name) continue;
    take(entry.path(), *name);
    if (!entry.is_directory()) continue;
    for (const fs::directory_entry& inner : fs::directory_iterator(entry.path())) {
      const auto inner_name = mnist_name(inner.path().filename().string());
      if (inner_name && inner_name->role == name->role && inner_name->prefix == name->prefix) take(inner.path(), *inner_name);
    }
  }
  std::vector<MnistFiles> result;
  for (auto& [prefix, found] : sets) result.push_back(std::move(found.first));
  return result;
}

/// The files of the one data set in a directory, or in folders that libraries and archives make in it (MNIST/raw, raw, gzip, …). The
/// directory may end in what the files' names begin with, as `emnist/emnist-letters`. Throws: Error that ends in `advice` when there is
/// none; Error that lists those that there are when there are several.
inline MnistFiles find_mnist_files(const std::filesystem::path& directory, std::string_view advice) {
  namespace fs = std::filesystem;
  const fs::path above = directory.has_parent_path() ? directory.parent_path() : fs::path(".");
  const bool split = !fs::is_directory(directory) && fs::is_directory(above);
  const std::string prefix = split ? directory.filename().string() + "-" : "";
  const fs::path folder = split ? above : directory;
  if (!split) require_directory(directory, advice);
  std::vector<MnistFiles> found;
  const auto look_in = [&](const fs::path& path) {
    if (!fs::is_directory(path)) return;
    for (MnistFiles& set : mnist_files_in(path))
      if (!split || set.prefix == prefix) found.push_back(std::move(set));
  };
  look_in(folder);
  if (found.empty()) {
    for (const char* inner : {"raw", "gzip", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw", "EMNIST/raw"})
      look_in(folder / inner);
  }
  if (found.empty()) require_directory(directory, advice);
  std::vector<MnistFiles> complete;
  std::copy_if(found.begin(), found.end(), std::back_inserter(complete), [](const MnistFiles& set) { return set.complete(); });
  if (complete.size() == 1) return std::move(complete[0]);
  std::string names;
  for (const MnistFiles& set : complete) names += concat(names.empty() ? "" : ", ", "'", set.name(), "'");
  require(complete.empty(), "there are ", complete.size(), " data sets in '", directory.string(), "'; expected one: give ",
          names);

  if (found.empty() && !split) {
    const auto below = find_folder_below(directory, [](const fs::path& path) {
      const std::vector<MnistFiles> sets = mnist_files_in(path);
      return std::any_of(sets.begin(), sets.end(), [](const MnistFiles& set) { return set.complete(); });
    });
    require(!below, "there are no files of MNIST's format in '", directory.string(), "', but in '",
            below ? below->string() : "", "'; give that");
  }

  MnistFiles nearest{.folder = folder, .prefix = prefix};
  if (!found.empty()) nearest = found[0];
  constexpr std::array<std::string_view, 4> own{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                                "t10k-labels-idx1-ubyte"};
  const auto missing = static_cast<std::size_t>(
      std::find_if(nearest.paths.begin(), nearest.paths.end(), [](const auto& path) { return path.empty(); }) -
      nearest.paths.begin());
  std::string there;
  int listed = 0;
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(nearest.folder))
    files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files)
    if (!file.starts_with('.') && listed++ < 8) there += concat(there.empty() ? "" : ", ", "'", file, "'");
  throw Error(concat("there is neither '", nearest.prefix, own[missing], "' nor '", nearest.prefix, own[missing], ".gz' in '",
                     nearest.folder.string(), "'", there.empty() ? "" : "; there are: ", there, listed > 8 ? ", …" : "", "; ",
                     advice));
}

}  // namespace lmc::detail
