// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/mask.hpp>
#include <vector>

namespace layers_mask_test {

using lmc::Index;
using lmc::Mask;
using lmc::random_mask;

TEST_CASE("random_mask: drops exactly the given share", "[layers]") {
  const auto [outputs, inputs, sparsity, kept] =
      GENERATE(table<Index, Index, double, Index>({{30, 70, 0.9, 210},
                                                   {7, 11, 0.5, 38},  // 38.5 are dropped: 39
                                                   {7, 11, 0.3, 54},
                                                   {3, 4, 0, 12},
                                                   {3, 4, 1, 0},
                                                   {1, 1, 0.49, 1}}));
  CAPTURE(outputs, inputs, sparsity);
  for (const std::uint64_t seed : {0u, 1u, 2u}) {
    const Mask mask = random_mask({.outputs = outputs, .inputs = inputs, .sparsity = sparsity, .seed = seed});
    CHECK(mask.outputs == outputs);
    CHECK(mask.inputs == inputs);
    CHECK(mask.kept() == kept);
  }
}

TEST_CASE("random_mask: every entry is dropped as often as another, alone and in pairs", "[layers]") {
  constexpr int masks = 4000, entries = 10;
  double dropped[entries] = {}, together[entries] = {};  // how often entry i is dropped, and i + 1 with it
  for (int seed = 0; seed < masks; ++seed) {
    const auto bits = random_mask({.outputs = 2, .inputs = 5, .sparsity = 0.3, .seed = static_cast<std::uint64_t>(seed)}).bits;
    for (std::size_t i = 0; i < entries; ++i) {
      dropped[i] += !bits[i];
      together[i] += !bits[i] && !bits[(i + 1) % entries];
    }
  }
  // Five standard deviations of a binomial with p = 0.3, and with p = 3/10 · 2/9.
  for (const double n : dropped) CHECK(std::abs(n - masks * 0.3) < 5 * std::sqrt(masks * 0.21));
  for (const double n : together) CHECK(std::abs(n - masks / 15.0) < 5 * std::sqrt(masks / 15.0));
}

TEST_CASE("random_mask: is a function of seed and layer", "[layers]") {
  const auto mask = [](std::uint64_t seed, std::size_t layer) {
    return random_mask({.outputs = 10, .inputs = 20, .sparsity = 0.5, .seed = seed, .layer = layer});
  };
  CHECK(mask(1, 0) == mask(1, 0));
  CHECK(mask(1, 0) != mask(2, 0));
  CHECK(mask(1, 0) != mask(1, 1));
}

TEST_CASE("random_mask: draws from random numbers that nothing else has", "[layers]") {
  const lmc::Mask mask = random_mask({.outputs = 5, .inputs = 4, .sparsity = 0.5, .seed = 3, .layer = 2});
  std::uint64_t to_drop = 10;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const bool drop = lmc::uniform_below({.seed = 3, .purpose = lmc::Purpose::mask, .part = 2}, i, 20 - i) < to_drop;
    CHECK(mask.bits[i] == !drop);
    to_drop -= drop ? 1 : 0;
  }
}

TEST_CASE("random_mask: refuses what is no share or no matrix", "[layers][errors]") {
  CHECK_THROWS_WITH(random_mask({.outputs = 2, .inputs = 3, .sparsity = 1.5}),
                    "random_mask: sparsity = 1.5; expected a share in [0, 1]");
  CHECK_THROWS_WITH(random_mask({.outputs = 2, .inputs = 3, .sparsity = std::nan("")}),
                    "random_mask: sparsity = nan; expected a share in [0, 1]");
  CHECK_THROWS_WITH(random_mask({.outputs = 0, .inputs = 3}), "random_mask: outputs = 0, inputs = 3; both must be positive");
  CHECK_THROWS_WITH(random_mask({.outputs = 3, .inputs = Index{1} << 31}),
                    "random_mask: 3 x 2147483648 entries; expected at most 2^32");
  CHECK_THROWS_WITH(random_mask({.outputs = 2, .inputs = 3, .layer = 1u << 24}),
                    "random_mask: layer = 16777216; expected less than 2^24");
}

TEST_CASE("convolution_mask: an output sees the inputs under its taps, in its group of channels", "[layers]") {
  const lmc::Window window("test", {4, 5, 4}, {3, 2}, {2, 1}, {1, 0});
  const Mask mask = lmc::convolution_mask(window, 4, 6, 2);
  REQUIRE(mask.outputs == window.out.size() * 6);
  REQUIRE(mask.inputs == 4 * 5 * 4);
  for (Index r = 0; r < window.out.rows; ++r)
    for (Index c = 0; c < window.out.cols; ++c)
      for (Index o = 0; o < 6; ++o)
        for (Index row = 0; row < 4; ++row)
          for (Index col = 0; col < 5; ++col)
            for (Index k = 0; k < 4; ++k) {
              const Index i = row - (2 * r - 1), j = col - c;
              const bool seen = i >= 0 && i < 3 && j >= 0 && j < 2 && o / 3 == k / 2;
              if (mask.at((r * window.out.cols + c) * 6 + o, (row * 5 + col) * 4 + k) != seen)
                FAIL("at " << r << c << o << row << col << k);
            }
  CHECK_THROWS_WITH(
      lmc::convolution_mask(window, 4, 6, 4),
      "convolution_mask: 4 input and 6 output channels in groups = 4; expected positive numbers, and a divisor of both");
}

}  // namespace layers_mask_test
