// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <limits>
#include <optional>

#include <lmc/core/shape.hpp>

namespace lmc::detail {

/// The number of entries of an array whose axes a file declares; nothing where the product, taken from the first axis on,
/// leaves Index. Axes are not negative.
inline std::optional<Index> array_size(const Shape& shape) {
  Index size = 1;
  for (const Index axis : shape.axes()) {
    if (axis != 0 && size > std::numeric_limits<Index>::max() / axis) return std::nullopt;
    size *= axis;
  }
  return size;
}

}  // namespace lmc::detail
