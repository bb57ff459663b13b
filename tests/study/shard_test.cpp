// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/shard.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "study/store/merge.hpp"
#include "study/tiny_plans.hpp"
#include "support/temporary_directory.hpp"

namespace study_shard_test {

using Catch::Matchers::Contains;
namespace study = lmc::study;
using study::Access;
using study::PlannedPair;
using study::Store;
using testing::content;
using testing::pairs;
using testing::replicate;
using testing::run;

TEST_CASE("shards: have every pair once, no run twice, and merged equal one machine", "[study][long]") {
  study::DataSets data("");
  const testing::TemporaryDirectory folder;
  Store whole(folder.path() / "whole.db", Access::write), merged(folder.path() / "merged.db", Access::write);
  run(pairs(), whole, 2);
  std::set<std::string> runs;
  for (int i = 1; i <= 3; ++i) {
    Store part(folder.path() / ("part" + std::to_string(i) + ".db"), Access::write);
    run(pairs_of_shard(pairs(), {.index = i, .count = 3}, data), part, 1);
    for (const auto& row : part.runs()) CHECK(runs.insert(row.id).second);
    CHECK(!part.runs().empty());
    merge(part, merged);
  }
  CHECK(content(merged) == content(whole));
}

TEST_CASE("parse_shard: takes i/n alone", "[study]") {
  CHECK(study::parse_shard("2/5").index == 2);
  CHECK(study::parse_shard("2/5").count == 5);
  for (const char* bad : {"", "2", "0/5", "6/5", "2/", "/5", "2/5x", "a/b", "-1/5"})
    CHECK_THROWS_WITH(study::parse_shard(bad), Contains("as in 2/5"));
}

TEST_CASE("shards: about equal work, the same whatever is measured, and no more than there are groups", "[study]") {
  study::DataSets data("");
  std::vector<PlannedPair> wanted;
  for (std::uint64_t r = 0; r < 12; ++r)
    wanted.push_back({replicate(r,
                                [&](study::RunSpec& s) {
                                  s.epochs = r < 4 ? 60 : 20;  // four long ones first
                                }),
                      {}});
  std::vector<std::set<std::string>> parts(5);
  for (int i = 1; i <= 4; ++i) {
    double epochs = 0;
    for (const PlannedPair& p : pairs_of_shard(wanted, {.index = i, .count = 4}, data)) {
      epochs += static_cast<double>(p.pair.a.epochs);
      parts[static_cast<std::size_t>(i)].insert(id_of(p.pair));
    }
    CHECK(epochs == 100);
  }
  for (PlannedPair& p : wanted) p.measure = {"robustness"};
  for (int i = 1; i <= 4; ++i)
    for (const PlannedPair& p : pairs_of_shard(wanted, {.index = i, .count = 4}, data))
      CHECK(parts[static_cast<std::size_t>(i)].contains(id_of(p.pair)));
  std::size_t found = 0;
  for (int i = 1; i <= 20; ++i) found += pairs_of_shard(wanted, {.index = i, .count = 20}, data).size();
  CHECK(found == 12);
  // One that is as long as the three others together has a shard of its own.
  for (std::size_t i = 1; i < 4; ++i) wanted[i] = wanted[i + 8];
  wanted.resize(4);
  CHECK(pairs_of_shard(wanted, {.index = 1, .count = 2}, data).size() == 1);
  CHECK(pairs_of_shard(wanted, {.index = 2, .count = 2}, data).size() == 3);
}

TEST_CASE("shards: what shares a prefix or an endpoint is in one shard", "[study]") {
  study::DataSets data("");
  std::vector<PlannedPair> wanted = pairs();
  for (int count : {2, 3, 8}) {
    std::map<std::string, int> shard_of;
    for (int i = 1; i <= count; ++i)
      for (const PlannedPair& p : pairs_of_shard(wanted, {.index = i, .count = count}, data))
        for (const study::RunSpec* run : {&p.pair.a, &p.pair.b})
          for (const std::string& id : {id_of(*run), run->prefix > 0 ? id_of(prefix_of(*run, 0)) : id_of(*run)})
            CHECK(shard_of.emplace(id, i).first->second == i);
  }
}

}  // namespace study_shard_test
