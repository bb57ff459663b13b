// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/detail/reserve_large.hpp>

namespace lmc::detail {

/// Memory for pixels that threads fill in chunks, about from the first to the last. A vector zeroes what it grows by: here it
/// grows chunk by chunk, so that a chunk is still in the cache of the thread that fills it.
class PixelBuffer {
 public:
  explicit PixelBuffer(std::size_t size) { reserve_large(pixels_, size); }

  /// The bytes [begin, begin + size), to be overwritten. Any thread; chunks that are filled at the same time must not overlap.
  std::span<std::uint8_t> chunk(std::size_t begin, std::size_t size) {
    const std::lock_guard lock(mutex_);
    assert(begin + size <= pixels_.capacity());
    if (pixels_.size() < begin + size) pixels_.resize(begin + size);  // within what was reserved: nothing moves
    return {pixels_.data() + begin, size};
  }

  /// All pixels, once every chunk was filled.
  std::vector<std::uint8_t> take() { return std::move(pixels_); }

 private:
  std::vector<std::uint8_t> pixels_;
  std::mutex mutex_;
};

}  // namespace lmc::detail
