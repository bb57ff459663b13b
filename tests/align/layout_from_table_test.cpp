// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/align/layout_from_table.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include <lmc/align/permute.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>

namespace align_layout_from_table_test {

using Catch::Matchers::Contains;
using lmc::Index;
using lmc::NamedShape;
using lmc::TableAxis;
using lmc::TableEntry;

namespace {

// One axis, whose group may be none.
TableAxis of(std::string group) { return {.groups = {std::move(group)}}; }
TableEntry entry(std::string tensor, std::vector<TableAxis> axes) {
  return {.tensor = std::move(tensor), .axes = std::move(axes)};
}
TableEntry buffer(std::string tensor, std::string group) {
  return {.tensor = std::move(tensor), .axes = {of(std::move(group))}, .buffer = true};
}

// A convolution of 2 channels with running statistics on 3 × 2 positions, then two linear layers, channels first as in PyTorch.
const std::vector<NamedShape> tensors{
    {"conv.weight", {2, 1, 3, 3}}, {"conv.bias", {2}}, {"mean", {2}}, {"fc1.weight", {4, 12}}, {"fc1.bias", {4}},
    {"fc2.weight", {3, 4}},        {"fc2.bias", {3}}};
std::vector<TableEntry> table() {
  return {entry("conv.weight", {of("channels"), of(""), of(""), of("")}),
          entry("conv.bias", {of("channels")}),
          buffer("mean", "channels"),
          entry("fc1.weight", {of("hidden"), {.split = {2, 3, 2}, .groups = {"channels", "", ""}}}),
          entry("fc1.bias", {of("hidden")}),
          entry("fc2.weight", {of(""), of("hidden")})};
}

}  // namespace

TEST_CASE("layout_from_table: has the tensors in order, split axes as several, buffers apart", "[align]") {
  const auto [layout, unmentioned] = lmc::layout_from_table(tensors, table());
  CHECK(unmentioned == std::vector<std::string>{"fc2.bias"});
  REQUIRE(layout.groups.size() == 2);
  CHECK(layout.groups[0] == lmc::PermutationGroup{"channels", 2});
  CHECK(layout.groups[1] == lmc::PermutationGroup{"hidden", 4});
  REQUIRE(layout.parameters.size() == 6);
  REQUIRE(layout.buffers.size() == 1);
  CHECK(layout.buffers[0].name == "mean");
  CHECK(layout.at("fc1.weight").shape == lmc::Shape{4, 2, 3, 2});
  CHECK(layout.at("fc1.weight").groups ==
        std::vector<lmc::AxisGroups>{lmc::GroupId(1), lmc::GroupId(0), std::nullopt, std::nullopt});
  CHECK(layout.at("fc2.bias").groups == std::vector<lmc::AxisGroups>{std::nullopt});
  CHECK(layout.parameter_count() == 18 + 2 + 48 + 4 + 12 + 3);
}

TEST_CASE("layout_from_table: a flattened axis moves in blocks of its channels, or every so many entries", "[align]") {
  const lmc::Permutations swap{{1, 0}};
  std::vector<double> values(12);
  std::iota(values.begin(), values.end(), 0.0);
  values.insert(values.end(), {100, 101});
  const auto permuted = [&](const TableAxis& axis) {
    const auto [layout, unmentioned] =
        lmc::layout_from_table(std::vector<NamedShape>{{"fc", {1, 12}}, {"bias", {2}}},
                               std::vector<TableEntry>{entry("fc", {of(""), axis}), entry("bias", {of("channels")})});
    return lmc::permute<double>(layout, swap, {values, {}}).parameters;
  };
  // Channels first: two blocks of six positions change places.
  CHECK(permuted({.split = {2, 3, 2}, .groups = {"channels", "", ""}}) ==
        std::vector<double>{6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 101, 100});
  // Channels last: every two neighbors do.
  CHECK(permuted({.split = {3, 2, 2}, .groups = {"", "", "channels"}}) ==
        std::vector<double>{1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 101, 100});
}

TEST_CASE("layout_from_table: permuting by it leaves the function of a network written out by hand", "[align]") {
  const lmc::ParameterLayout layout = lmc::layout_from_table(tensors, table()).layout;
  std::vector<double> theta(static_cast<std::size_t>(layout.parameter_count())), mean{0.3, -0.8};
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] = lmc::normal({.seed = 4}, i);
  // x [5, 4] → convolution 3 × 3 without padding, less its mean → ReLU → flatten (channels first) → linear → ReLU → linear.
  const auto run = [&](const lmc::ModelState<double>& s) {
    const auto at = [&](const char* name) { return s.parameters.data() + layout.at(name).offset; };
    const double *conv = at("conv.weight"), *conv_bias = at("conv.bias"), *w1 = at("fc1.weight"), *b1 = at("fc1.bias"),
                 *w2 = at("fc2.weight"), *b2 = at("fc2.bias");
    std::vector<double> x(20), flat, hidden, out;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = lmc::normal({.seed = 5}, i);
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t row = 0; row < 3; ++row)
        for (std::size_t column = 0; column < 2; ++column) {
          double sum = conv_bias[c] - s.buffers[c];
          for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t j = 0; j < 3; ++j) sum += conv[c * 9 + i * 3 + j] * x[(row + i) * 4 + column + j];
          flat.push_back(std::max(0.0, sum));
        }
    for (std::size_t h = 0; h < 4; ++h) {
      double sum = b1[h];
      for (std::size_t i = 0; i < 12; ++i) sum += w1[h * 12 + i] * flat[i];
      hidden.push_back(std::max(0.0, sum));
    }
    for (std::size_t o = 0; o < 3; ++o) {
      double sum = b2[o];
      for (std::size_t h = 0; h < 4; ++h) sum += w2[o * 4 + h] * hidden[h];
      out.push_back(sum);
    }
    return out;
  };
  const lmc::ModelState<double> state{theta, mean}, moved = lmc::permute(layout, {{1, 0}, {2, 0, 3, 1}}, state);
  CHECK(moved.parameters != state.parameters);
  CHECK(moved.buffers == std::vector<double>{-0.8, 0.3});
  const auto before = run(state), after = run(moved);
  for (std::size_t o = 0; o < 3; ++o)
    CHECK_THAT(after[o], Catch::Matchers::WithinAbs(before[o], 1e-13));  // sums in another order
}

