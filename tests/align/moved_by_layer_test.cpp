// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/align/moved_by_layer.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <utility>
#include <vector>

namespace align_moved_by_layer_test {

using lmc::Index;

TEST_CASE("moved_by_layer: counts the units of every layer, of none where nothing moves", "[align]") {
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {4, 5}, .outputs = 3});
  auto permutations = lmc::identity_permutations(net.layout());
  for (const lmc::MovedLayer& layer : lmc::moved_by_layer(net.layout(), permutations)) CHECK(layer.share() == 0);
  permutations[1] = {1, 2, 0, 3, 4};
  const auto layers = lmc::moved_by_layer(net.layout(), permutations);
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].name == "dense1");
  CHECK(layers[0].moved == std::vector<Index>{0});
  CHECK(layers[0].units() == 4);
  CHECK(layers[1].name == "dense2");
  CHECK(layers[1].moved == std::vector<Index>{3});
  CHECK(layers[1].share() == 0.6);
}

TEST_CASE("moved_by_layer: keeps the positions of a locally connected layer apart", "[align]") {
  const auto net = lmc::lcn<float>({.inputs = {4, 4, 1}, .channels = {3}, .outputs = 2, .kernel = {2}, .stride = {2}});
  auto permutations = lmc::identity_permutations(net.layout());
  REQUIRE(permutations.size() == 4);
  permutations[2] = {0, 2, 1};
  const auto layers = lmc::moved_by_layer(net.layout(), permutations);
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].size == 3);
  CHECK(layers[0].moved == std::vector<Index>{0, 0, 2, 0});
  CHECK(layers[0].share() == 2.0 / 12);
}

TEST_CASE("moved_by_layer: tells heads from the units inside them, also where there are as many of both", "[align]") {
  lmc::LayoutBuilder builder(1);
  builder.inside("attention", [&] {
    const lmc::GroupId heads = builder.add_group(2);
    const lmc::GroupId query0 = builder.add_group(2), value0 = builder.add_group(3);
    const lmc::GroupId query1 = builder.add_group(2), value1 = builder.add_group(3);
    builder.add_parameter("query", {2, 2}, lmc::Role::bias, {heads, lmc::AxisGroups({0}, {query0, query1})});
    builder.add_parameter("value", {2, 3}, lmc::Role::bias, {heads, lmc::AxisGroups({0}, {value0, value1})});
  });
  const lmc::ParameterLayout layout = std::move(builder).build();
  const auto layers = lmc::moved_by_layer(layout, {{1, 0}, {0, 1}, {1, 2, 0}, {1, 0}, {0, 1, 2}});
  REQUIRE(layers.size() == 3);
  CHECK(layers[0].moved == std::vector<Index>{2});
  CHECK(layers[1].moved == std::vector<Index>{0, 2});
  CHECK(layers[2].moved == std::vector<Index>{3, 0});
}

TEST_CASE("moved_by_layer: refuses permutations of another layout", "[align]") {
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {4}, .outputs = 3});
  CHECK_THROWS_WITH(lmc::moved_by_layer(net.layout(), {}),
                    Catch::Matchers::Contains("moved_by_layer: 0 permutations; the layout has 1 groups"));
  CHECK_THROWS_AS(lmc::moved_by_layer(net.layout(), {{0, 1, 1, 3}}), lmc::Error);
}

}  // namespace align_moved_by_layer_test
