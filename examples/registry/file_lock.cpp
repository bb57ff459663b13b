// SPDX-License-Identifier: BSD-3-Clause
#include "registry/file_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <lmc/core/error.hpp>
#include <lmc/core/text.hpp>

namespace registry {

static constexpr std::string_view holder_begin = "process ";

FileLock::FileLock(const std::filesystem::path& file, std::string_view what, std::string_view way_out) {
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  lmc::require(descriptor_ >= 0, "cannot write to ", what, ": '", file.string(),
               "': ", errno == ELOOP ? "it is a link, expected a file of this program" : std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    const std::string reason = std::strerror(errno), holder = read();
    ::close(descriptor_);
    lmc::require(!taken, "another process is writing to ", what, ": ", holder, way_out);
    throw lmc::Error(lmc::concat("cannot lock ", what, ": ", reason));
  }
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0 && status.st_size > 0 && !read().starts_with(holder_begin)) {
    ::close(descriptor_);
    throw lmc::Error(lmc::concat("cannot write to ", what, ": '", file.string(),
                                 "' is a file of something else; move it away, or give another folder"));
  }
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::string text = lmc::concat(holder_begin, ::getpid(), " on ", host.data());
  // The text only helps others; if it cannot be written, as on a full disk, the store itself reports that.
  if (::ftruncate(descriptor_, 0) == 0) (void)!::pwrite(descriptor_, text.data(), text.size(), 0);
}

std::string FileLock::read() const {
  std::array<char, 300> text{};
  const ssize_t length = ::pread(descriptor_, text.data(), text.size(), 0);
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : "an unknown process";
}

}  // namespace registry
