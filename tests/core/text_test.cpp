// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/text.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <locale>

namespace core_text_test {

TEST_CASE("concat: the parts as they are printed", "[core]") { CHECK(lmc::concat("a ", 1, ' ', 2.5) == "a 1 2.5"); }

TEST_CASE("shortest: reads back as the same number", "[core]") {
  CHECK(lmc::shortest(0.1) == "0.1");
  CHECK(lmc::shortest(1e-20) == "1e-20");
  CHECK(lmc::shortest(1.0 / 3) == "0.3333333333333333");
  CHECK(lmc::shortest(-std::numeric_limits<double>::min()) == "-2.2250738585072014e-308");
  CHECK(lmc::shortest(std::nan("")) == "nan");
}

TEST_CASE("fixed: so many digits behind the point, rounded to the nearest", "[core]") {
  CHECK(lmc::fixed(0.0195, 2) == "0.02");
  CHECK(lmc::fixed(-1, 3) == "-1.000");
  CHECK(lmc::fixed(std::numeric_limits<double>::max(), 0).size() == 309);
}

TEST_CASE("shortest, fixed: the point is a point in every locale", "[core]") {
  struct Comma : std::numpunct<char> {
    [[nodiscard]] char do_decimal_point() const override { return ','; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale(), new Comma));
  CHECK(lmc::shortest(0.5) == "0.5");
  CHECK(lmc::fixed(0.5, 1) == "0.5");
  std::locale::global(before);
}

}  // namespace core_text_test
