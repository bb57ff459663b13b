// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <cstring>
#include <filesystem>
#include <string>

#include <lmc/core/error.hpp>

namespace lmc::study {

/// The right to write to a store, held by one process at a time through an advisory lock on a file. The kernel lets go of it
/// when the process ends, however it ends. The file holds the process and its machine, for others to say who it is.
class StoreLock {
 public:
  /// Throws: Error when another process holds the lock, or the file cannot be written.
  StoreLock(const std::filesystem::path& file, const std::filesystem::path& store);
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  ~StoreLock() { ::close(descriptor_); }

 private:
  [[nodiscard]] std::string read() const;

  int descriptor_ = -1;
};

}  // namespace lmc::study
