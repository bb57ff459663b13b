// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/core/parameter_layers.hpp>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace core_parameter_layers_test {

namespace {

lmc::ParameterLayout layout_of(const std::vector<std::string>& names) {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  for (const std::string& name : names)
    builder.add_parameter(name, {2, static_cast<lmc::Index>(name.size())}, lmc::Role::weight, {{}, {}});
  return std::move(builder).build();
}

}  // namespace

TEST_CASE("parameter_layers: segments of one layer belong together, also where others lie between", "[core]") {
  const auto layout =
      layout_of({"dense1/weight", "dense1/bias", "attention1/query/weight", "attention1/key/weight", "attention1/query/bias",
                 "attention1/key/bias", "scale", "dense11/weight", "block1/dense1/weight"});
  const auto layers = lmc::parameter_layers(layout);
  std::vector<std::string> names;
  std::vector<std::vector<std::size_t>> segments;
  for (const auto& layer : layers) {
    names.push_back(layer.name);
    segments.push_back(layer.segments);
  }
  CHECK(names == std::vector<std::string>{"dense1", "attention1/query", "attention1/key", "scale", "dense11", "block1/dense1"});
  CHECK(segments == std::vector<std::vector<std::size_t>>{{0, 1}, {2, 4}, {3, 5}, {6}, {7}, {8}});
  CHECK(lmc::parameter_layers({}).empty());
}

TEST_CASE("segment_of: is the stretch of a vector that the layout names", "[core]") {
  const auto layout = layout_of({"a", "bcd", "ef"});
  std::vector<int> values(12);
  std::iota(values.begin(), values.end(), 0);
  const auto part = lmc::segment_of(layout, 1, std::span(values));
  CHECK(std::vector<int>(part.begin(), part.end()) == std::vector<int>{2, 3, 4, 5, 6, 7});
  CHECK(lmc::segment_of(layout, 2, std::span(values)).size() == 4);
  values.push_back(0);
  CHECK_THROWS_WITH(lmc::segment_of(layout, 1, std::span(values)), Catch::Contains("13 values; the layout has 12 parameters"));
}

}  // namespace core_parameter_layers_test
