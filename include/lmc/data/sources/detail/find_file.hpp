// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <lmc/core/error.hpp>

namespace lmc::detail {

/// Throws: Error that ends in `advice` when there is no such directory.
inline void require_directory(const std::filesystem::path& directory, std::string_view advice) {
  const bool is_file = std::filesystem::is_regular_file(directory);
  require(!is_file, "'", directory.string(), "' is a file; expected the folder of the data set's files; ", advice);
  require(std::filesystem::is_directory(directory), "there is no directory '", directory.string(), "'; ", advice);
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
