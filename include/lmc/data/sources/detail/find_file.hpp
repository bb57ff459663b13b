// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>

namespace lmc::detail {

/// Throws: Error that ends in `advice` when there is no such directory.
inline void require_directory(const std::filesystem::path& directory, std::string_view advice) {
  const bool is_file = std::filesystem::is_regular_file(directory);
  require(!is_file, "'", directory.string(), "' is a file; expected the folder of the data set's files; ", advice);
  require(std::filesystem::is_directory(directory), "there is no directory '", directory.string(), "'; ", advice);
}

/// The nearest folder below a directory, two levels down at most, for which `holds` is true; nothing where there is none.
/// Looks into 100 folders at most. Those that cannot be read are passed over.
template <class Holds>
std::optional<std::filesystem::path> find_folder_below(const std::filesystem::path& directory, Holds holds) {
  namespace fs = std::filesystem;
  std::vector<fs::path> level{directory};
  for (int depth = 1; depth <= 2; ++depth) {
    std::vector<fs::path> next;
    std::error_code unknown;
    for (const fs::path& folder : level)
      for (fs::directory_iterator entry(folder, unknown), end; !unknown && entry != end; entry.increment(unknown))
        if (entry->is_directory(unknown)) next.push_back(entry->path());
    std::sort(next.begin(), next.end());
    next.resize(std::min<std::size_t>(next.size(), 100));
    const auto found = std::find_if(next.begin(), next.end(), [&](const fs::path& folder) {
      return !fs::is_empty(folder, unknown) && !unknown && holds(folder);
    });
    if (found != next.end()) return *found;
    level = std::move(next);
  }
  return std::nullopt;
}

/// The path of directory/name or directory/name.gz, the first that exists.
inline std::optional<std::filesystem::path> plain_or_gzip(const std::filesystem::path& directory, const std::string& name) {
  for (const char* suffix : {"", ".gz"}) {
    std::filesystem::path path = directory / (name + suffix);
    if (std::filesystem::exists(path)) return path;
  }
  return std::nullopt;
}

/// The same. Throws: Error that ends in `advice` when neither exists.
inline std::filesystem::path find_plain_or_gzip(const std::filesystem::path& directory, const std::string& name,
                                                std::string_view advice) {
  require_directory(directory, advice);
  const auto path = plain_or_gzip(directory, name);
  require(path.has_value(), "there is neither '", name, "' nor '", name, ".gz' in '", directory.string(), "'; ", advice);
  return *path;
}

}  // namespace lmc::detail
