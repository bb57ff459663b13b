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
#include <lmc/data/sources/detail/lower_case.hpp>
#include <lmc/io/output_file.hpp>

/// Which file each output of a program writes, so that none is one that the program reads, or another output's: one of the two would
/// be lost. Devices, such as /dev/null, can have several.
class OutputClaims {
 public:
  /// The files and folders that the program reads; images: the one among them whose subfolders are classes of images.
  explicit OutputClaims(std::vector<std::string> read, std::optional<std::string> images = std::nullopt)
      : read_(std::move(read)), images_(std::move(images)) {}

  /// Throws: lmc::Error that names the option.
  void claim(const char* option, const std::filesystem::path& path) {
    std::error_code none;
    const auto file = std::filesystem::weakly_canonical(std::filesystem::absolute(path), none);
    if (std::filesystem::exists(file, none) && !std::filesystem::is_regular_file(file, none)) return;
    for (const auto& [stream, name] : {std::pair("/dev/stdout", "output"), std::pair("/dev/stderr", "error")})
      lmc::require(!std::filesystem::equivalent(path, stream, none), option, " '", path.string(),
                   "' is the file that the standard ", name, " goes to, and what is printed would be lost; give another name");
    if (images_) require_no_image(option, path, file);
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
  // Throws: Error where the file would lie among the images of a class, at any depth.
  void require_no_image(const char* option, const std::filesystem::path& path, const std::filesystem::path& file) const {
    std::error_code none;
    const auto images = std::filesystem::canonical(*images_, none);
    auto folder = file.parent_path();
    if (folder == images || !is_below(images, folder)) return;
    while (folder.parent_path() != images) folder = folder.parent_path();
    lmc::require(!holds_image(folder), option, " '", path.string(), "' would lie in the folder '", folder.string(),
                 "', whose images are read; give another place");
  }
  // However the two are written; a link in the folder to a file elsewhere is a file of the folder, too.
  static bool lies_in(const std::filesystem::path& folder, const std::filesystem::path& file) {
    std::error_code none;
    const auto inside = std::filesystem::canonical(folder, none);
    return is_below(inside, std::filesystem::canonical(file, none)) ||
           is_below(inside, std::filesystem::canonical(file.parent_path(), none));
  }
  // Both of them canonical; no folder is one that there is not.
  static bool is_below(const std::filesystem::path& folder, const std::filesystem::path& place) {
    return !folder.empty() && std::mismatch(folder.begin(), folder.end(), place.begin(), place.end()).first == folder.end();
  }
  // In it, or in a folder of it.
  static bool holds_image(const std::filesystem::path& folder) {
    std::error_code none;
    const std::filesystem::recursive_directory_iterator entries(folder, none);
    return std::any_of(begin(entries), end(entries), [](const auto& entry) {
      const std::string suffix = lmc::detail::lower_case(entry.path().extension().string());
      return suffix == ".png" || suffix == ".jpg" || suffix == ".jpeg";
    });
  }

  std::vector<std::string> read_;
  std::optional<std::string> images_;
  std::map<std::filesystem::path, const char*> claimed_;
};
