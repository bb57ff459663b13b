// SPDX-License-Identifier: BSD-3-Clause
// What tests of plans share: pairs that are trained in milliseconds, and what a store holds of them.
#pragma once
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "study/running/scheduler.hpp"
#include "study/store/row_json.hpp"
#include "study/store/store.hpp"
#include "study/tiny_study.hpp"

namespace testing {

namespace study = lmc::study;

inline study::PairSpec replicate(std::uint64_t r, const auto& change) {
  study::PairSpec pair = testing::tiny_pair();
  pair.a.init_seed = pair.b.init_seed = r;
  pair.a.seeds.order = 3 * r + 1;
  pair.b.seeds.order = 3 * r + 2;
  for (study::RunSpec* run : {&pair.a, &pair.b}) change(*run);
  return canonical(pair);
}

// Several kinds of pairs, of which the first two share both endpoints, and the last three a prefix.
inline std::vector<study::PlannedPair> pairs() {
  const auto nothing = [](study::RunSpec&) {};
  std::vector<study::PlannedPair> all{
      {replicate(0, nothing), {"robustness"}}, {replicate(0, nothing), {}}, {replicate(1, nothing), {}}};
  all[1].pair.alphas = 7;
  all.push_back({replicate(2,
                           [](study::RunSpec& s) {
                             s.optimizer.name = "adam";
                             s.optimizer.learning_rate = {};
                             s.keep_optimizer = true;
                           }),
                 {"attribution"}});
  all.push_back({replicate(0,
                           [](study::RunSpec& s) {
                             s.data = {.dataset = "mixture", .train_examples = 100, .test_examples = 50};
                             s.network = {.network = "cnn", .channels = "2", .stride = "2"};
                             s.lift = "1";
                             s.lift_at = 4;
                           }),
                 {"block-path"}});
  for (const lmc::Index k : {4, 9, 13})
    all.push_back({replicate(3,
                             [k](study::RunSpec& s) {
                               s.prefix = k;
                               s.prefix_seeds.order = 77;
                               s.optimizer.momentum = 0.9;
                             }),
                   {}});
  return all;
}

inline void run(const std::vector<study::PlannedPair>& wanted, study::Store& store, int threads) {
  study::DataSets data("");
  (void)run_plan(make_plan(wanted, {}, &store, study::CostModel(data, store)), store, data, threads, "test");
}

// What a store holds, but for where and when it was computed.
inline std::map<std::string, std::string> content(const study::Store& store) {
  std::map<std::string, std::string> all;
  for (study::RunRow row : store.runs()) {
    CHECK(store.has_checkpoint(row));
    row.made = {};
    all[row.id] = study::row_json(row).dump();
  }
  for (study::PairRow row : store.pairs()) {
    row.made = {};
    all[row.id] = study::row_json(row).dump();
  }
  for (study::MeasurementRow row : store.measurements()) {
    row.made = {};
    all[row.subject + row.name] = study::row_json(row).dump();
  }
  return all;
}

}  // namespace testing
