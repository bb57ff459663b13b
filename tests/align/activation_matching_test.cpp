// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <lmc/align/activation_matching.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace align_activation_matching_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::activation_matching;
using lmc::ActivationMoments;
using lmc::Index;
using lmc::PlaceMoments;

namespace {

// A layer of `units`, between fixed axes.
lmc::ParameterLayout layer_of(Index units) {
  lmc::LayoutBuilder builder(1);
  builder.inside("dense1", [&] { builder.add_parameter("bias", units, lmc::Role::bias, {builder.add_group(units)}); });
  return std::move(builder).build();
}
// Two heads with `units` each, whose queries have groups of their own; inner groups are 1 and 2.
lmc::ParameterLayout heads_of(Index units) {
  lmc::LayoutBuilder builder(1);
  const lmc::GroupId heads = builder.add_group(2), first = builder.add_group(units), second = builder.add_group(units);
  builder.add_parameter("query", {2, units}, lmc::Role::weight, {heads, lmc::AxisGroups({0}, {first, second})});
  return std::move(builder).build();
}

using Columns = std::vector<std::vector<double>>;  // for each unit, its samples

// Moments by the definition.
PlaceMoments moments_of(const Columns& a, const Columns& b, std::vector<std::size_t> groups = {0}) {
  const auto n = static_cast<double>(a[0].size());
  PlaceMoments m{.place = "here", .groups = std::move(groups), .samples = static_cast<Index>(a[0].size())};
  const auto mean = [&](const std::vector<double>& x) { return std::accumulate(x.begin(), x.end(), 0.0) / n; };
  const auto covariance = [&](const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean(x)) * (y[i] - mean(y));
    return sum / n;
  };
  for (const auto& x : a) {
    m.mean_a.push_back(mean(x));
    m.variance_a.push_back(covariance(x, x));
  }
  for (const auto& y : b) {
    m.mean_b.push_back(mean(y));
    m.variance_b.push_back(covariance(y, y));
  }
  for (const auto& x : a)
    for (const auto& y : b) m.covariance.push_back(covariance(x, y));
  return m;
}
Columns random_columns(std::size_t units, std::uint32_t seed) {
  Columns columns(units, std::vector<double>(12));
  for (std::size_t u = 0; u < units; ++u)
    for (std::size_t i = 0; i < 12; ++i) columns[u][i] = lmc::normal({.seed = seed}, u * 12 + i);
  return columns;
}

// The largest Σ s(i, p(i)), by trying every p.
double best_of_all(const std::vector<double>& s, std::size_t units) {
  std::vector<std::size_t> p(units);
  std::iota(p.begin(), p.end(), std::size_t{0});
  double best = -std::numeric_limits<double>::infinity();
  do {
    double sum = 0;
    for (std::size_t i = 0; i < units; ++i) sum += s[i * units + p[i]];
    best = std::max(best, sum);
  } while (std::next_permutation(p.begin(), p.end()));
  return best;
}

}  // namespace

TEST_CASE("activation_matching: two units that changed places are found", "[align]") {
  const Columns a{{1, 2, 3, 7}, {5, 1, 0, 0}, {0, 1, 0, 1}};
  // Units of b are those of a in the order 1, 0, 2, each on a scale of its own, which a correlation does not see.
  const Columns b{{50, 10, 0, 0}, {3, 5, 7, 15}, {2, 3, 2, 3}};
  const auto found = activation_matching(layer_of(3), {{moments_of(a, b)}});
  CHECK(found.permutations == lmc::Permutations{{1, 0, 2}});
  CHECK(found.moved == std::vector<Index>{2});
  CHECK_THAT(found.objective_after, WithinAbs(3, 1e-12));
  CHECK(found.objective_before < found.objective_after - 1);
  CHECK(found.optimal);
  CHECK(found.upper_bound == found.objective_after);
}

TEST_CASE("activation_matching: finds the best of all permutations", "[align]") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const std::size_t units = 1 + seed % 6;
    const auto m = moments_of(random_columns(units, seed), random_columns(units, seed + 100));
    const auto found = activation_matching(layer_of(static_cast<Index>(units)), {{m}});
    CAPTURE(seed);
    CHECK_THAT(found.objective_after, WithinAbs(best_of_all(lmc::correlations(m), units), 1e-12));
  }
}

