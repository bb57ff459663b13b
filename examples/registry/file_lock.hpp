// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include <unistd.h>

namespace registry {

/// The right to write, held by one process at a time through an advisory lock on a file. The kernel lets go of it when the process
/// ends, however it ends. The file holds the process and its machine, for others to say who it is.
class FileLock {
 public:
  /// `what` is locked, as "the store 'x'"; way_out ends the message. Throws: Error when another process holds the lock, or the file
  /// cannot be written, is a link, or has other content.
  FileLock(const std::filesystem::path& file, std::string_view what, std::string_view way_out);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { ::close(descriptor_); }

 private:
  [[nodiscard]] std::string read() const;

  int descriptor_ = -1;
};

}  // namespace registry
