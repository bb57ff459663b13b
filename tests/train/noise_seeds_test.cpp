// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/train/noise_seeds.hpp>

#include <catch2/catch.hpp>

namespace train_noise_seeds_test {

using lmc::PairNoise;
using Names = std::vector<std::string_view>;

TEST_CASE("pair_seeds: the runs differ in what is named, and in nothing else", "[train]") {
  const auto differing = [](PairNoise noise) {
    const auto [a, b] = lmc::pair_seeds(noise, 1, 2);
    CHECK(a == lmc::NoiseSeeds{.order = 1, .augmentation = 1, .dropout = 1, .label_noise = 1});
    return lmc::differing_noise(a, b);
  };
  CHECK(differing(PairNoise::order) == Names{"order"});
  CHECK(differing(PairNoise::augmentation) == Names{"augmentation"});
  CHECK(differing(PairNoise::both) == Names{"order", "augmentation"});
  const auto [a, b] = lmc::pair_seeds(PairNoise::both, 3, 3);
  CHECK(lmc::differing_noise(a, b).empty());
}

TEST_CASE("differing_noise: names every source", "[train]") {
  CHECK(lmc::differing_noise({}, {.order = 1, .augmentation = 1, .dropout = 1, .label_noise = 1}) ==
        Names{"order", "augmentation", "dropout", "label noise"});
}

TEST_CASE("parse_pair_noise: knows the names, and points at the nearest", "[train][errors]") {
  CHECK(lmc::parse_pair_noise("augmentation") == PairNoise::augmentation);
  CHECK_THROWS_WITH(lmc::parse_pair_noise("oder"), Catch::Contains("did you mean 'order'"));
}

}  // namespace train_noise_seeds_test
