// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <lmc/align/detail/joint_assignment.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <numeric>
#include <vector>

namespace align_joint_assignment_test {

using lmc::AxisGroups;
using lmc::GroupId;
using lmc::Index;
using lmc::Role;

namespace {

// Calls visit(permutations) for every choice of a permutation for each group.
template <class Visit>
void for_all(const lmc::ParameterLayout& layout, lmc::Permutations& permutations, std::size_t group, Visit visit) {
  if (group == layout.groups.size()) return visit();
  std::iota(permutations[group].begin(), permutations[group].end(), Index{0});
  do for_all(layout, permutations, group + 1, visit);
  while (std::next_permutation(permutations[group].begin(), permutations[group].end()));
}

}  // namespace

TEST_CASE("assign_jointly: a pair of heads is worth its inner optimum; the best of all permutations is found", "[align]") {
  lmc::LayoutBuilder builder(1);
  const GroupId heads = builder.add_group(3);
  std::vector<GroupId> query, value;
  for (int h = 0; h < 3; ++h) {
    query.push_back(builder.add_group(2));
    value.push_back(builder.add_group(3));
  }
  builder.add_parameter("query", {3, 2}, Role::bias, {heads, AxisGroups({0}, query)});
  builder.add_parameter("value", {3, 3}, Role::bias, {heads, AxisGroups({0}, value)});
  const auto layout = std::move(builder).build();
  const auto terms = lmc::detail::matching_terms(layout);
  REQUIRE(terms.joints.size() == 1);
  REQUIRE(terms.sets.size() == 3);

  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::vector<std::vector<double>> gains(3);
    for (std::size_t s = 0; s < 3; ++s) {
      gains[s].resize(static_cast<std::size_t>(terms.sets[s].size * terms.sets[s].size));
      for (std::size_t k = 0; k < gains[s].size(); ++k)
        gains[s][k] = lmc::normal({.seed = seed, .part = static_cast<std::uint32_t>(s)}, k) - 2;
    }
    const auto value_of = [&](const lmc::detail::UnitMaps& maps) {
      double sum = 0;
      for (std::size_t s = 0; s < 3; ++s)
        for (std::size_t i = 0; i < maps[s].size(); ++i)
          sum += gains[s][i * maps[s].size() + static_cast<std::size_t>(maps[s][i])];
      return sum;
    };
    double best = -std::numeric_limits<double>::infinity();
    lmc::Permutations tried = lmc::identity_permutations(layout);
    for_all(layout, tried, 0, [&] { best = std::max(best, value_of(unit_maps(terms, tried))); });

    auto maps = unit_maps(terms, lmc::identity_permutations(layout));
    const auto found = assign_jointly(terms, 0, gains, maps);
    CHECK_THAT(found.value, Catch::Matchers::WithinRel(best, 1e-12));
    CHECK_THAT(value_of(maps), Catch::Matchers::WithinRel(best, 1e-12));
    CHECK(found.upper_bound >= best - 1e-12);
    CHECK(found.upper_bound <= best + 1e-12);
    // The maps are those of permutations of heads, and of units inside them.
    lmc::Permutations permutations = lmc::identity_permutations(layout);
    set_permutations(terms.joints[0], maps, permutations);
    lmc::detail::require_permutations("assign_jointly", layout, permutations);
    CHECK(unit_maps(terms, permutations) == maps);
  }
}

}  // namespace align_joint_assignment_test
