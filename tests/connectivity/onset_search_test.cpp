// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/onset_search.hpp>
#include <vector>

namespace connectivity_onset_search_test {

namespace {

using lmc::Index;
using lmc::Verdict;

// Updates of the children of one initialization whose outcome at k is `outcome(k)`, and how many pairs there were.
template <class Outcome>
std::pair<Index, Index> children(const std::vector<Index>& candidates, Index rounds, Index end, Outcome outcome) {
  lmc::OnsetSearch search(candidates);
  Index updates = 0, pairs = 0;
  for (; pairs < rounds && search.next(); ++pairs) {
    updates += 2 * (end - *search.next());
    search.tell(outcome(*search.next()));
  }
  return {updates, pairs};
}

}  // namespace

TEST_CASE("doubling_updates: are 0 and the powers of two before the end", "[connectivity]") {
  CHECK(lmc::doubling_updates(9) == std::vector<Index>{0, 1, 2, 4, 8});
  CHECK(lmc::doubling_updates(8) == std::vector<Index>{0, 1, 2, 4});
  CHECK(lmc::doubling_updates(1) == std::vector<Index>{0});
}

TEST_CASE("OnsetSearch: encloses each onset between neighbors, in as many steps as the plan has", "[connectivity]") {
  for (std::size_t size = 1; size <= 12; ++size) {
    std::vector<Index> candidates;
    for (std::size_t i = 0; i < size; ++i) candidates.push_back(static_cast<Index>(3 * i + 1));
    const lmc::OnsetPlan plan = lmc::onset_plan("test", candidates, 50, 1);
    Index longest = 0;
    for (std::size_t onset = 0; onset <= size; ++onset) {  // the first candidate that is connected
      CAPTURE(size, onset);
      lmc::OnsetSearch search(candidates);
      Index steps = 0;
      for (; search.next(); ++steps)
        search.tell(onset < size && *search.next() >= candidates[onset] ? Verdict::connected : Verdict::broken);
      longest = std::max(longest, steps);
      CHECK(search.bracket().broken == (onset > 0 ? std::optional(candidates[onset - 1]) : std::nullopt));
      CHECK(search.bracket().connected == (onset < size ? std::optional(candidates[onset]) : std::nullopt));
    }
    CHECK(longest == plan.rounds);
  }
}

TEST_CASE("OnsetSearch: what cannot be judged rules out itself alone", "[connectivity]") {
  lmc::OnsetSearch search({0, 1, 2, 4, 8});
  CHECK(search.next() == 2);
  search.tell(Verdict::none);
  CHECK(search.next() == 4);
  search.tell(Verdict::broken);
  CHECK(search.next() == 8);
  search.tell(Verdict::none);
  CHECK_FALSE(search.next());
  CHECK(search.bracket().broken == 4);
  CHECK_FALSE(search.bracket().connected);
}

TEST_CASE("onset_plan: its costs enclose those of every sequence of outcomes, and both ends are reached", "[connectivity]") {
  const std::vector<Index> candidates{0, 1, 2, 4, 8, 16};
  for (const Index rounds : {1, 2, 3}) {
    const lmc::OnsetPlan plan = lmc::onset_plan("test", candidates, 40, 1, 1 + 2 * rounds);
    REQUIRE(plan.rounds == rounds);
    REQUIRE(plan.all_rounds == 3);
    Index least = 1 << 20, most = 0, fewest = 99, most_pairs = 0;
    for (int code = 0; code < 27; ++code) {
      int left = code;
      const auto [updates, pairs] = children(candidates, rounds, 40, [&](Index) {
        const int digit = left % 3;
        left /= 3;
        return digit == 0 ? Verdict::broken : digit == 1 ? Verdict::connected : Verdict::none;
      });
      least = std::min(least, updates);
      most = std::max(most, updates);
      fewest = std::min(fewest, pairs);
      most_pairs = std::max(most_pairs, pairs);
    }
    CAPTURE(rounds);
    CHECK(plan.least == lmc::OnsetCost{1 + 2 * fewest, 16, least});
    CHECK(plan.most == lmc::OnsetCost{1 + 2 * most_pairs, 16, most});
  }
}

TEST_CASE("onset_plan: counts by its formula", "[connectivity]") {
  // Seven candidates take three rounds whatever is found: from 0 on, k = 4, 1, 0 or 16, 32, …
  const std::vector<Index> candidates{0, 1, 2, 4, 8, 16, 32};
  const lmc::OnsetPlan plan = lmc::onset_plan("test", candidates, 100, 5);
  CHECK(plan.least.trainings == 5 * (1 + 2 * 3));
  CHECK(plan.most == lmc::OnsetCost{35, 5 * 32, 5 * 2 * (96 + 99 + 100)});
  CHECK(plan.least.child_updates == 5 * 2 * (96 + 84 + 68));
  CHECK(plan.most.updates() == 5 * 32 + 5 * 2 * (96 + 99 + 100));
  CHECK(lmc::onset_plan("test", std::vector<Index>{0}, 100, 2).most == lmc::OnsetCost{4, 0, 400});
  CHECK(lmc::onset_plan("test", candidates, 100, 5, 34).rounds == 2);
  CHECK(lmc::onset_plan("test", candidates, 100, 5, {}, false).most.trainings == 30);
}

TEST_CASE("onset_plan: refuses what cannot be searched", "[connectivity][errors]") {
  const auto plan = [](std::vector<Index> candidates, Index initializations = 2, std::optional<Index> most = {}) {
    return lmc::onset_plan("onset", candidates, 40, initializations, most);
  };
  CHECK_THROWS_WITH(plan({}), Catch::Contains("0 candidates"));
  CHECK_THROWS_WITH(plan({0, 41}), Catch::Contains("candidate 41, but the training ends after 40 updates"));
  CHECK_THROWS_WITH(plan({-1}), Catch::Contains("candidate -1"));
  CHECK_THROWS_WITH(plan({4, 4}), Catch::Contains("candidate 4 stands behind 4"));
  CHECK_THROWS_WITH(plan({0, 4}, 0), Catch::Contains("0 initializations"));
  CHECK_THROWS_WITH(plan({0, 4}, 2, 5), Catch::Contains("at most 5 trainings, but 2 initializations take 6 at least"));
}

}  // namespace connectivity_onset_search_test
