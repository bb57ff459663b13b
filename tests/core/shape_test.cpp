// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/shape.hpp>

#include <catch2/catch.hpp>
#include <sstream>

namespace core_shape_test {

TEST_CASE("Shape: has a size, and prints its axes", "[core]") {
  std::ostringstream text;
  text << lmc::Shape{28, 28, 1} << lmc::Shape(5) << lmc::Shape();
  CHECK(text.str() == "[28, 28, 1][5][]");
  CHECK(lmc::Shape{28, 28, 2}.size() == 1568);
  CHECK(lmc::Shape().size() == 1);
}

}  // namespace core_shape_test
