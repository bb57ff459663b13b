// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>

#include <lmc/simd/transpose.hpp>

#include "simd/arrays.hpp"

namespace simd_transpose_test {

TEMPLATE_TEST_CASE("transpose: swaps rows and columns of any shape and stride, and writes nothing else", "[simd]", float,
                   double) {
  for (std::size_t rows = 0; rows <= 35; ++rows)
    for (std::size_t cols = 0; cols <= 35; ++cols) {
      const std::size_t from_stride = cols + rows % 3, to_stride = rows + cols % 4;
      CAPTURE(rows, cols, from_stride, to_stride);
      const testing::Placed<TestType> from(rows * from_stride, 1, [](std::size_t i) { return i + 1; });
      testing::Placed<TestType> to(cols * to_stride, 3);
      lmc::simd::transpose(from.view().data(), from_stride, rows, cols, to.span().data(), to_stride);
      CHECK(testing::matches(to.view(), [&](std::size_t k) {
        // Not called where there is nothing. NOLINTNEXTLINE(clang-analyzer-core.DivideZero)
        const std::size_t i = k % to_stride, j = k / to_stride;
        return i < rows ? from.view()[i * from_stride + j] : TestType(0);
      }));
      CHECK(to.surroundings_intact());
    }
}

}  // namespace simd_transpose_test
