// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/io/output_file.hpp>

/// Which file each output of a program writes, so that none is one that the program reads, or another output's: one of the two would
/// be lost. Devices, such as /dev/null, can have several.
class OutputClaims {
 public:
  /// The files and folders that the program reads.
  explicit OutputClaims(std::vector<std::string> read) : read_(std::move(read)) {}

  /// Throws: lmc::Error that names the option.
  void claim(const char* option, const std::filesystem::path& path) {
    std::error_code none;
    const auto file = std::filesystem::weakly_canonical(std::filesystem::absolute(path), none);
    if (std::filesystem::exists(file, none) && !std::filesystem::is_regular_file(file, none)) return;
    for (const std::string& input : read_) {
      lmc::require(!std::filesystem::equivalent(path, input, none), option, " '", path.string(),
                   "' is read, and would be overwritten; give another name");
      lmc::require(!std::filesystem::exists(file, none) || !std::filesystem::is_directory(input, none) ||
                       !lies_in(input, std::filesystem::absolute(path)),
                   option, " '", path.string(), "' is a file in the folder '", input,
                   "', which is read, and would be overwritten; give another name");
    }
    const auto [taken, is_new] = claimed_.emplace(file, option);
    lmc::require(is_new, option, " and ", taken->second, " both write '", path.string(), "'; expected a file for each");
  }
  /// The file, opened before anything is computed; none for an empty path. Throws: lmc::Error also when it cannot be written.
  std::optional<lmc::OutputFile> open(const char* option, const std::string& path) {
    if (path.empty()) return std::nullopt;
    claim(option, path);
    return std::optional<lmc::OutputFile>(std::in_place, path);
  }

 private:
  // However the two are written; a link in the folder to a file elsewhere is a file of the folder, too.
  static bool lies_in(const std::filesystem::path& folder, const std::filesystem::path& file) {
    std::error_code none;
    const auto inside = std::filesystem::canonical(folder, none);
    for (const auto& place : {std::filesystem::canonical(file, none), std::filesystem::canonical(file.parent_path(), none)})
      if (!inside.empty() && std::mismatch(inside.begin(), inside.end(), place.begin(), place.end()).first == inside.end())
        return true;
    return false;
  }

  std::vector<std::string> read_;
  std::map<std::filesystem::path, const char*> claimed_;
};