TEST_CASE("activation_matching: a unit with the opposite sign is no match", "[align]") {
  // |correlation| would exchange the units for a gain of 2; the units are as they should be.
  const Columns a{{1, -1, 1, -1}, {1, 1, -1, -1}};
  const Columns b{{-1, -1, 1, 1}, {-1, 1, -1, 1}};
  const auto found = activation_matching(layer_of(2), {{moments_of(a, b)}});
  CHECK(found.permutations == lmc::Permutations{{0, 1}});
  CHECK_THAT(found.objective_after, WithinAbs(0, 1e-12));
}

TEST_CASE("activation_matching: dead and constant units count 0 and do not move for nothing", "[align]") {
  const std::vector<double> dead(4, 0.0), constant(4, 3.25), x{1, 2, 3, 7}, y{5, 1, 0, 0};
  const auto m = moments_of({dead, x, dead, y, constant}, {constant, y, dead, x, dead});
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}, std::size_t{4}})
    for (std::size_t j = 0; j < 5; ++j) CHECK(lmc::correlations(m)[i * 5 + j] == 0);
  const auto found = activation_matching(layer_of(5), {{m}});
  CHECK(found.permutations == lmc::Permutations{{0, 3, 2, 1, 4}});
  CHECK_THAT(found.objective_after, WithinAbs(2, 1e-12));
}

TEST_CASE("activation_matching: a group at several places takes the mean of its correlations", "[align]") {
  const auto one = moments_of(random_columns(4, 1), random_columns(4, 2));
  auto other = moments_of(random_columns(4, 3), random_columns(4, 4));
  std::vector<double> mean = lmc::correlations(one);
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = (mean[i] + lmc::correlations(other)[i]) / 2;
  const auto found = activation_matching(layer_of(4), {{one, other}});
  CHECK_THAT(found.objective_after, WithinAbs(best_of_all(mean, 4), 1e-12));
}

TEST_CASE("activation_matching: a pair of heads is worth the optimum of what is inside", "[align]") {
  const auto layout = heads_of(3);
  const Columns a = random_columns(6, 5);
  // b: heads exchanged, and the units of what was head 1 turned round; its head 0 therefore has a's units 5, 4, 3.
  const Columns b{a[5], a[4], a[3], a[0], a[2], a[1]};
  const auto found = activation_matching(layout, {{moments_of(a, b, {1, 2})}});
  CHECK_THAT(found.objective_after, WithinAbs(6, 1e-12));
  CHECK(found.permutations == lmc::Permutations{{1, 0}, {2, 1, 0}, {0, 2, 1}});
  // permute() brings b's units, numbered row by row, into the order of a's.
  const lmc::ModelState<double> numbered{{5, 4, 3, 0, 2, 1}, {}};
  CHECK(lmc::permute(layout, found.permutations, numbered).parameters == std::vector<double>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("activation_matching: one head is matched by the units inside", "[align]") {
  lmc::LayoutBuilder builder(1);
  const lmc::GroupId heads = builder.add_group(1), units = builder.add_group(3);
  builder.add_parameter("query", {1, 3}, lmc::Role::weight, {heads, lmc::AxisGroups({0}, {units})});
  const Columns a = random_columns(3, 6);
  const auto found = activation_matching(std::move(builder).build(), {{moments_of(a, {a[2], a[0], a[1]}, {1})}});
  CHECK(found.permutations == lmc::Permutations{{0}, {1, 2, 0}});
}

TEST_CASE("activation_matching: refuses moments that are not those of the layout", "[align][errors]") {
  const auto good = moments_of(random_columns(3, 1), random_columns(3, 2));
  CHECK_THROWS_WITH(activation_matching(layer_of(3), {}),
                    Contains("the units of group 'dense1' were seen nowhere") && Contains("Match by weights"));
  CHECK_THROWS_WITH(activation_matching(layer_of(2), {{good}}), Contains("'here'") && Contains("the 2 units of 'dense1'"));
  auto other = good;
  other.groups = {1};
  CHECK_THROWS_WITH(activation_matching(layer_of(3), {{other}}), Contains("of group 1; the layout has 1 groups"));
  auto broken = good;
  broken.covariance[4] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(activation_matching(layer_of(3), {{broken}}), Contains("are not finite"));
  broken = good;
  broken.variance_b[0] = -1;
  CHECK_THROWS_WITH(activation_matching(layer_of(3), {{broken}}), Contains("a variance is negative"));
  // Units of one head of two.
  CHECK_THROWS_WITH(activation_matching(heads_of(3), {{moments_of(random_columns(3, 1), random_columns(3, 2), {1})}}),
                    Contains("were seen nowhere"));
}

}  // namespace align_activation_matching_test
