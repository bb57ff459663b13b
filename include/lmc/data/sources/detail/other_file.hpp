// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <lmc/core/error.hpp>
#include <lmc/core/wording.hpp>

namespace lmc::detail {

/// Throws: Error where the file to test with is the one to train on, by another path or a link maybe.
inline void require_other_file(const std::filesystem::path& train, const std::filesystem::path& test, Wording wording) {
  std::error_code unknown;  // a file that cannot be read is refused where it is opened
  require(!std::filesystem::equivalent(train, test, unknown), option_text(wording, "the test file '", "--test-data '"),
          test.string(), "' is the file to train on, '", train.string(),
          "'; expected another file, or none: then a share of the examples is put aside");
}

/// The share of examples put aside to test with, where options do not say.
inline constexpr double default_test_share = 0.2;

/// Throws: Error where options of `loader` say which rows or lines, `what`, to put aside although `other` says what to test with.
inline void require_none_aside(std::string_view loader, std::string_view what, const std::optional<double>& share,
                               const std::optional<std::uint64_t>& seed, std::string_view other, Wording wording) {
  if (!share && !seed) return;
  const std::string given = share ? concat(option_text(wording, "test_share = ", "--test-share "), *share)
                                  : concat(option_text(wording, "seed = ", "--split-seed "), *seed);
  throw Error(concat(wording == Wording::code ? concat(loader, ": ", given) : given, " says which ", what,
                     " are put aside at random, and ", other, " says what to test with; leave one out"));
}

}  // namespace lmc::detail
