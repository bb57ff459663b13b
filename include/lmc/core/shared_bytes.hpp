// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace lmc {

/// Bytes that do not change, and what keeps them in memory: a vector, or a mapped file. Copies share them.
class SharedBytes {
 public:
  using value_type = std::uint8_t;  // as of a container

  SharedBytes() = default;
  /// Takes the vector, and keeps it for all copies.
  SharedBytes(std::vector<std::uint8_t> bytes) {  // NOLINT(google-explicit-constructor): the same bytes, now shared
    const auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
    bytes_ = *owner;
    owner_ = owner;
  }
  /// Bytes that live as long as their owner.
  SharedBytes(std::span<const std::uint8_t> bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), owner_(std::move(owner)) {}

  /// Number of bytes.
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  /// The first byte.
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }
  /// The first byte, for loops and algorithms.
  [[nodiscard]] const std::uint8_t* begin() const { return data(); }
  /// One past the last byte.
  [[nodiscard]] const std::uint8_t* end() const { return data() + size(); }
  /// Byte i; the range is not checked.
  const std::uint8_t& operator[](std::size_t i) const { return bytes_[i]; }

  /// The bytes [begin, begin + size), kept in memory by the same owner. The range is asserted.
  [[nodiscard]] SharedBytes part(std::size_t begin, std::size_t size) const {
    assert(begin <= bytes_.size() && size <= bytes_.size() - begin);
    return {bytes_.subspan(begin, size), owner_};
  }

  /// Equal bytes, whoever owns them.
  friend bool operator==(const SharedBytes& a, const SharedBytes& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::shared_ptr<const void> owner_;
};

}  // namespace lmc
