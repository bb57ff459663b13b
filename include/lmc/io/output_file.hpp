// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <lmc/core/error.hpp>

namespace lmc {

/// A file that appears under its name when it is complete, or not at all. Until commit() what is written goes to a temporary
/// file beside it, `name.<process>-<number>.tmp`, and an older file of that name stays as it is.
///
/// Opened before a long computation, it finds out at once that its result could not be written. A symbolic link is followed, also
/// to a file that is not there yet. What exists and is no regular file (a pipe, /dev/null) cannot be replaced, and is written to directly.
class OutputFile {
 public:
  /// Throws: Error when the file could not be written: its directory is missing, it is a directory itself, permission is
  /// missing.
  explicit OutputFile(std::filesystem::path path) : path_(std::move(path)), target_(path_) {
    std::error_code none;
    require(path_.has_filename(), "cannot write '", path_.string(), "': expected the name of a file");
    const auto status = std::filesystem::status(path_, none);
    require(!std::filesystem::is_directory(status), "cannot write '", path_.string(), "': it is a directory, expected a file");
    if (std::filesystem::exists(status)) {
      // For a pipe, /dev/fd is a link to a name that does not exist.
      if (std::filesystem::is_regular_file(status)) target_ = std::filesystem::canonical(path_, none);
      // Renaming would replace a file that its owner has made read-only; appending nothing does not touch it.
      errno = 0;
      stream_.open(target_, std::ios::binary | std::ios::app);
      require(stream_.is_open(), "cannot write '", path_.string(), "': ", std::strerror(errno));
      if (!std::filesystem::is_regular_file(status)) return;
      stream_.close();
    } else {
      for (int links = 0; links < 40 && std::filesystem::is_symlink(target_, none); ++links)
        target_ = target_.parent_path() / std::filesystem::read_symlink(target_, none);
      const std::filesystem::path directory = target_.has_parent_path() ? target_.parent_path() : ".";
      require(std::filesystem::is_directory(directory, none), "cannot write '", path_.string(), "': there is no directory '",
              directory.string(), "'; create it first");
    }
    create_temporary();
    errno = 0;
    stream_.open(temporary_, std::ios::binary);
    const int reason = errno;
    if (!stream_.is_open()) remove_temporary();
    require(stream_.is_open(), "cannot write '", path_.string(), "': ", std::strerror(reason));
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() {
    if (!temporary_.empty()) remove_temporary();
  }

  /// Where to write, in binary.
  [[nodiscard]] std::ostream& stream() { return stream_; }
  /// Whether somebody has removed what was written so far, as with the folder that it was in, or put another file in its place, as
  /// where the folder was copied to another disk.
  [[nodiscard]] bool is_lost() const {
    struct stat now {};
    return !temporary_.empty() &&
           (::stat(temporary_.c_str(), &now) != 0 || now.st_dev != created_.st_dev || now.st_ino != created_.st_ino);
  }
  /// The name that the file will have, as it was given.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Gives the complete file its name; called once. Throws: Error when not everything could be written; an older file of that
  /// name is then untouched.
  void commit() {
    assert(stream_.is_open());
    errno = 0;
    stream_.close();
    require(stream_.good(), "cannot write all of '", path_.string(),
            "': ", errno != 0 ? std::strerror(errno) : "is the disk full?");
    if (temporary_.empty()) return;
    require(!is_lost(), "cannot write '", path_.string(), "': its temporary file '", temporary_.string(),
            "' was removed, or another put in its place");
    std::error_code failure;
    std::filesystem::rename(temporary_, target_, failure);
    require(!failure, "cannot write '", path_.string(), "': ", failure.message());
    temporary_.clear();
  }

 private:
  void create_temporary() {
    static std::atomic<unsigned> count = 0;
    std::FILE* created = nullptr;
    do {
      temporary_ = target_;
      temporary_ += concat('.', ::getpid(), '-', count++, ".tmp");
      created = std::fopen(temporary_.c_str(),
                           "wbx");  // fails where that file exists: left by a killed process, or another machine's
    } while (created == nullptr && errno == EEXIST);
    if (created == nullptr) {
      const int reason = errno;
      temporary_.clear();
      throw Error(concat("cannot write '", path_.string(), "': ", std::strerror(reason)));
    }
    ::fstat(::fileno(created), &created_);
    std::fclose(created);
  }
  void remove_temporary() {
    std::error_code ignored;
    stream_.close();
    std::filesystem::remove(temporary_, ignored);
  }

  std::filesystem::path path_;       // as it was given
  std::filesystem::path target_;     // what a symbolic link points to
  std::filesystem::path temporary_;  // empty where the target is written directly, and after commit
  struct stat created_ {};           // which file that is
  std::ofstream stream_;
};

}  // namespace lmc
