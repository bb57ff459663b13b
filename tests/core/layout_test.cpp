// SPDX-License-Identifier: BSD-3-Clause
#include <lmc/core/layout.hpp>

#include <catch2/catch.hpp>
#include <optional>
#include <span>
#include <vector>

namespace core_layout_test {

TEST_CASE("ParameterLayout: finds a segment by name, or lists what there is", "[core][errors]") {
  lmc::LayoutBuilder builder(3);
  builder.inside("a", [&] {
    const lmc::GroupId units = builder.add_group(2);
    builder.add_parameter("weight", {2, 3}, lmc::Role::weight, {units, {}});
    builder.inside("b", [&] { builder.add_parameter("bias", 2, lmc::Role::bias, {units}); });
  });
  const lmc::ParameterLayout layout = std::move(builder).build();
  CHECK(layout.at("a/b/bias").offset == 6);
  CHECK(layout.at("a/b/bias").role == lmc::Role::bias);
  CHECK(layout.parameter_count() == 8);
  CHECK(layout.groups == std::vector<lmc::PermutationGroup>{{"a", 2}});
  CHECK_THROWS_WITH(layout.at("a/bias"), "ParameterLayout: no segment 'a/bias'; there are: a/weight, a/b/bias");
}

TEST_CASE("ParameterLayout: segments lie one behind the other, those of the buffers apart", "[core]") {
  lmc::LayoutBuilder builder(4);
  builder.add_parameter("weight", {3, 4}, lmc::Role::weight, {{}, {}});
  builder.add_buffer("mean", 3, lmc::Role::mean, {{}});
  builder.add_parameter("bias", 3, lmc::Role::bias, {{}});
  CHECK(builder.parameter_count() == 15);
  CHECK(builder.buffer_count() == 3);
  const lmc::ParameterLayout layout = std::move(builder).build();
  CHECK(layout.at("weight").offset == 0);
  CHECK(layout.at("bias").offset == 12);
  CHECK(layout.buffers.at(0).name == "mean");
  CHECK(layout.buffers.at(0).offset == 0);
  CHECK(lmc::ParameterLayout().parameter_count() == 0);
}

TEST_CASE("LayoutBuilder: a segment names the groups of each of its axes", "[core][errors]") {
  lmc::LayoutBuilder builder(4);
  CHECK_THROWS_WITH(builder.add_parameter("weight", {3, 4}, lmc::Role::weight, {{}}),
                    Catch::Contains("'weight' has the shape [3, 4] and groups for 1 axes"));
}

TEST_CASE("LayoutBuilder: groups that are joined are one, and one that is joined with a fixed axis is fixed", "[core]") {
  lmc::LayoutBuilder builder(4);
  const auto group = [&](const char* name) {
    lmc::GroupId id;
    builder.inside(name, [&] { id = builder.add_group(3); });
    builder.add_parameter(name, 3, lmc::Role::bias, {id});
    return id;
  };
  const lmc::GroupId a = group("a"), b = group("b"), c = group("c"), d = group("d"), e = group("e");
  builder.unify(c, b);
  builder.unify(d, e);
  builder.fix(e);
  const lmc::ParameterLayout layout = std::move(builder).build();
  CHECK(layout.groups == std::vector<lmc::PermutationGroup>{{"a", 3}, {"b", 3}});
  const auto group_of = [&](const char* name) { return layout.at(name).groups[0].ids[0]; };
  CHECK(group_of("a") == a);
  CHECK(group_of("b") == 1u);
  CHECK(group_of("c") == 1u);
  CHECK(group_of("d") == std::nullopt);
  CHECK(group_of("e") == std::nullopt);
}

TEST_CASE("LayoutBuilder: a group that no segment has is dropped, and the outputs' order is fixed", "[core]") {
  lmc::LayoutBuilder builder(4);
  builder.add_group(2);
  const lmc::GroupId outputs = builder.add_group(3);
  builder.add_parameter("bias", 3, lmc::Role::bias, {outputs});
  builder.activation = {3, {outputs}};
  const lmc::ParameterLayout layout = std::move(builder).build();
  CHECK(layout.groups.empty());
  CHECK(layout.at("bias").groups[0].ids[0] == std::nullopt);
}

TEST_CASE("LayoutBuilder: activations that are added share their groups, unless one of them was flattened", "[core]") {
  for (const bool flattened : {false, true}) {
    lmc::LayoutBuilder builder(4);
    const lmc::GroupId a = builder.add_group(3), b = builder.add_group(3);
    builder.add_parameter("a", 3, lmc::Role::bias, {a});
    builder.add_parameter("b", 3, lmc::Role::bias, {b});
    std::vector<lmc::AxisGroups> axes{a};
    if (flattened) axes.insert(axes.begin(), lmc::AxisGroups());
    builder.unify({flattened ? lmc::Shape{1, 3} : lmc::Shape{3}, axes}, {3, {b}});
    const lmc::ParameterLayout layout = std::move(builder).build();
    CHECK(layout.groups.size() == (flattened ? 0 : 1));
  }
}

TEST_CASE("AxisGroups: one group for each index of other axes", "[core]") {
  const lmc::AxisGroups axis({0, 1}, {0u, 1u, 2u, 3u});
  const std::vector<lmc::Index> index{1, 0, 5};
  CHECK(axis.at({2, 2, 7}, index) == 2u);
  CHECK(lmc::AxisGroups(4u).at({2, 2, 7}, index) == 4u);
  const lmc::AxisGroups moved = axis.shifted(1);
  CHECK(moved.over == std::vector<lmc::Index>{1, 2});
  CHECK(moved.ids == axis.ids);
}

}  // namespace core_layout_test
