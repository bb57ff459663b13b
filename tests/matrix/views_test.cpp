// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/matrix/views.hpp>

#include <catch2/catch.hpp>
#include <span>
#include <vector>

namespace matrix_views_test {

TEST_CASE("views: rows and slices lie where they should", "[matrix]") {
  std::vector<int> values{0, 1, 2, 3, 4, 5};
  const auto matrix = lmc::matrix_view(std::span(values), 2, 3);
  CHECK(matrix(1, 0) == 3);
  CHECK(lmc::row_of(matrix, 1)[2] == 5);
  CHECK(lmc::span_of(matrix).size() == 6);
  CHECK(lmc::slice(std::span(values), 2, 3).front() == 2);
}

TEST_CASE("slice: refuses entries that are not there", "[matrix]") {
  std::vector<int> values(6);
  CHECK(lmc::slice(std::span(values), 6, 0).empty());
  CHECK_THROWS_WITH(lmc::slice(std::span(values), 4, 3), "slice: entries 4 to 4 + 3 of 6; expected some that are there");
  CHECK_THROWS_WITH(lmc::slice(std::span(values), -1, 2), Catch::Contains("entries -1 to -1 + 2 of 6"));
  CHECK_THROWS_WITH(lmc::slice(std::span(values), 2, -1), Catch::Contains("of 6"));
}

}  // namespace matrix_views_test
