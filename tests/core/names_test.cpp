// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/names.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <string_view>

namespace core_names_test {

TEST_CASE("find_name: finds a name, or points at the nearest one", "[core][errors]") {
  const std::array<std::string_view, 3> known{"sgd", "adam", "adamw"};
  CHECK(lmc::find_name("optimizer", "adam", known) == 1);
  CHECK_THROWS_WITH(lmc::find_name("optimizer", "adamm", known),
                    "unknown optimizer 'adamm'; did you mean 'adam'? Known: sgd, adam, adamw");
  CHECK_THROWS_WITH(lmc::find_name("optimizer", "sdg", known), Catch::Contains("did you mean 'sgd'?"));
}

}  // namespace core_names_test
