// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>
#include <xsimd/xsimd.hpp>

namespace testing {

/// Values that start `offset` scalars behind an aligned place, between scalars that no kernel may read into a result or change.
template <class T>
class Placed {
 public:
  template <class Value>
  Placed(std::size_t n, std::size_t offset, Value value)
      : size_(n), offset_(offset), memory_(n + 2 * margin + offset, outside()) {
    for (std::size_t i = 0; i < n; ++i) span()[i] = static_cast<T>(value(i));
  }
  Placed(std::size_t n, std::size_t offset) : Placed(n, offset, [](std::size_t) { return T(0); }) {}

  std::span<T> span() { return std::span(memory_).subspan(margin + offset_, size_); }
  std::span<const T> view() const { return std::span(memory_).subspan(margin + offset_, size_); }
  T& operator[](std::size_t i) { return span()[i]; }

  bool surroundings_intact() const {
    const auto untouched = [](T x) { return std::isnan(x); };
    const std::size_t first = margin + offset_;
    return std::all_of(memory_.begin(), memory_.begin() + static_cast<std::ptrdiff_t>(first), untouched) &&
           std::all_of(memory_.begin() + static_cast<std::ptrdiff_t>(first + size_), memory_.end(), untouched);
  }

 private:
  static constexpr std::size_t margin = xsimd::batch<T>::size;
  static T outside() { return std::numeric_limits<T>::quiet_NaN(); }
  std::size_t size_, offset_;
  std::vector<T, xsimd::aligned_allocator<T, 64>> memory_;
};

/// Calls check(n, offset) for every length from 0 to past four vectors, at every alignment.
template <class T, class Check>
void for_each_length(Check check) {
  constexpr std::size_t lanes = xsimd::batch<T>::size;
  for (std::size_t n = 0; n <= 4 * lanes + 3; ++n)
    for (std::size_t offset = 0; offset < lanes; ++offset) check(n, offset);
}

/// Whether got[i] is want(i), exactly; any NaN is equal to any other.
template <class T, class Want>
bool matches(std::span<const T> got, Want want) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    const T w = static_cast<T>(want(i));
    if (!(got[i] == w || (std::isnan(got[i]) && std::isnan(w)))) return false;
  }
  return true;
}

/// Whether got[i] is within `rounding` · ε · max(|want(i)|, magnitude) of want(i), computed in a wider type.
template <class T, class Want>
bool nearly_matches(std::span<const T> got, long double rounding, long double magnitude, Want want) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    const long double w = want(i), slack = rounding * std::numeric_limits<T>::epsilon() * std::max(std::abs(w), magnitude);
    if (!(std::abs(static_cast<long double>(got[i]) - w) <= slack)) return false;
  }
  return true;
}

/// Multiples of 1/64 in [−4, 4], zero among them: products and sums of a few are exact.
inline double dyadic(std::size_t i) { return static_cast<double>(static_cast<long>(i * 37 % 513) - 256) / 64; }

}  // namespace testing
