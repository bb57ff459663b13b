// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/layer_groups.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/layers.hpp"

namespace connectivity_layer_groups_test {

using lmc::LayerGroups;
using lmc::Role;
using Ranges = std::vector<lmc::LayerRange>;

namespace {

std::vector<std::string> names(const LayerGroups& groups) {
  std::vector<std::string> names;
  for (const lmc::ParameterLayer& layer : groups.layers()) names.push_back(layer.name);
  return names;
}
using Names = std::vector<std::string>;

// A convolution, two blocks with norms, and a readout.
lmc::ParameterLayout with_norms() {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  const auto add = [&](const char* name, Role role) { builder.add_parameter(name, 2, role, {{}}); };
  add("conv1/weight", Role::weight);
  add("norm1/scale", Role::scale), add("norm1/bias", Role::bias);
  add("block1/norm1/scale", Role::scale), add("block1/norm1/bias", Role::bias);
  add("block1/conv1/weight", Role::weight), add("block1/conv1/bias", Role::bias);
  add("block2/conv1/bias", Role::bias), add("block2/norm1/scale", Role::scale);
  add("norm2/scale", Role::scale);
  add("dense1/weight", Role::weight);
  return std::move(builder).build();
}

}  // namespace

TEST_CASE("LayerGroups: a layout is its parameter layers, whose neighboring segments are one range", "[connectivity]") {
  const LayerGroups groups = testing::layout_of({{"q/weight", 2}, {"q/bias", 1}, {"k/weight", 3}, {"q/more", 4}});
  CHECK(names(groups) == Names{"q", "k"});
  CHECK(groups.ranges() == Ranges{{0, 3, 0}, {3, 3, 1}, {6, 4, 0}});
  CHECK(groups.parameter_count() == 10);
}

TEST_CASE("LayerGroups: any division of the segments is one", "[connectivity]") {
  const auto layout = testing::layout_of({{"a", 2}, {"b", 1}, {"c", 3}});
  const LayerGroups groups(layout, {{"ends", {0, 2}}, {"middle", {1}}});
  CHECK(names(groups) == Names{"ends", "middle"});
  CHECK(groups.ranges() == Ranges{{0, 2, 0}, {2, 1, 1}, {3, 3, 0}});
}

TEST_CASE("layers_with_norms: a norm belongs to the layer before it in its block", "[connectivity]") {
  const LayerGroups groups = lmc::layers_with_norms(with_norms());
  CHECK(names(groups) == Names{"conv1", "block1/norm1", "block1/conv1", "block2/conv1", "norm2", "dense1"});
  CHECK(groups.layers()[0].segments == std::vector<std::size_t>{0, 1, 2});
  CHECK(groups.layers()[3].segments == std::vector<std::size_t>{7, 8});
}

TEST_CASE("top_level_layers: what the outermost network names", "[connectivity]") {
  CHECK(names(lmc::top_level_layers(with_norms())) == Names{"conv1", "norm1", "block1", "block2", "norm2", "dense1"});
  CHECK(lmc::top_level_layers(with_norms()).ranges()[2] == lmc::LayerRange{6, 8, 2});
  CHECK(names(lmc::top_level_layers(testing::layout_of({{"plain", 2}}))) == Names{"plain"});
}

TEST_CASE("LayerGroups: what a temporary gives can be walked through", "[connectivity]") {
  std::string all;
  for (const auto& layer : lmc::top_level_layers(with_norms()).layers()) all += layer.name + ' ';
  CHECK(all == "conv1 norm1 block1 block2 norm2 dense1 ");
  std::size_t parameters = 0;
  for (const auto& range : LayerGroups(with_norms()).ranges()) parameters += range.count;
  CHECK(parameters == 22);
}

TEST_CASE("LayerGroups: refuses what is no division of the parameters", "[connectivity][errors]") {
  const auto layout = testing::layout_of({{"a", 2}, {"b", 1}});
  CHECK_THROWS_WITH(LayerGroups(lmc::ParameterLayout()), Catch::Contains("the layout has no parameters"));
  CHECK_THROWS_WITH(LayerGroups(layout, {{"x", {0, 1}}, {"y", {}}}), Catch::Contains("the layer 'y' has no segments"));
  CHECK_THROWS_WITH(LayerGroups(layout, {{"x", {0, 2}}}), Catch::Contains("'x' has segment 2; the layout has 2"));
  CHECK_THROWS_WITH(LayerGroups(layout, {{"x", {0, 1}}, {"y", {1}}}),
                    Catch::Contains("the segment 'b' is in the layers 'x' and 'y'"));
  CHECK_THROWS_WITH(LayerGroups(layout, {{"x", {1, 1}}}), Catch::Contains("is in the layers 'x' and 'x'"));
  CHECK_THROWS_WITH(LayerGroups(layout, {{"x", {1}}}), Catch::Contains("the segment 'a' is in no layer"));
  auto with_hole = layout;
  with_hole.parameters[1].offset = 5;
  CHECK_THROWS_WITH(LayerGroups(with_hole), Catch::Contains("'b' begins at 5, but the one before it ends at 2"));
}

}  // namespace connectivity_layer_groups_test
