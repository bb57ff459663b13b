// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <filesystem>
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

}  // namespace lmc::detail
