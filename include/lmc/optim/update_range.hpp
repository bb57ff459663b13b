// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>

namespace lmc {

/// Consecutive parameters that an optimizer updates alike.
struct UpdateRange {
  std::size_t first = 0;  // position of the first one in θ
  std::size_t count = 0;  // how many
  double rate = 1;        // times the learning rate
  double decay = 1;       // times the weight decay
  friend bool operator==(const UpdateRange&, const UpdateRange&) = default;
};

namespace detail {

/// Calls visit for each range, or once for all `size` entries where there are none.
template <class Visit>
void for_each_range(std::span<const UpdateRange> ranges, std::size_t size, Visit visit) {
  if (ranges.empty()) visit(UpdateRange{.first = 0, .count = size});
  for (const UpdateRange& range : ranges) visit(range);
}

/// The range in which an entry lies; ranges are in order and without holes, or none.
inline UpdateRange range_at(std::span<const UpdateRange> ranges, std::size_t entry) {
  if (ranges.empty()) return {};
  const auto behind = std::upper_bound(ranges.begin(), ranges.end(), entry,
                                       [](std::size_t e, const UpdateRange& range) { return e < range.first; });
  assert(behind != ranges.begin());
  return *(behind - 1);
}

}  // namespace detail
}  // namespace lmc
