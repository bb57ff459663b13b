// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/io/input_file.hpp>

namespace lmc::detail {

/// A file descriptor that is closed at the end of its scope.
class FileDescriptor {
 public:
  /// Throws: Error that names the path, and what stands in the way.
  explicit FileDescriptor(const std::string& path) : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (number_ >= 0) return;
    const int reason = errno;
    open_input_file(path);  // says it better where it knows the reason
    throw Error(concat("cannot open '", path, "': ", std::strerror(reason)));
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { ::close(number_); }

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// Reads whole files, one after the other, with three calls of the system for a small one; a stream makes a dozen, which take
/// half as long as it takes to decode a small image.
class SmallFileReader {
 public:
  /// The bytes of a regular file, valid until the next call. Throws: Error that names it when it cannot be read.
  std::span<const std::uint8_t> read(const std::string& path) {
    const FileDescriptor file(path);
    std::size_t size = 0;
    for (std::size_t end = small;; end = buffer_.size()) {
      const ssize_t count = ::read(file.number(), buffer_.data() + size, end - size);
      require(count >= 0, "cannot read '", path, "': ", std::strerror(errno));
      size += static_cast<std::size_t>(count);
      if (size < small || count == 0) return std::span(buffer_).first(size);  // a regular file gives less at its end only
      if (size == buffer_.size()) grow(file, path);
    }
  }

 private:
  static constexpr std::size_t small = std::size_t{1} << 16;

  // Makes room for one byte more than the file has, so that its end is seen.
  void grow(const FileDescriptor& file, const std::string& path) {
    struct stat status {};
    require(::fstat(file.number(), &status) == 0 && S_ISREG(status.st_mode), "cannot read '", path,
            "': it is not a regular file");
    buffer_.resize(std::max(buffer_.size(), static_cast<std::size_t>(status.st_size)) + 1);
  }

  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(small);
};

}  // namespace lmc::detail
