// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace lmc::detail {

/// Memory for pixels that threads fill in blocks, about from the first to the last. A vector zeroes what it grows by: here it
/// grows block by block, so that a block is still in the cache of the thread that fills it.
class PixelBuffer {
 public:
  explicit PixelBuffer(std::size_t size) {
    pixels_.reserve(size);
    // Gigabytes in pages of 4 KiB: asking the system for the pages takes longer than filling them. A hint, free to fail.
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* begin = pixels_.data();
    std::size_t space = size;
    if (std::align(page, page, begin, space) != nullptr) ::madvise(begin, space / page * page, MADV_HUGEPAGE);
  }

  /// The bytes [begin, begin + size), to be overwritten. Any thread; blocks that are filled at a time do not overlap.
  std::span<std::uint8_t> block(std::size_t begin, std::size_t size) {
    const std::lock_guard lock(mutex_);
    assert(begin + size <= pixels_.capacity());
    if (pixels_.size() < begin + size) pixels_.resize(begin + size);  // within what was reserved: nothing moves
    return {pixels_.data() + begin, size};
  }

  /// All pixels, once every block was filled.
  std::vector<std::uint8_t> take() { return std::move(pixels_); }

 private:
  std::vector<std::uint8_t> pixels_;
  std::mutex mutex_;
};

}  // namespace lmc::detail
