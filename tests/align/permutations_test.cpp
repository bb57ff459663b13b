// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <numeric>
#include <span>
#include <vector>

namespace align_permutations_test {

using lmc::AxisGroups;
using lmc::GroupId;
using lmc::Index;
using lmc::Permutations;
using lmc::Role;

namespace {

// Three heads with units of two kinds inside, between a residual stream; and positions whose channels are permuted on their own.
lmc::ParameterLayout attention_layout() {
  lmc::LayoutBuilder builder(1);
  const GroupId stream = builder.add_group(5), heads = builder.add_group(3);
  std::vector<GroupId> query, value;
  for (int h = 0; h < 3; ++h) {
    query.push_back(builder.add_group(2));
    value.push_back(builder.add_group(4));
  }
  builder.add_parameter("query", {3, 2, 5}, Role::weight, {heads, AxisGroups({0}, query), stream});
  builder.add_parameter("value", {3, 4}, Role::bias, {heads, AxisGroups({0}, value)});
  builder.add_parameter("output", {5, 3, 4}, Role::weight, {stream, heads, AxisGroups({1}, value)});
  const GroupId left = builder.add_group(3), right = builder.add_group(3);
  builder.add_parameter("local", {2, 3, 5}, Role::weight, {{}, AxisGroups({0}, {left, right}), stream});
  builder.add_buffer("mean", {2, 3}, Role::mean, {{}, AxisGroups({0}, {left, right})});
  return std::move(builder).build();
}

Permutations shuffled(const lmc::ParameterLayout& layout, std::uint64_t seed) {
  Permutations result = lmc::identity_permutations(layout);
  for (std::size_t g = 0; g < result.size(); ++g)
    lmc::shuffle({.seed = seed, .part = static_cast<std::uint32_t>(g)}, std::span(result[g]));
  return result;
}

lmc::ModelState<double> distinct_state(const lmc::ParameterLayout& layout) {
  lmc::ModelState<double> state{std::vector<double>(static_cast<std::size_t>(layout.parameter_count())),
                                std::vector<double>(static_cast<std::size_t>(layout.buffer_count()))};
  std::iota(state.parameters.begin(), state.parameters.end(), 0.0);
  std::iota(state.buffers.begin(), state.buffers.end(), 1000.0);
  return state;
}

}  // namespace

TEST_CASE("compose: is one permutation after the other, units inside heads included", "[align]") {
  const auto layout = attention_layout();
  const auto state = distinct_state(layout);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const Permutations p = shuffled(layout, 2 * seed), q = shuffled(layout, 2 * seed + 1);
    CHECK(permute(layout, compose(layout, p, q), state) == permute(layout, p, permute(layout, q, state)));
  }
}

TEST_CASE("inverse: undoes a permutation on both sides, units inside heads included", "[align]") {
  const auto layout = attention_layout();
  const auto state = distinct_state(layout);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const Permutations p = shuffled(layout, seed), undone = inverse(layout, p);
    CHECK(permute(layout, undone, permute(layout, p, state)) == state);
    CHECK(permute(layout, p, permute(layout, undone, state)) == state);
    CHECK(compose(layout, p, undone) == lmc::identity_permutations(layout));
  }
}

TEST_CASE("identity_permutations: moves nothing, and moved_units counts what moves", "[align]") {
  const auto layout = attention_layout();
  const auto state = distinct_state(layout);
  Permutations p = lmc::identity_permutations(layout);
  CHECK(permute(layout, p, state) == state);
  CHECK(lmc::moved_units(p) == std::vector<Index>(layout.groups.size(), 0));
  p[0] = {0, 2, 1, 4, 3};
  p.back() = {1, 2, 0};
  const auto moved = lmc::moved_units(p);
  CHECK(moved.front() == 4);
  CHECK(moved.back() == 3);
  CHECK(std::accumulate(moved.begin(), moved.end(), Index{0}) == 7);
}

TEST_CASE("compose, inverse: refuse what does not fit the layout", "[align][errors]") {
  const auto layout = attention_layout();
  Permutations p = lmc::identity_permutations(layout);
  p[1] = {0, 3, 1};
  CHECK_THROWS_WITH(compose(layout, lmc::identity_permutations(layout), p),
                    "compose: permutations[1] is no permutation of 0 … 2, the units of group ''");
  CHECK_THROWS_WITH(inverse(layout, {}), Catch::Contains("inverse: 0 permutations; the layout has "));
}

TEST_CASE("compose: names the segment whose groups are nested in no known way", "[align][errors]") {
  lmc::LayoutBuilder builder(1);
  const GroupId a = builder.add_group(2), b = builder.add_group(2), shared = builder.add_group(3);
  SECTION("inside the units of two axes") {
    builder.add_parameter("odd", {2, 2, 3}, Role::weight, {a, b, AxisGroups({0, 1}, {shared, shared, shared, shared})});
  }
  SECTION("one group inside two units") {
    builder.add_parameter("odd", {2, 3}, Role::weight, {a, AxisGroups({0}, {shared, shared})});
  }
  SECTION("a group inside one of two units") {
    builder.add_parameter("odd", {2, 3}, Role::weight, {a, AxisGroups({0}, {shared, {}})});
  }
  SECTION("two levels") {
    const GroupId c = builder.add_group(2), d = builder.add_group(3);
    builder.add_parameter("odd", {2, 2, 3}, Role::weight, {a, AxisGroups({0}, {b, c}), AxisGroups({1}, {shared, d})});
  }
  const auto layout = std::move(builder).build();
  const Permutations none = lmc::identity_permutations(layout);
  CHECK_THROWS_WITH(compose(layout, none, none), Catch::Contains("'odd'"));
}

}  // namespace align_permutations_test
