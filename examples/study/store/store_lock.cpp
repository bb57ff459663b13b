// SPDX-License-Identifier: BSD-3-Clause
#include "study/store/store_lock.hpp"

#include <array>
#include <cerrno>

namespace lmc::study {

StoreLock::StoreLock(const std::filesystem::path& file, const std::filesystem::path& store) {
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  require(descriptor_ >= 0, "cannot write to the store '", store.string(), "': '", file.string(), "': ", std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const bool taken = errno == EWOULDBLOCK;
    const std::string reason = std::strerror(errno), holder = read();
    ::close(descriptor_);
    require(!taken, "another study is writing to the store '", store.string(), "': ", holder,
            "; wait for it, or give this one a store of its own and join them by merge");
    throw Error(lmc::concat("cannot lock the store '", store.string(), "': ", reason));
  }
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::string text = lmc::concat("process ", ::getpid(), " on ", host.data());
  // The text only helps others; if it cannot be written, as on a full disk, the store itself reports that.
  if (::ftruncate(descriptor_, 0) == 0) (void)!::pwrite(descriptor_, text.data(), text.size(), 0);
}

std::string StoreLock::read() const {
  std::array<char, 300> text{};
  const ssize_t length = ::pread(descriptor_, text.data(), text.size(), 0);
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : "an unknown process";
}

}  // namespace lmc::study
