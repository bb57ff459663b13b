// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/connectivity/statistics/onset_curve.hpp>
#include <lmc/core/random.hpp>
#include <string>
#include <vector>

namespace connectivity_onset_curve_test {

namespace {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::Index;
using lmc::OnsetSide;
using lmc::SpawnOutcome;

// Every initialization measured at 1, 2, 4, …, 64, broken before its onset.
std::vector<SpawnOutcome> planted(const std::vector<Index>& onsets) {
  std::vector<SpawnOutcome> outcomes;
  for (std::size_t i = 0; i < onsets.size(); ++i)
    for (Index k = 1; k <= 64; k *= 2) outcomes.push_back({static_cast<Index>(i), k, k < onsets[i]});
  return outcomes;
}

std::string text(const lmc::OnsetUpdate& onset) { return lmc::concat(onset); }

}  // namespace

TEST_CASE("onset_curve: crosses a half where outcomes change, by symmetry in log(k + 1)", "[connectivity]") {
  // x = 0 and log 9, one outcome each: the two halves mirror each other, so that the crossing is at log 3.
  const lmc::OnsetCurve two = lmc::onset_curve(std::vector<SpawnOutcome>{{0, 0, true}, {1, 8, false}});
  CHECK(two.onset.side == OnsetSide::between);
  CHECK_THAT(two.onset.update, WithinRel(2.0, 1e-10));
  CHECK_THAT(two.probability(2), WithinAbs(0.5, 1e-10));
  CHECK_THAT(two.probability(0) + two.probability(8), WithinAbs(1, 1e-10));
  const lmc::OnsetCurve all = lmc::onset_curve(planted({8, 8, 8, 8}));
  CHECK(all.onset.update > 4);
  CHECK(all.onset.update < 8);
  CHECK(all.outcomes == 28);
  CHECK(all.broken == 12);
  CHECK(all.initializations == 4);
}

TEST_CASE("onset_curve: bounds an onset that nothing encloses", "[connectivity]") {
  CHECK(text(lmc::onset_curve(std::vector<SpawnOutcome>{{0, 0, false}, {1, 8, false}}).onset) == "k* < 1");
  CHECK(text(lmc::onset_curve(std::vector<SpawnOutcome>{{0, 16, false}, {1, 32, false}}).onset) == "k* < 16");
  CHECK(text(lmc::onset_curve(std::vector<SpawnOutcome>{{0, 0, true}, {1, 512, true}}).onset) == "k* > 512");
  CHECK(text(lmc::onset_curve(std::vector<SpawnOutcome>{{0, 0, false}, {0, 8, true}}).onset) == "k* undefined");
  // Nine of ten are connected at 4 already: the curve crosses before.
  std::vector<SpawnOutcome> mostly{{0, 4, true}};
  for (Index i = 1; i < 10; ++i) mostly.push_back({i, i % 2 == 0 ? Index{4} : Index{8}, false});
  CHECK(text(lmc::onset_curve(mostly).onset) == "k* < 4");
  CHECK(text(lmc::onset_curve(planted({8, 8})).onset).starts_with("k* = "));
}

TEST_CASE("onset_curve: the interval is from initializations, and can be bounds", "[connectivity][long]") {
  const lmc::OnsetCurve alike = lmc::onset_curve(planted({8, 8, 8, 8}));
  REQUIRE(alike.interval);
  // Equal initializations: every resample is the same data.
  CHECK_THAT(alike.interval->low.update, WithinRel(alike.onset.update, 1e-9));
  CHECK_THAT(alike.interval->high.update, WithinRel(alike.onset.update, 1e-9));
  const lmc::OnsetCurve spread = lmc::onset_curve(planted({2, 4, 8, 16, 32}));
  CHECK(spread.interval->low.update < spread.onset.update);
  CHECK(spread.interval->high.update > spread.onset.update);
  CHECK(spread.interval->low.side == OnsetSide::between);
  CHECK(spread.undefined_resamples == 0);
  const lmc::OnsetCurve wide = lmc::onset_curve(planted({0, 0, 200, 200}));
  CHECK(text(wide.interval->low) == "k* < 1");
  CHECK(text(wide.interval->high) == "k* > 64");
  CHECK_FALSE(lmc::onset_curve(planted({8})).interval);
}

TEST_CASE("onset_curve: resamples in which nothing falls widen the interval", "[connectivity]") {
  // One initialization's outcomes rise: a resample of it alone has no onset.
  const std::vector<SpawnOutcome> outcomes{{0, 0, true},  {0, 8, false}, {1, 0, true},
                                           {1, 8, false}, {2, 0, false}, {2, 8, true}};
  const lmc::OnsetCurve curve = lmc::onset_curve(outcomes);
  CHECK(curve.onset.side == OnsetSide::between);
  CHECK(curve.undefined_resamples > 200);
  CHECK(text(curve.interval->low) == "k* < 1");
  CHECK(text(curve.interval->high) == "k* > 8");
}

TEST_CASE("onset_curve: is a function of outcomes and seed, not of the order of initializations' names",
          "[connectivity][long]") {
  const auto outcomes = planted({2, 4, 8, 16, 32});
  auto renamed = outcomes;
  for (SpawnOutcome& outcome : renamed) outcome.initialization = 100 - 7 * outcome.initialization;
  const auto a = lmc::onset_curve(outcomes), b = lmc::onset_curve(renamed), c = lmc::onset_curve(outcomes, {.seed = 1});
  CHECK(a.interval->low.update == b.interval->low.update);
  CHECK(a.interval->high.update == b.interval->high.update);
  CHECK(a.onset.update == c.onset.update);
}

TEST_CASE("onset_curve: finds a planted curve, and its interval covers it about as often as it says", "[connectivity][long]") {
  // P(broken) = 1 / (1 + exp(−2 (3 − log(k + 1)))), so that k* = e³ − 1; 12 initializations, each measured at 8 updates.
  const double planted_onset = std::expm1(3.0);
  int covered = 0;
  double mean = 0;
  constexpr int repetitions = 60;
  for (int r = 0; r < repetitions; ++r) {
    const lmc::Stream stream{.seed = 17, .purpose = lmc::Purpose::subset, .epoch = static_cast<std::uint32_t>(r)};
    std::vector<SpawnOutcome> outcomes;
    for (Index i = 0; i < 12; ++i)
      for (Index e = 0; e < 8; ++e) {
        const Index k = Index{1} << e;
        const double p = 1 / (1 + std::exp(-2 * (3 - std::log1p(static_cast<double>(k)))));
        outcomes.push_back({i, k, lmc::uniform(stream, static_cast<std::uint64_t>(8 * i + e)) < p});
      }
    const auto curve = lmc::onset_curve(outcomes, {.resamples = 200});
    REQUIRE(curve.onset.side == OnsetSide::between);
    mean += std::log1p(curve.onset.update) / repetitions;
    covered += curve.interval->low.update <= planted_onset && planted_onset <= curve.interval->high.update ? 1 : 0;
  }
  CHECK_THAT(mean, WithinAbs(3, 0.1));  // the standard error of the mean of 60 is about 0.02
  // 95 % of 60 are 57; a bootstrap of twelve clusters covers somewhat less.
  CHECK(covered >= 50);
}

TEST_CASE("onset_curve: resample r draws initializations with the numbers of (seed, r)", "[connectivity][determinism]") {
  const std::vector<Index> onsets{2, 4, 8, 16, 32};
  std::vector<double> updates;
  for (std::uint32_t r = 0; r < 100; ++r) {
    // The same number for all initializations: the fit does not see them, and none are drawn again.
    std::vector<SpawnOutcome> outcomes;
    for (std::uint64_t i = 0; i < 5; ++i) {
      const auto j = lmc::uniform_below({.seed = 3, .purpose = lmc::Purpose::bootstrap, .epoch = r}, i, 5);
      for (SpawnOutcome outcome : planted({onsets[j]})) outcomes.push_back(outcome);
    }
    updates.push_back(lmc::onset_curve(outcomes).onset.update);
  }
  std::sort(updates.begin(), updates.end());
  const auto curve = lmc::onset_curve(planted(onsets), {.resamples = 100, .seed = 3, .level = 0.9});
  CHECK_THAT(curve.interval->low.update, WithinRel(updates[5], 1e-9));
  CHECK_THAT(curve.interval->high.update, WithinRel(updates[94], 1e-9));
}

TEST_CASE("onset_curve: refuses what it cannot fit", "[connectivity][errors]") {
  CHECK_THROWS_WITH(lmc::onset_curve({}), Catch::Contains("there are no outcomes"));
  CHECK_THROWS_WITH(lmc::onset_curve(std::vector<SpawnOutcome>{{0, -1, true}}), Catch::Contains("the update -1"));
  CHECK_THROWS_WITH(lmc::onset_curve(planted({8}), {.resamples = 5}), Catch::Contains("resamples = 5"));
  CHECK_THROWS_WITH(lmc::onset_curve(planted({8}), {.level = 1}), Catch::Contains("level = 1"));
}

}  // namespace connectivity_onset_curve_test