TEST_CASE("layout_from_table: refuses a table that contradicts the tensors or itself", "[align][errors]") {
  const auto refused = [&](std::size_t position, const TableEntry& wrong, const std::string& message) {
    std::vector<TableEntry> changed = table();
    if (position < changed.size())
      changed[position] = wrong;
    else
      changed.push_back(wrong);
    CHECK_THROWS_WITH(lmc::layout_from_table(tensors, changed), Contains(message));
  };
  refused(1, entry("conv.bia", {of("channels")}),
          "unknown tensor in the table of groups 'conv.bia'; did you mean 'conv.bias'?");
  refused(9, entry("conv.bias", {of("hidden")}), "the table has two entries for 'conv.bias'");
  refused(1, entry("conv.bias", {of("channels"), of("hidden")}),
          "'conv.bias' has the shape [2], and its entry groups for 2 axes");
  refused(0, entry("conv.weight", {of("channels"), of("")}), "expected one for each axis, from 0 to 3");
  refused(5, entry("fc2.weight", {of("hidden"), of("hidden")}),
          "group 'hidden' has 4 units at axis 0 of 'fc1.weight' and 3 at axis 0 of 'fc2.weight'; expected one length");
  refused(3, entry("fc1.weight", {of("hidden"), {.split = {2, 3, 3}, .groups = {"channels", "", ""}}}),
          "axis 1 of 'fc1.weight' has 12 entries, and is split into [2, 3, 3]; expected lengths whose product is 12");
  refused(3, entry("fc1.weight", {of("hidden"), {.split = {2, 0}, .groups = {"channels", ""}}}), "is split into [2, 0]");
  refused(3, entry("fc1.weight", {of("hidden"), {.split = {2, -6}, .groups = {"channels", ""}}}), "is split into [2, -6]");
  refused(3, entry("fc1.weight", {of("hidden"), {.split = {Index{1} << 62, Index{1} << 62}, .groups = {"channels", ""}}}),
          "expected lengths whose product is 12");
  refused(
      3, entry("fc1.weight", {of("hidden"), {.split = {3, 4}, .groups = {"channels", ""}}}),
      "group 'channels' has 2 units at axis 0 of 'conv.weight' and 3 at axis 1, part 0 of the split [3, 4], of 'fc1.weight'");
  refused(3, entry("fc1.weight", {of("hidden"), {.split = {2, 6}, .groups = {"channels"}}}),
          "has 1 groups for 2 parts of its split");
  refused(3, entry("fc1.weight", {of("hidden"), {.groups = {"channels", ""}}}), "has 2 groups for 1 axis");
  refused(5, entry("fc2.weight", {of("logits"), of("hidden")}),
          "group 'logits' occurs only in 'fc2.weight'; expected it wherever");
  std::vector<NamedShape> twice = tensors;
  twice[1].name = "conv.weight";
  CHECK_THROWS_WITH(lmc::layout_from_table(twice, table()), Contains("two tensors 'conv.weight'"));
  CHECK_THROWS_WITH(lmc::layout_from_table({}, table()), Contains("there are no tensors"));
}

TEST_CASE("layout_from_table: without a table nothing can move; scalars and empty tensors have their place", "[align]") {
  const auto [layout, unmentioned] =
      lmc::layout_from_table(std::vector<NamedShape>{{"scale", {}}, {"none", {0, 3}}, {"x", {2}}}, {});
  CHECK(unmentioned == std::vector<std::string>{"scale", "none", "x"});
  CHECK(layout.groups.empty());
  CHECK(layout.parameter_count() == 3);
  CHECK(lmc::permute<float>(layout, {}, {{1, 2, 3}, {}}).parameters == std::vector<float>{1, 2, 3});
}

}  // namespace align_layout_from_table_test
