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

}  // namespace matrix_views_test
