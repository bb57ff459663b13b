// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/permutation_share.hpp>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <lmc/core/random.hpp>
#include <lmc/core/text.hpp>

namespace connectivity_permutation_share_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

std::string text(const lmc::PermutationShare& share) {
  std::ostringstream out;
  out << share;
  return out.str();
}

}  // namespace

TEST_CASE("permutation_share: is 1 where nothing is left, 0 where nothing changed, negative where the barrier rose",
          "[connectivity]") {
  const std::vector<double> before{0.1, 0.2, 0.15}, none{0, 0, 0}, twice{0.2, 0.4, 0.3};
  const auto all = lmc::permutation_share(before, none);
  CHECK(all.initializations == 3);
  CHECK_THAT(all.before, WithinRel(0.15, 1e-15));
  CHECK(all.after == 0);
  CHECK(*all.share == 1);
  CHECK_THAT(all.interval->low, WithinAbs(1, 1e-12));
  CHECK_THAT(all.interval->high, WithinAbs(1, 1e-12));
  CHECK(*lmc::permutation_share(before, before).share == 0);
  // Exactly proportional heights leave nothing unknown of their ratio.
  const auto worse = lmc::permutation_share(before, twice);
  CHECK_THAT(*worse.share, WithinRel(-1.0, 1e-12));
  CHECK_THAT(worse.interval->low, WithinAbs(-1, 1e-6));
  CHECK_THAT(worse.interval->high, WithinAbs(-1, 1e-6));
}

TEST_CASE("permutation_share: is a ratio of means, and its interval holds the ratios that a t test does not reject",
          "[connectivity]") {
  const std::vector<double> before{0.3, 0.5, 0.4, 0.6}, after{0.1, 0.3, 0.05, 0.2};
  const auto result = lmc::permutation_share(before, after);
  CHECK_THAT(*result.share, WithinRel(1 - 0.65 / 1.8, 1e-14));
  // At both ends, |mean| of after − ρ before is t times its standard error; t(0.975, 3) = 3.182446305.
  for (const double end : {result.interval->low, result.interval->high}) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < 4; ++i) sum += after[i] - (1 - end) * before[i];
    for (std::size_t i = 0; i < 4; ++i) squares += std::pow(after[i] - (1 - end) * before[i] - sum / 4, 2);
    CHECK_THAT(std::abs(sum / 4), WithinRel(3.182446305 * std::sqrt(squares / 12), 1e-6));
  }
  CHECK(result.interval->low < *result.share);
  CHECK(*result.share < result.interval->high);
  CHECK(text(result) == "64 % of the barrier, 95 % [" + lmc::fixed(100 * result.interval->low, 0) + " %, " +
                            lmc::fixed(100 * result.interval->high, 0) + " %]");
}

TEST_CASE("permutation_share: is undefined where the barrier before may be none", "[connectivity]") {
  const std::vector<double> noise{0.01, -0.012, 0.004, 0.001}, after{0.0, 0.001, 0.0, 0.0};
  const auto result = lmc::permutation_share(noise, after);
  CHECK(!result.share);
  CHECK(!result.interval);
  CHECK(text(result) == "undefined: the barrier before is not to be told from none");
  // Means above 0, but not above the floor by more than they vary: 0.02 ± 3.18 · 0.00204.
  const std::vector<double> low{0.016, 0.02, 0.025, 0.019};
  CHECK(lmc::permutation_share(low, after).share);
  CHECK(lmc::permutation_share(low, after, {.floor = 0.01}).share);
  CHECK(!lmc::permutation_share(low, after, {.floor = 0.015}).share);
  const std::vector<double> below{-0.3, -0.31}, two{0, 0};
  CHECK(!lmc::permutation_share(below, two).share);
}

TEST_CASE("permutation_share: of one initialization has no interval, and a share above the floor alone", "[connectivity]") {
  const std::vector<double> before{0.04}, after{0.01};
  const auto one = lmc::permutation_share(before, after, {.floor = 0.02});
  CHECK_THAT(*one.share, WithinRel(0.75, 1e-15));
  CHECK(!one.interval);
  CHECK(text(one) == "75 % of the barrier, no interval: one initialization");
  CHECK(!lmc::permutation_share(before, after, {.floor = 0.04}).share);
  // Pairs of one start are one.
  const std::vector<double> three{0.3, 0.6, 0.9}, left{0.1, 0.1, 0.4};
  const auto same = lmc::permutation_share(three, left, {.initializations = {7, 7, 7}});
  CHECK(same.initializations == 1);
  CHECK_THAT(*same.share, WithinRel(1 - 0.2 / 0.6, 1e-14));
  CHECK(!same.interval);
}

TEST_CASE("permutation_share: gives each initialization the same weight", "[connectivity]") {
  const std::vector<double> before{0.2, 0.4, 0.5, 0.6}, after{0.1, 0.1, 0.3, 0.2}, x{0.3, 0.5, 0.6}, y{0.1, 0.3, 0.2};
  const auto pairs = lmc::permutation_share(before, after, {.initializations = {4, 4, 1, 2}});
  const auto means = lmc::permutation_share(x, y);
  CHECK(pairs.initializations == 3);
  CHECK_THAT(*pairs.share, WithinRel(*means.share, 1e-14));
  CHECK_THAT(pairs.interval->low, WithinRel(means.interval->low, 1e-12));
}

TEST_CASE("permutation_share: the interval of five correlated pairs covers the ratio as often as it says", "[connectivity]") {
  const double mean_before = 0.1, mean_after = 0.03;
  int covered = 0, defined = 0;
  for (std::uint32_t study = 0; study < 4000; ++study) {
    std::vector<double> before, after;
    for (std::size_t i = 0; i < 5; ++i) {
      const double u = lmc::normal({.seed = 1, .epoch = study}, i), v = lmc::normal({.seed = 2, .epoch = study}, i);
      before.push_back(mean_before + 0.02 * u);
      after.push_back(mean_after + 0.008 * u + 0.01 * v);
    }
    const auto share = lmc::permutation_share(before, after);
    if (!share.interval) continue;
    ++defined;
    if (share.interval->low <= 1 - mean_after / mean_before && 1 - mean_after / mean_before <= share.interval->high) ++covered;
  }
  CHECK(defined > 3950);
  CHECK_THAT(static_cast<double>(covered) / defined, WithinAbs(0.95, 0.012));  // 3.5 standard errors
}

TEST_CASE("permutation_share: refuses what it cannot compute", "[connectivity]") {
  const std::vector<double> two{0.1, 0.2}, three{0.1, 0.2, 0.3}, nan{0.1, std::numeric_limits<double>::quiet_NaN()}, none;
  CHECK_THROWS_WITH(lmc::permutation_share(two, three), Contains("2 heights before and 3 after"));
  CHECK_THROWS_WITH(lmc::permutation_share(none, none), Contains("0 heights before"));
  CHECK_THROWS_WITH(lmc::permutation_share(two, nan), Contains("pair 1 has the heights 0.2 and nan"));
  CHECK_THROWS_WITH(lmc::permutation_share(nan, two), Contains("leave out pairs that diverged"));
  CHECK_THROWS_WITH(lmc::permutation_share(two, two, {.initializations = {1}}), Contains("1 initializations for 2 pairs"));
  CHECK_THROWS_WITH(lmc::permutation_share(two, two, {.floor = -1}), Contains("floor = -1"));
  CHECK_THROWS_WITH(lmc::permutation_share(two, two, {.floor = nan[1]}), Contains("floor = nan"));
}

}  // namespace connectivity_permutation_share_test
