// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <numeric>
#include <span>
#include <vector>

namespace align_matching_terms_test {

using lmc::AxisGroups;
using lmc::GroupId;
using lmc::Index;
using lmc::Role;
using lmc::detail::MatchingTerm;

namespace {

std::vector<double> whole_numbers(Index count, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(lmc::uniform_below({.seed = seed}, i, 17)) - 8;
  return values;
}

std::vector<lmc::ParameterLayout> layouts() {
  const lmc::Shape image{6, 6, 2};
  std::vector<lmc::ParameterLayout> all;
  all.push_back(lmc::mlp<float>({.inputs = 5, .hidden = {4, 3}, .outputs = 2}).layout());
  all.push_back(
      lmc::cnn<float>({.inputs = image, .channels = {3, 4}, .outputs = 2, .norm = lmc::Normalization::batch}).layout());
  all.push_back(lmc::lcn<float>({.inputs = image, .channels = {3, 4}, .outputs = 2, .padding = {1, 0}}).layout());
  all.push_back(lmc::resnet<float>({.inputs = image, .outputs = 2, .blocks = 1, .width = 3}).layout());
  all.push_back(lmc::vit<float>({.inputs = image, .outputs = 2, .patch = 3, .width = 6, .heads = 3, .blocks = 2}).layout());
  // A square weight on a residual stream: both sides are one group.
  lmc::LayoutBuilder builder(1);
  const GroupId stream = builder.add_group(4);
  builder.add_parameter("square", {4, 4, 2}, Role::weight, {stream, stream, {}});
  builder.add_parameter("fixed", {3, 2}, Role::weight, {{}, {}});
  all.push_back(std::move(builder).build());
  return all;
}

}  // namespace

TEST_CASE("matching_terms: have every parameter once", "[align]") {
  for (const auto& layout : layouts()) {
    const auto terms = lmc::detail::matching_terms(layout);
    std::vector<int> seen(static_cast<std::size_t>(layout.parameter_count()));
    for (const MatchingTerm& t : terms.terms) {
      CHECK((t.row_set || !t.col_set));
      if (t.row_set) CHECK(terms.sets[*t.row_set].size == t.row_count());
      if (t.col_set) CHECK(terms.sets[*t.col_set].size == t.col_count());
      const lmc::Segment& segment = layout.parameters[t.segment];
      for (const Index r : t.repeats)
        for (const Index i : t.rows)
          for (const Index j : t.cols) {
            CHECK((r + i + j >= segment.offset && r + i + j < segment.offset + segment.size()));
            ++seen[static_cast<std::size_t>(r + i + j)];
          }
    }
    CHECK(seen == std::vector<int>(seen.size(), 1));
  }
}

TEST_CASE("matching_objective: is the dot product with the permuted parameters", "[align]") {
  for (const auto& layout : layouts()) {
    const auto terms = lmc::detail::matching_terms(layout);
    // Whole numbers: every sum is exact in any order.
    const std::vector<double> a = whole_numbers(layout.parameter_count(), 1), b = whole_numbers(layout.parameter_count(), 2);
    const lmc::ModelState<double> state{b, std::vector<double>(static_cast<std::size_t>(layout.buffer_count()))};
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const auto permutations = lmc::testing::random_permutations(layout, seed);
      const auto moved = permute(layout, permutations, state).parameters;
      const auto maps = unit_maps(terms, permutations);
      CHECK(lmc::detail::matching_objective<double>(terms, a, b, maps) ==
            std::inner_product(a.begin(), a.end(), moved.begin(), 0.0));
      lmc::Permutations back = lmc::identity_permutations(layout);
      for (const auto& joint : terms.joints) set_permutations(joint, maps, back);
      CHECK(back == permutations);

      // What is gathered from b under the maps is what permute() puts there.
      for (const MatchingTerm& t : terms.terms) {
        std::vector<double> here(static_cast<std::size_t>(t.entries())), there = here;
        for (const MatchingTerm& side : {t, transposed(t)}) {
          lmc::detail::gather<double>(side, b, maps, here);
          lmc::detail::gather<double>(side, moved, there);
          CHECK(here == there);
        }
      }
    }
  }
}

TEST_CASE("matching_terms: are one for a convolution and one for each pair of positions of a locally connected layer",
          "[align]") {
  const auto convolution = lmc::cnn<float>({.inputs = {6, 6, 2}, .channels = {3, 4}, .outputs = 2}).layout();
  const auto shared = lmc::detail::matching_terms(convolution);
  CHECK(shared.joints.size() == 2);
  CHECK(shared.terms.size() == convolution.parameters.size());
  CHECK(shared.terms[2].repeat_count() == 9);
  const auto local = lmc::lcn<float>({.inputs = {6, 6, 2}, .channels = {3, 4}, .outputs = 2}).layout();
  const auto terms = lmc::detail::matching_terms(local);
  CHECK(terms.joints.size() == 16 + 4);
  // Weights and biases of both layers, the readout's weight at each position, and its bias.
  CHECK(terms.terms.size() == 2 * 16 + 4 * 9 + 4 + 4 + 1);
}

TEST_CASE("matching_terms: heads are one joint group with the units of queries and keys, and those of values", "[align]") {
  const auto layout =
      lmc::vit<float>({.inputs = {6, 6, 2}, .outputs = 2, .patch = 3, .width = 6, .heads = 3, .blocks = 1}).layout();
  const auto terms = lmc::detail::matching_terms(layout);
  const auto heads = std::ranges::find_if(terms.joints, [](const auto& joint) { return !joint.nests.empty(); });
  REQUIRE(heads != terms.joints.end());
  CHECK(heads->nests.size() == 2);
  CHECK(terms.sets[heads->first_set].size == 3);
  CHECK(terms.sets[heads->first_set + 1].size == 6);
  CHECK(terms.sets[heads->first_set + 2].size == 6);
}

TEST_CASE("matching_terms: refuse a segment in which three permutations meet", "[align][errors]") {
  lmc::LayoutBuilder builder(1);
  const GroupId a = builder.add_group(2), b = builder.add_group(3), c = builder.add_group(4), d = builder.add_group(4);
  SECTION("of three groups") { builder.add_parameter("cube", {2, 3, 4}, Role::weight, {a, b, c}); }
  SECTION("of two groups inside one axis of heads") {
    builder.add_parameter("cube", {2, 4, 4}, Role::weight, {a, AxisGroups({0}, {c, d}), AxisGroups({0}, {c, d})});
  }
  const auto layout = std::move(builder).build();
  CHECK_THROWS_WITH(lmc::detail::matching_terms(layout), Catch::Contains("'cube'") && Catch::Contains("3 axes are permuted"));
}

}  // namespace align_matching_terms_test
