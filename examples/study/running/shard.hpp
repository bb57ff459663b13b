// SPDX-License-Identifier: BSD-3-Clause
#pragma once
#include <string>
#include <vector>

#include <lmc/core/error.hpp>

#include "study/running/datasets.hpp"
#include "study/running/plan.hpp"

namespace lmc::study {

/// One of several processes that divide a study among them without a word: shard `index` of `count`, counted from 1.
struct Shard {
  int index = 1, count = 1;
};

/// `2/5` is the second of five. Throws: Error for anything else.
Shard parse_shard(const std::string& text);

/// The pairs of one shard, in their order. Pairs that share an endpoint or a prefix are in one shard, so that nothing is
/// trained twice; shards get about equal work, by the cost model that knows no measurements: a function of the pairs and the sizes of their data sets alone.
std::vector<PlannedPair> pairs_of_shard(const std::vector<PlannedPair>& pairs, const Shard& shard, DataSets& data);

}  // namespace lmc::study
