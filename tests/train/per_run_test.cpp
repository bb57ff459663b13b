// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstddef>
#include <lmc/parallel/thread_team.hpp>
#include <lmc/train/detail/per_run.hpp>
#include <vector>

namespace train_per_run_test {

using lmc::Index;

TEST_CASE("PerRun: threads see runs for the first time while others look for theirs", "[train]") {
  const lmc::detail::PerRun<std::vector<Index>> kept;
  constexpr Index runs = 20000;
  const lmc::ThreadTeam team(8);
  constexpr int looks = 50;  // while others are added
  std::vector<int> found(static_cast<std::size_t>(runs));
  team.for_each(runs, [&](Index run, int) {
    const auto r = static_cast<std::size_t>(run);
    kept.at(r, 1).push_back(run);
    for (int look = 0; look < looks; ++look) found[r] += kept.find(r) != nullptr ? 1 : 0;
  });
  CHECK(found == std::vector<int>(found.size(), looks));
  for (Index run = 0; run < runs; ++run) REQUIRE(*kept.find(static_cast<std::size_t>(run)) == std::vector{run});
  CHECK(kept.find(static_cast<std::size_t>(runs)) == nullptr);
}

TEST_CASE("PerRun: keeps what belongs to a run until its updates are counted anew", "[train]") {
  const lmc::detail::PerRun<int> kept;
  kept.at(3, 1) = 5;
  CHECK(kept.at(3, 2) == 5);
  CHECK(kept.at(3, 2) == 0);
  kept.at(3, 3) = 7;
  const lmc::detail::PerRun<int> copy = kept;
  CHECK(*copy.find(3) == 7);
  CHECK(copy.find(2) == nullptr);
}

}  // namespace train_per_run_test
