// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <ostream>
#include <span>
#include <utility>
#include <vector>

#include <lmc/core/detail/supported_machine.hpp>

namespace lmc {

/// Signed size and position, as Eigen counts.
using Index = std::ptrdiff_t;

/// Lengths of the axes of an array, outermost first; the last axis is contiguous. A plain number is a shape of one axis.
class Shape {
 public:
  Shape() = default;
  /// One axis of that length.
  Shape(Index length) : axes_{length} {}  // NOLINT(google-explicit-constructor): `.inputs = 784` should read as it does
  /// Axes of these lengths: `{28, 28, 1}`.
  Shape(std::initializer_list<Index> axes) : axes_(axes) {}
  /// The same for a vector of lengths.
  explicit Shape(std::vector<Index> axes) : axes_(std::move(axes)) {}

  /// Number of axes.
  [[nodiscard]] Index rank() const { return static_cast<Index>(axes_.size()); }
  /// Length of an axis, counted from 0; not checked.
  [[nodiscard]] Index operator[](Index axis) const { return axes_[static_cast<std::size_t>(axis)]; }
  /// All lengths, outermost first.
  [[nodiscard]] const std::vector<Index>& axes() const { return axes_; }
  /// Number of entries: the product of the lengths; 1 for a shape without axes.
  [[nodiscard]] Index size() const { return std::accumulate(axes_.begin(), axes_.end(), Index{1}, std::multiplies<>{}); }
  /// Whether there is an axis, and every length is positive.
  [[nodiscard]] bool is_positive() const {
    return !axes_.empty() && std::ranges::all_of(axes_, [](Index length) { return length > 0; });
  }
  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::vector<Index> axes_;
};

/// Calls visit(index) for every index of an array of that shape, the last axis fastest; index is a span of one position an
/// axis.
template <class Visit>
void for_each_index(const Shape& shape, Visit visit) {
  std::vector<Index> index(shape.axes().size(), 0);
  for (Index left = shape.size(); left > 0; --left) {
    visit(std::span<const Index>(index));
    for (std::size_t axis = index.size(); axis-- > 0 && ++index[axis] == shape.axes()[axis];) index[axis] = 0;
  }
}

/// Prints `[28, 28, 1]`.
inline std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (Index i = 0; i < shape.rank(); ++i) out << (i == 0 ? "" : ", ") << shape[i];
  return out << ']';
}

}  // namespace lmc
