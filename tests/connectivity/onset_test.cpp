// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/connectivity/onset.hpp>
#include <map>
#include <tuple>
#include <vector>

namespace connectivity_onset_test {

namespace {

using lmc::Index;
using lmc::Verdict;

// A network of one number, whose error is high between −1 and 1: ends of different signs have a barrier of ½.
lmc::Metrics evaluate(std::span<const double> theta) {
  const bool between = std::abs(theta[0]) < 0.9;
  std::vector<bool> wrong(10);
  for (std::size_t i = 0; i < 5; ++i) wrong[i] = between;
  return {.loss = between ? 1.0 : 0.0, .error = between ? 0.5 : 0.0, .count = 10, .wrong = wrong};
}

// Children that part before the start's onset end on two sides, later ones on one side.
struct Planted {
  std::map<std::uint64_t, Index> onsets;
  std::vector<std::tuple<std::uint64_t, Index, std::uint64_t>> calls{};
  std::vector<double> operator()(std::uint64_t start, Index update, std::uint64_t noise) {
    calls.emplace_back(start, update, noise);
    return {update >= onsets.at(start) || noise % 2 == 0 ? 1.0 : -1.0};
  }
};

}  // namespace

TEST_CASE("onset: finds a planted onset with a trainer of one's own", "[connectivity]") {
  Planted trainer{{{7, 8}, {9, 8}, {11, 32}}};
  const std::vector<std::uint64_t> starts{7, 9, 11};
  std::vector<Index> done;
  lmc::OnsetOptions options{.candidates = {0, 1, 2, 4, 8, 16, 32}};
  options.progress = [&](Index so_far, Index most) {
    done.push_back(so_far);
    CHECK(most == 18);
  };
  const lmc::Onset onset = lmc::onset(100, starts, trainer, evaluate, options);
  REQUIRE(onset.brackets.size() == 3);
  CHECK(onset.brackets[0].broken == 4);
  CHECK(onset.brackets[0].connected == 8);
  CHECK(onset.brackets[1].connected == 8);
  CHECK(onset.brackets[2].broken == 16);
  CHECK(onset.brackets[2].connected == 32);
  // Three rounds of two children for each start, each with its noises.
  CHECK(trainer.calls.size() == 18);
  CHECK(done.size() == 18);
  CHECK(done.back() == 18);
  for (const auto& [start, update, noise] : trainer.calls) CHECK((noise == 2 * start + 1 || noise == 2 * start + 2));
  CHECK(onset.spent.trainings == 18);
  // 4, 16 and 8 for the first two; 4, 16 and 32 for the third.
  CHECK(onset.spent.child_updates == 2 * 2 * (96 + 84 + 92) + 2 * (96 + 84 + 68));
  REQUIRE(onset.curve);
  CHECK(onset.curve->onset.side == lmc::OnsetSide::between);
  CHECK(onset.curve->onset.update > 4);
  CHECK(onset.curve->onset.update < 32);
  CHECK(onset.pairs.size() == 9);
  for (const lmc::OnsetPair& pair : onset.pairs) {
    const Index planted = trainer.onsets.at(starts[static_cast<std::size_t>(pair.initialization)]);
    CHECK(pair.decision.verdict == (pair.update < planted ? Verdict::broken : Verdict::connected));
    CHECK(pair.way.at(0).distance == (pair.update < planted ? 2.0 : 0.0));
  }
}

TEST_CASE("onset: fewer trainings leave wider brackets", "[connectivity]") {
  Planted trainer{{{1, 8}, {2, 8}}};
  const std::vector<std::uint64_t> starts{1, 2};
  const lmc::Onset onset =
      lmc::onset(100, starts, trainer, evaluate, {.candidates = {0, 1, 2, 4, 8, 16, 32}, .max_trainings = 9});
  CHECK(onset.plan.rounds == 2);
  CHECK(onset.plan.all_rounds == 3);
  CHECK(trainer.calls.size() == 8);
  CHECK(onset.brackets[0].broken == 4);
  CHECK(onset.brackets[0].connected == 16);
}

TEST_CASE("onset: children that diverged are left out and counted", "[connectivity][divergence]") {
  const std::vector<std::uint64_t> starts{1, 2};
  const auto trainer = [](std::uint64_t start, Index update, std::uint64_t noise) {
    const bool diverges = start == 2 || (update == 2 && noise % 2 == 1);
    return std::vector<double>{diverges ? std::numeric_limits<double>::quiet_NaN() : 1.0};
  };
  const lmc::Onset onset = lmc::onset(100, starts, trainer, evaluate, {.candidates = {0, 1, 2, 4}});
  CHECK(onset.left_out == 1 + 3);
  CHECK(onset.curve->outcomes == 2);
  CHECK(lmc::concat(onset.curve->onset) == "k* < 1");
  CHECK_FALSE(onset.brackets[1].broken);
  CHECK_FALSE(onset.brackets[1].connected);
  const lmc::Onset none = lmc::onset(100, std::vector<std::uint64_t>{2}, trainer, evaluate, {.candidates = {0, 1}});
  CHECK_FALSE(none.curve);
  CHECK(none.left_out == 2);
}

TEST_CASE("onset: refuses candidates behind the end, and children of different networks", "[connectivity][errors]") {
  Planted trainer{{{1, 8}}};
  const std::vector<std::uint64_t> starts{1};
  CHECK_THROWS_WITH(lmc::onset(100, starts, trainer, evaluate, {.candidates = {0, 101}}),
                    Catch::Contains("candidate 101, but the training ends after 100 updates"));
  CHECK_THROWS_WITH(lmc::onset(100, std::vector<std::uint64_t>(), trainer, evaluate), Catch::Contains("0 initializations"));
  const auto uneven = [](std::uint64_t, Index, std::uint64_t noise) { return std::vector<double>(noise); };
  CHECK_THROWS_WITH(lmc::onset(100, starts, uneven, evaluate), Catch::Contains("have 3 and 4 parameters"));
}

}  // namespace connectivity_onset_test
