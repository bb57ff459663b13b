// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>

namespace lmc {

/// Parameters that a program keeps in several tensors, seen as one flat θ: the tensors one after another, in the order given.
///   const SplitVector<float> all({weight, bias});   // spans of the memory of a model
///   std::vector<float> theta = all.gather();        // θ from the tensors
///   all.scatter(theta);                             // θ into the tensors
/// The memory is the caller's, and must outlive it; a tensor whose memory moves needs a new one.
template <std::floating_point T>
class SplitVector {
 public:
  /// parts: the memory of each tensor, contiguous. Throws: Error when there are none, all are empty, or two share memory.
  explicit SplitVector(std::vector<std::span<T>> parts) : parts_(std::move(parts)) {
    for (const std::span<T> part : parts_) size_ += part.size();
    require(size_ > 0, "SplitVector: there are ", parts_.size(),
            " tensors without an entry; expected the parameters of a model");
    std::vector<std::size_t> by_address(parts_.size());
    std::iota(by_address.begin(), by_address.end(), std::size_t{0});
    std::erase_if(by_address, [&](std::size_t i) { return parts_[i].empty(); });
    std::ranges::sort(by_address, std::less<>(), [&](std::size_t i) { return parts_[i].data(); });
    for (std::size_t k = 1; k < by_address.size(); ++k) {
      const std::size_t i = by_address[k - 1], j = by_address[k];
      require(!std::less<>()(parts_[j].data(), parts_[i].data() + parts_[i].size()), "SplitVector: tensors ", std::min(i, j),
              " and ", std::max(i, j), " share memory; give what two layers have in common once");
    }
  }

  /// Length of θ.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The tensors, as they were given.
  [[nodiscard]] const std::vector<std::span<T>>& parts() const { return parts_; }

  /// Copies the tensors into theta. Throws: Error when that has another length.
  void gather(std::span<T> theta) const {
    require_size("gather", theta.size());
    auto to = theta.begin();
    for (const std::span<T> part : parts_) to = std::ranges::copy(part, to).out;
  }
  /// The tensors in memory of their own.
  [[nodiscard]] std::vector<T> gather() const {
    std::vector<T> theta(size_);
    gather(theta);
    return theta;
  }
  /// Copies theta into the tensors. Throws: Error when it has another length; the tensors then stay as they were.
  void scatter(std::span<const T> theta) const {
    require_size("scatter", theta.size());
    for (const std::span<T> part : parts_) {
      std::ranges::copy(theta.first(part.size()), part.begin());
      theta = theta.subspan(part.size());
    }
  }

 private:
  void require_size(const char* what, std::size_t size) const {
    require(size == size_, "SplitVector: ", what, " of a θ of ", size, " entries, and the ", parts_.size(), " tensors have ",
            size_, "; expected a θ of this model");
  }

  std::vector<std::span<T>> parts_;
  std::size_t size_ = 0;
};

}  // namespace lmc
