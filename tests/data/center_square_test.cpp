// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/data/sources/detail/center_square.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include <support/image_files.hpp>

namespace data_center_square_test {

namespace {

using Bytes = std::vector<std::uint8_t>;
using lmc::Index;

lmc::Image squared(lmc::Image image, Index size) {
  lmc::detail::center_square(image, size);
  REQUIRE(image.height == size);
  REQUIRE(image.width == size);
  return image;
}

// 2×4 pixels of one channel.
const lmc::Image wide{.height = 2, .width = 4, .channels = 1, .pixels = {1, 10, 20, 4, 5, 30, 41, 8}};

}  // namespace

TEST_CASE("center_square: takes the square in the middle", "[data]") {
  CHECK(squared(wide, 2).pixels == Bytes{10, 20, 30, 41});
  CHECK(squared({.height = 4, .width = 1, .channels = 1, .pixels = {1, 2, 3, 4}}, 1).pixels == Bytes{2});
  CHECK(squared({.height = 1, .width = 4, .channels = 1, .pixels = {1, 2, 3, 4}}, 1).pixels == Bytes{2});
  const lmc::Image image = testing::pattern(5, 5, 3);
  CHECK(squared(image, 5).pixels == image.pixels);
}

TEST_CASE("center_square: averages over the area under a pixel", "[data]") {
  CHECK(squared(wide, 1).pixels == Bytes{25});  // (10 + 20 + 30 + 41) / 4 = 25.25
  CHECK(squared({.height = 2, .width = 2, .channels = 1, .pixels = {10, 20, 30, 43}}, 1).pixels ==
        Bytes{26});  // 25.75, rounded
  // From 3 to 2: a pixel lies on one and a half, so that the weights are 4, 2, 2, 1 ninths.
  const lmc::Image three{.height = 3, .width = 3, .channels = 1, .pixels = {9, 18, 0, 27, 90, 0, 0, 0, 0}};
  CHECK(squared(three, 2).pixels == Bytes{(4 * 9 + 2 * 18 + 2 * 27 + 90) / 9, (2 * 18 + 90) / 9, (2 * 27 + 90) / 9, 10});
  const lmc::Image colors{.height = 2, .width = 2, .channels = 3, .pixels = {0, 1, 255, 0, 1, 255, 4, 1, 255, 4, 1, 255}};
  CHECK(squared(colors, 1).pixels == Bytes{2, 1, 255});
}

TEST_CASE("center_square: enlarges pixels to squares, and leaves one color as it is at any size", "[data]") {
  const lmc::Image two{.height = 2, .width = 2, .channels = 1, .pixels = {1, 2, 3, 4}};
  CHECK(squared(two, 4).pixels == Bytes{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4});
  for (Index size = 1; size < 20; ++size)
    CHECK(squared(testing::plain(7, 9, {255, 3, 0}), size).pixels == testing::plain(size, size, {255, 3, 0}).pixels);
}

}  // namespace data_center_square_test
