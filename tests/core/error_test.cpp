// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/error.hpp>

#include <catch2/catch.hpp>
#include <lmc/core/shape.hpp>

namespace core_error_test {

TEST_CASE("require: builds the text from values, on failure only", "[core][errors]") {
  CHECK_NOTHROW(lmc::require(true, "never"));
  CHECK_THROWS_WITH(lmc::require(false, "x has ", 3, " columns, expected ", lmc::Shape{4}), "x has 3 columns, expected [4]");
}

}  // namespace core_error_test
