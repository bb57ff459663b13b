// SPDX-License-Identifier: BSD-3-Clause
#include "study/running/shard.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <numeric>
#include <utility>

#include "study/running/cost.hpp"
#include "study/specification/pair_spec.hpp"

namespace lmc::study {

Shard parse_shard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard.index);
  const bool slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  const auto second = slash ? std::from_chars(first.ptr + 1, end, shard.count) : first;
  require(slash && second.ec == std::errc() && second.ptr == end && shard.index >= 1 && shard.index <= shard.count, "shard ",
          text, "; expected one of several, as in 2/5");
  return shard;
}

std::vector<PlannedPair> pairs_of_shard(const std::vector<PlannedPair>& pairs, const Shard& shard, DataSets& data) {
  // Union-find over pairs, through the runs that they share.
  std::vector<std::size_t> parent(pairs.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  std::map<std::string, std::size_t> user;  // the first pair that needs a run, by the run's id
  const CostModel costs(data);
  std::map<std::string, bool> counted;
  std::vector<double> cost(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const PairSpec& pair = pairs[i].pair;
    const auto share = [&](const std::string& run) {
      const auto [known, is_new] = user.emplace(run, i);
      parent[root(i)] = root(known->second);
      return is_new;
    };
    for (const RunSpec* run : {&pair.a, &pair.b}) {
      if (share(id_of(*run))) cost[i] += costs.seconds(*run, run->prefix);
      if (run->prefix > 0 && share(id_of(prefix_of(*run, 0)))) cost[i] += costs.seconds(prefix_of(*run, run->prefix));
    }
    if (!std::exchange(counted[id_of(pair)], true)) cost[i] += costs.seconds(pair);
  }
  std::map<std::size_t, double> groups;  // root ↦ cost
  for (std::size_t i = 0; i < pairs.size(); ++i) groups[root(i)] += cost[i];
  // The longest group to the shard that has least.
  std::vector<std::pair<double, std::size_t>> order;
  for (const auto& [group, seconds] : groups) order.emplace_back(-seconds, group);
  std::sort(order.begin(), order.end());
  std::vector<double> load(static_cast<std::size_t>(shard.count));
  std::map<std::size_t, std::size_t> shard_of;
  for (const auto& [seconds, group] : order) {
    const auto least = std::min_element(load.begin(), load.end());
    *least -= seconds;
    shard_of[group] = static_cast<std::size_t>(least - load.begin());
  }
  std::vector<PlannedPair> mine;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    if (shard_of[root(i)] == static_cast<std::size_t>(shard.index - 1)) mine.push_back(pairs[i]);
  return mine;
}

}  // namespace lmc::study
