// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>

#include <lmc/simd/patches.hpp>

#include "simd/arrays.hpp"

namespace simd_patches_test {

using lmc::Extent;
using lmc::Index;
using testing::Placed;

TEMPLATE_TEST_CASE("gather_patches: takes the pixels patch by patch, and scatter_patches puts them back", "[simd]", float,
                   double) {
  const Index channels = GENERATE(1, 3);
  const Index patch_cols = GENERATE(1, 2, 7, 16, 17, 33);  // contiguous: up to past two vectors and more
  const Index rows = 6, cols = 2 * patch_cols;
  CAPTURE(channels, patch_cols);
  const Extent patch(3, patch_cols);
  const lmc::Window window("test", {rows, cols, channels}, patch, patch, 0);
  const auto size = static_cast<std::size_t>(rows * cols * channels);
  Placed<TestType> image(size, 1, [](std::size_t i) { return i; }), patches(size, 2), back(size, 3);
  lmc::simd::gather_patches<TestType>(window, channels, image.view(), patches.span());
  // The scalar reference: [patch row, patch col, row, col, channel].
  CHECK(testing::matches(patches.view(), [&](std::size_t i) {
    auto rest = static_cast<Index>(i);
    const auto next = [&rest](Index length) {
      const Index position = rest % length;
      rest /= length;
      return position;
    };
    const Index channel = next(channels), col = next(patch_cols), row = next(3), c = next(2), r = next(2);
    return ((3 * r + row) * cols + patch_cols * c + col) * channels + channel;
  }));
  CHECK(patches.surroundings_intact());
  lmc::simd::scatter_patches<TestType>(window, channels, patches.view(), back.span());
  CHECK(testing::matches(back.view(), [](std::size_t i) { return i; }));
  CHECK(back.surroundings_intact());
}

}  // namespace simd_patches_test
