// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <atomic>
#include <catch2/catch.hpp>
#include <string_view>

namespace testing {

/// The exit code of a test program in which nothing failed, but something was not run. CTest reports it as skipped.
inline constexpr int skipped_exit_code = 77;

/// Whether something was not run.
inline std::atomic<bool> has_skipped = false;

/// Reports that the rest of a test case is not run, and why: `if (!available()) return testing::skip("there is no gnuplot");`
inline void skip(std::string_view reason) {
  has_skipped = true;
  WARN("skipped: " << reason);
}

}  // namespace testing
