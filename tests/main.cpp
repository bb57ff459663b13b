// SPDX-License-Identifier: BSD-3-Clause
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "support/skip.hpp"

int main(int argc, char* argv[]) {
  // Catch returns the number of failures, which could be that code.
  if (Catch::Session().run(argc, argv) != 0) return 1;
  return testing::has_skipped ? testing::skipped_exit_code : 0;
}
