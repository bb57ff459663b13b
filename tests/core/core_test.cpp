// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <catch2/catch.hpp>
#include <lmc/core/digest.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/machine.hpp>
#include <lmc/core/names.hpp>
#include <lmc/core/shape.hpp>
#include <lmc/core/views.hpp>
#include <span>
#include <sstream>
#include <string_view>
#include <vector>

TEST_CASE("Shape: has a size, and prints its axes", "[core]") {
  std::ostringstream text;
  text << lmc::Shape{28, 28, 1} << lmc::Shape(5) << lmc::Shape();
  CHECK(text.str() == "[28, 28, 1][5][]");
  CHECK(lmc::Shape{28, 28, 2}.size() == 1568);
  CHECK(lmc::Shape().size() == 1);
}

TEST_CASE("views: rows and slices lie where they should", "[core]") {
  std::vector<int> values{0, 1, 2, 3, 4, 5};
  const auto matrix = lmc::matrix_view(std::span(values), 2, 3);
  CHECK(matrix(1, 0) == 3);
  CHECK(lmc::row_of(matrix, 1)[2] == 5);
  CHECK(lmc::span_of(matrix).size() == 6);
  CHECK(lmc::slice(std::span(values), 2, 3).front() == 2);
}

TEST_CASE("require: builds the text from values, on failure only", "[core][errors]") {
  CHECK_NOTHROW(lmc::require(true, "never"));
  CHECK_THROWS_WITH(lmc::require(false, "x has ", 3, " columns, expected ", lmc::Shape{4}), "x has 3 columns, expected [4]");
}

TEST_CASE("find_name: finds a name, or points at the nearest one", "[core][errors]") {
  const std::array<std::string_view, 3> known{"sgd", "adam", "adamw"};
  CHECK(lmc::find_name("optimizer", "adam", known) == 1);
  CHECK_THROWS_WITH(lmc::find_name("optimizer", "adamm", known),
                    "unknown optimizer 'adamm'; did you mean 'adam'? Known: sgd, adam, adamw");
  CHECK_THROWS_WITH(lmc::find_name("optimizer", "sdg", known), Catch::Contains("did you mean 'sgd'?"));
}

TEST_CASE("digest: is FNV-1a, and depends on every bit", "[core]") {
  const std::array<unsigned char, 1> a{'a'};
  CHECK(lmc::digest(std::span<const unsigned char>(a)) == "af63dc4c8601ec8c");  // published test vector
  CHECK(lmc::digest(std::span<const float>()) == "cbf29ce484222325");
  const std::vector<float> zero{0.0f, 1.0f}, minus_zero{-0.0f, 1.0f};
  CHECK(lmc::digest(std::span(zero)) != lmc::digest(std::span(minus_zero)));
}

TEST_CASE("digest: of a state is that of its parameters", "[core]") {
  const std::vector<float> theta{1, 2};
  CHECK(lmc::digest(lmc::ModelState<float>{theta, {3}}) == lmc::digest(std::span<const float>(theta)));
}

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

TEST_CASE("machine: names the compiler and the processor", "[core]") {
  CHECK(lmc::compiler_name().find_first_of("0123456789") != std::string::npos);
  CHECK_FALSE(lmc::processor_name().empty());
}
