// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <algorithm>
#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include <lmc/connectivity/detail/finite_values.hpp>
#include <lmc/core/error.hpp>

namespace lmc::detail {

/// The two ends of a path, which nobody may write into while it is measured.
template <std::floating_point T>
class Ends {
 public:
  /// Throws: Error, begun by `who`, unless a and b have one length, are not empty, and are finite.
  Ends(std::string_view who, std::span<const T> a, std::span<const T> b)
      : who_(who), a_(a), b_(b), a_before_(a.begin(), a.end()), b_before_(b.begin(), b.end()) {
    require(a.size() == b.size(), who, ": a has ", a.size(), " parameters and b ", b.size(), "; expected two θ of one network");
    require(!a.empty(), who, ": a and b are empty; expected the parameters of two networks");
    require_finite_values(who, "a", a);
    require_finite_values(who, "b", b);
  }
  /// Throws: Error when an end is not what it was.
  void require_unchanged() const {
    const auto unchanged = [](std::span<const T> now, std::span<const T> before) {
      return std::ranges::equal(std::as_bytes(now), std::as_bytes(before));
    };
    require(unchanged(a_, a_before_) && unchanged(b_, b_before_), who_,
            ": the evaluator changes a or b; is one of them the memory that it loads θ into? Pass a copy");
  }

 private:
  std::string_view who_;
  std::span<const T> a_, b_;
  std::vector<T> a_before_, b_before_;
};

}  // namespace lmc::detail
