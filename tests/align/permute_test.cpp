// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cstdint>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <numeric>
#include <vector>

namespace align_permute_test {

using lmc::GroupId;

namespace {

// Two positions with two channels each that are permuted on their own, between fixed axes.
lmc::ParameterLayout two_positions() {
  lmc::LayoutBuilder builder(3);
  builder.inside("local", [&] {
    const GroupId left = builder.add_group(2), right = builder.add_group(2);
    builder.add_parameter("bias", {2, 2}, lmc::Role::bias, {{}, lmc::AxisGroups({0}, {left, right})});
    builder.add_buffer("mean", {2}, lmc::Role::mean, {right});
  });
  return std::move(builder).build();
}

}  // namespace

TEST_CASE("permute: a group may differ from position to position", "[align]") {
  const auto layout = two_positions();
  const lmc::ModelState<double> state{{1, 2, 3, 4}, {5, 6}};
  CHECK(lmc::permute(layout, {{1, 0}, {0, 1}}, state) == lmc::ModelState<double>{{2, 1, 3, 4}, {5, 6}});
  CHECK(lmc::permute(layout, {{0, 1}, {1, 0}}, state) == lmc::ModelState<double>{{1, 2, 4, 3}, {6, 5}});
}

TEST_CASE("permute: groups inside permuted blocks go with their block", "[align]") {
  // Two heads of two units: heads change places, and the units of head 0 (of the given network) among themselves.
  lmc::LayoutBuilder builder(1);
  const GroupId heads = builder.add_group(2), first = builder.add_group(2), second = builder.add_group(2);
  builder.add_parameter("query", {2, 2}, lmc::Role::weight, {heads, lmc::AxisGroups({0}, {first, second})});
  const auto layout = std::move(builder).build();
  CHECK(lmc::permute<double>(layout, {{1, 0}, {1, 0}, {0, 1}}, {{1, 2, 3, 4}, {}}).parameters ==
        std::vector<double>{3, 4, 2, 1});
}

TEST_CASE("permute: agrees with matching where units lie in front of the heads that contain them", "[align]") {
  // At each of two positions three heads, the last axis, and three units in each, the axis before: both differ by position.
  lmc::ParameterLayout layout;
  for (const char* position : {"left", "right"}) {
    layout.groups.push_back({position, 3});
    for (int head = 0; head < 3; ++head) layout.groups.push_back({position, 3});
  }
  using Ids = std::vector<GroupId>;
  layout.parameters.push_back({"query",
                               {2, 3, 3},
                               lmc::Role::weight,
                               {{}, lmc::AxisGroups({0, 2}, Ids{1, 2, 3, 5, 6, 7}), lmc::AxisGroups({0}, Ids{0, 4})},
                               0,
                               {}});
  const auto terms = lmc::detail::matching_terms(layout);
  const std::vector<double> a{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3},
      b{2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5, 2, 3};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto permutations = lmc::testing::random_permutations(layout, seed);
    const auto moved = lmc::permute<double>(layout, permutations, {b, {}}).parameters;
    CHECK(std::inner_product(a.begin(), a.end(), moved.begin(), 0.0) ==
          lmc::detail::matching_objective<double>(terms, a, b, unit_maps(terms, permutations)));
    const auto back = lmc::permute<double>(layout, inverse(layout, permutations), {moved, {}}).parameters;
    CHECK(back == b);
  }
}

TEST_CASE("permute: refuses axes that select each other's groups", "[align][errors]") {
  lmc::ParameterLayout layout{.parameters = {}, .buffers = {}, .groups = {{"a", 2}, {"b", 2}, {"c", 2}, {"d", 2}}};
  using Ids = std::vector<GroupId>;
  layout.parameters.push_back(
      {"ring", {2, 2}, lmc::Role::weight, {lmc::AxisGroups({1}, Ids{0, 1}), lmc::AxisGroups({0}, Ids{2, 3})}, 0, {}});
  CHECK_THROWS_WITH(lmc::permute<double>(layout, lmc::identity_permutations(layout), {{1, 2, 3, 4}, {}}),
                    Catch::StartsWith("permute: axes of 'ring' select each other's groups"));
}

TEST_CASE("LayoutBuilder: joined groups are one, and what touches a fixed axis is fixed", "[core]") {
  lmc::LayoutBuilder builder(1);
  const GroupId a = builder.add_group(2), b = builder.add_group(2), c = builder.add_group(2), d = builder.add_group(2);
  builder.add_parameter("w", {2, 2, 2, 2}, lmc::Role::weight, {a, b, c, d});
  builder.unify(c, a);
  builder.unify(b, {});
  const auto layout = std::move(builder).build();
  CHECK(layout.groups.size() == 2);
  CHECK(layout.at("w").groups == std::vector<lmc::AxisGroups>{GroupId(0), {}, GroupId(0), GroupId(1)});
}

TEST_CASE("permute: refuses what is no permutation", "[align][errors]") {
  const auto layout = two_positions();
  const lmc::ModelState<double> state{{1, 2, 3, 4}, {5, 6}};
  CHECK_THROWS_WITH(lmc::permute(layout, {{0, 1}}, state), "permute: 1 permutations; the layout has 2 groups");
  CHECK_THROWS_WITH(lmc::permute(layout, {{0, 1}, {1, 1}}, state),
                    "permute: permutations[1] is no permutation of 0 … 1, the units of group 'local'");
  CHECK_THROWS_WITH(lmc::permute<double>(layout, {{0, 1}, {1, 0}}, {{1, 2}, {}}),
                    "permute: the state has 2 parameters and 0 buffer values; the layout has 4 and 2");
}

}  // namespace align_permute_test
