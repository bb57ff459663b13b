// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <string_view>

#include <lmc/core/error.hpp>

namespace lmc::detail {

/// Throws: Error, begun by `who`, that names the first of the values that is NaN or infinite; `what` they are called.
template <std::floating_point T>
void require_finite_values(std::string_view who, std::string_view what, std::span<const T> values) {
  const auto wrong = std::find_if(values.begin(), values.end(), [](T x) { return !std::isfinite(x); });
  if (wrong == values.end()) return;
  require(false, who, ": position ", wrong - values.begin(), " of ", what, " is ", *wrong,
          "; expected finite numbers; did a training diverge?");
}

}  // namespace lmc::detail
