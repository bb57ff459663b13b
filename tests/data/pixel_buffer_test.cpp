// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <lmc/data/sources/detail/pixel_buffer.hpp>
#include <lmc/parallel/thread_team.hpp>
#include <vector>

namespace data_pixel_buffer_test {

using lmc::Index;

TEST_CASE("PixelBuffer: threads fill it chunk by chunk", "[data]") {
  constexpr std::size_t size = 3;
  constexpr Index chunks = 200000;
  lmc::detail::PixelBuffer buffer(size * static_cast<std::size_t>(chunks));
  const lmc::ThreadTeam team(8);
  team.for_each(chunks, [&](Index c, int) {
    std::ranges::fill(buffer.chunk(size * static_cast<std::size_t>(c), size), static_cast<std::uint8_t>(1 + c % 255));
  });
  const std::vector<std::uint8_t> pixels = buffer.take();
  REQUIRE(pixels.size() == size * static_cast<std::size_t>(chunks));
  for (std::size_t i = 0; i < pixels.size(); ++i)
    if (pixels[i] != 1 + i / size % 255) FAIL("byte " << i << " is " << int{pixels[i]});
}

}  // namespace data_pixel_buffer_test
