// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/align/weight_matching.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/transformer_block.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <numeric>
#include <span>
#include <string>
#include <support/masked_layout.hpp>
#include <utility>
#include <vector>

namespace align_weight_matching_test {

using lmc::Alignment;
using lmc::AxisGroups;
using lmc::GroupId;
using lmc::Index;
using lmc::ParameterLayout;
using lmc::Permutations;
using lmc::Role;
using Vector = std::vector<double>;

namespace {

Vector normal_vector(Index count, std::uint64_t seed, double scale = 1) {
  Vector values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = scale * lmc::normal({.seed = seed}, i);
  return values;
}
double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }
Vector permuted(const ParameterLayout& layout, const Permutations& permutations, const Vector& theta) {
  return permute<double>(layout, permutations, {theta, Vector(static_cast<std::size_t>(layout.buffer_count()))}).parameters;
}
Alignment match(const ParameterLayout& layout, const Vector& a, const Vector& b,
                const lmc::WeightMatchingOptions& options = {}) {
  return lmc::weight_matching<double>(layout, a, b, options);
}

// The largest objective of all permutations.
double best_by_trying_all(const ParameterLayout& layout, const Vector& a, const Vector& b) {
  const auto terms = lmc::detail::matching_terms(layout);
  Permutations tried = lmc::identity_permutations(layout);
  double best = -std::numeric_limits<double>::infinity();
  const auto from = [&](auto& self, std::size_t group) -> void {
    if (group == tried.size()) {
      best = std::max(best, lmc::detail::matching_objective<double>(terms, a, b, unit_maps(terms, tried)));
      return;
    }
    std::sort(tried[group].begin(), tried[group].end());
    do self(self, group + 1);
    while (std::next_permutation(tried[group].begin(), tried[group].end()));
  };
  from(from, 0);
  return best;
}

ParameterLayout mlp_layout(Index inputs, std::vector<Index> hidden, Index outputs) {
  return lmc::mlp<double>({.inputs = inputs, .hidden = std::move(hidden), .outputs = outputs}).layout();
}

struct NamedLayout {
  std::string name;
  ParameterLayout layout;
};

// Every builder, with and without normalization.
std::vector<NamedLayout> all_builders() {
  using lmc::Normalization;
  const lmc::Shape image{8, 8, 2};
  std::vector<NamedLayout> all;
  all.push_back({"mlp", mlp_layout(20, {30, 24, 16}, 5)});
  all.push_back({"sparse_mlp, nothing masked",
                 lmc::sparse_mlp<double>({.inputs = 20, .hidden = {30, 24}, .outputs = 5, .sparsity = 0}).layout()});
  all.push_back({"sparse_mlp", lmc::sparse_mlp<double>({.inputs = 20, .hidden = {30, 24}, .outputs = 5}).layout()});
  for (const Normalization norm : {Normalization::none, Normalization::batch, Normalization::layer}) {
    const std::string with = ", " + std::string(lmc::normalization_names[static_cast<std::size_t>(norm)]);
    all.push_back(
        {"cnn" + with, lmc::cnn<double>({.inputs = image, .channels = {8, 12}, .outputs = 5, .norm = norm}).layout()});
    all.push_back({"lcn" + with, lmc::lcn<double>({.inputs = image, .channels = {6, 8}, .outputs = 5, .norm = norm}).layout()});
    all.push_back(
        {"vgg" + with,
         lmc::vgg<double>({.inputs = image, .outputs = 5, .channels = {8, 12}, .hidden = {16}, .norm = norm}).layout()});
    all.push_back({"resnet" + with,
                   lmc::resnet<double>({.inputs = image, .outputs = 5, .blocks = 2, .width = 8, .norm = norm}).layout()});
  }
  all.push_back(
      {"lcn, sharing", lmc::lcn<double>({.inputs = image, .channels = {6, 8}, .outputs = 5, .sharing = {2}}).layout()});
  all.push_back(
      {"vit", lmc::vit<double>({.inputs = image, .outputs = 5, .patch = 4, .width = 24, .heads = 4, .blocks = 2}).layout()});
  all.push_back(
      {"attention", lmc::attention<double>({.inputs = image, .outputs = 5, .patch = 4, .width = 24, .heads = 3}).layout()});
  all.push_back({"transformer_block", lmc::transformer_block<double>({.inputs = {5, 12}, .heads = 3}).layout()});
  return all;
}

// A weight between a residual stream and itself, and what gives the stream a direction.
ParameterLayout square_layout(Index width) {
  lmc::LayoutBuilder builder(1);
  const GroupId stream = builder.add_group(width);
  builder.add_parameter("in", {width, 2}, Role::weight, {stream, {}});
  builder.add_parameter("square", {width, width}, Role::weight, {stream, stream});
  return std::move(builder).build();
}

}  // namespace

TEST_CASE("weight_matching: recovers planted permutations exactly through every builder's layout", "[align][long]") {
  for (const auto& [name, layout] : all_builders())
    for (const double noise : {0.0, 0.5}) {
      CAPTURE(name, noise);
      const Vector b = normal_vector(layout.parameter_count(), 1);
      const Permutations planted = lmc::testing::random_permutations(layout, 7);
      Vector a = permuted(layout, planted, b);
      const Vector errors = normal_vector(layout.parameter_count(), 2, noise);
      for (std::size_t i = 0; i < a.size(); ++i) a[i] += errors[i];
      const Alignment found = match(layout, a, b);
      CHECK((found.permutations == planted));
      CHECK(found.moved == lmc::moved_units(planted));
      // Without noise the objective is ‖θ_A‖², which no permutation exceeds.
      if (noise == 0) CHECK(found.optimal);
      CHECK(*found.upper_bound >= found.objective_after);
    }
}

TEST_CASE("weight_matching: the objective is the dot product after permute(), and never falls", "[align]") {
  for (const auto& [name, layout] : all_builders()) {
    CAPTURE(name);
    const Vector a = normal_vector(layout.parameter_count(), 3), b = normal_vector(layout.parameter_count(), 4);
    const Vector a_before = a, b_before = b;
    const Alignment found = match(layout, a, b, {.restarts = 1});
    // Rounding of the sums, in two orders.
    const double rounding = 1e-13 * std::sqrt(dot(a, a) * dot(b, b));
    CHECK(std::abs(found.objective_before - dot(a, b)) <= rounding);
    CHECK(std::abs(found.objective_after - dot(a, permuted(layout, found.permutations, b))) <= rounding);
    CHECK(found.objective_after >= found.objective_before);
    if (!layout.groups.empty()) CHECK(found.objective_after > found.objective_before);
    CHECK(*found.upper_bound >= found.objective_after);
    CHECK(a == a_before);
    CHECK(b == b_before);
  }
}

TEST_CASE("weight_matching: is the best of all permutations for one hidden layer, and says so", "[align]") {
  const ParameterLayout dense = mlp_layout(3, {6}, 2);
  // Positions that are permuted on their own, each an assignment of its own.
  const ParameterLayout local = lmc::lcn<double>({.inputs = {3, 2, 1}, .channels = {3}, .outputs = 2, .kernel = {2}}).layout();
  const ParameterLayout convolution = lmc::cnn<double>({.inputs = {4, 4, 2}, .channels = {5}, .outputs = 2}).layout();
  for (const ParameterLayout& layout : {dense, local, convolution})
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const Vector a = normal_vector(layout.parameter_count(), 2 * seed),
                   b = normal_vector(layout.parameter_count(), 2 * seed + 1);
      const Alignment found = match(layout, a, b);
      CHECK(found.optimal);
      CHECK_THAT(found.objective_after, Catch::Matchers::WithinRel(best_by_trying_all(layout, a, b), 1e-12));
      CHECK_THAT(*found.upper_bound, Catch::Matchers::WithinRel(found.objective_after, 1e-12));
    }
}

TEST_CASE("weight_matching: stays below its upper bound where layers are coupled, and restarts come closer", "[align][long]") {
  const ParameterLayout deep = mlp_layout(2, {4, 3}, 2), square = square_layout(5),
                        heads = lmc::vit<double>(
                                    {.inputs = {2, 2, 1}, .outputs = 2, .patch = 1, .width = 4, .heads = 2, .mlp_ratio = 1})
                                    .layout();
  for (const ParameterLayout& layout : {deep, square, heads}) {
    int reached = 0;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const Vector a = normal_vector(layout.parameter_count(), 2 * seed),
                   b = normal_vector(layout.parameter_count(), 2 * seed + 1);
      const double best = best_by_trying_all(layout, a, b), rounding = 1e-12 * std::sqrt(dot(a, a) * dot(b, b));
      const Alignment one = match(layout, a, b), many = match(layout, a, b, {.restarts = 30});
      CHECK(one.objective_after >= dot(a, b) - rounding);
      CHECK(many.objective_after >= one.objective_after);
      CHECK(many.objective_after <= best + rounding);
      CHECK(*many.upper_bound >= best - rounding);
      reached += many.objective_after >= best - rounding ? 1 : 0;
      CHECK(many.restarts == 30);
      CHECK(many.sweeps > one.sweeps);
    }
    CHECK(reached >= 4);
  }
}

TEST_CASE("weight_matching: the objective never falls from sweep to sweep", "[align]") {
  for (const ParameterLayout& layout : {mlp_layout(3, {12, 12, 12}, 2), square_layout(12)}) {
    const Vector a = normal_vector(layout.parameter_count(), 1), b = normal_vector(layout.parameter_count(), 2);
    double last = dot(a, b);
    int sweeps = 1;
    for (; sweeps < 100; ++sweeps) {
      const Alignment found = match(layout, a, b, {.restarts = 0, .max_sweeps = sweeps});
      CHECK(found.objective_after >= last);
      last = found.objective_after;
      if (found.sweeps < sweeps) break;
    }
    CHECK((sweeps > 2 && sweeps < 100));
  }
}

TEST_CASE("weight_matching: gives the same bits for the same seed", "[align]") {
  const ParameterLayout layout = mlp_layout(6, {20, 20, 20}, 3);
  const Vector a = normal_vector(layout.parameter_count(), 1), b = normal_vector(layout.parameter_count(), 2);
  const Alignment first = match(layout, a, b, {.seed = 5, .restarts = 3}),
                  again = match(layout, a, b, {.seed = 5, .restarts = 3});
  CHECK(first.permutations == again.permutations);
  CHECK(first.objective_after == again.objective_after);
  CHECK(first.upper_bound == again.upper_bound);
  CHECK(first.sweeps == again.sweeps);
  CHECK(first.seed == 5);
  // Another seed visits groups in another order, and starts elsewhere.
  const Alignment other = match(layout, a, b, {.seed = 6, .restarts = 3});
  CHECK(other.permutations != first.permutations);
  CHECK(other.objective_before == first.objective_before);
}

TEST_CASE("weight_matching: visits groups in the order that seed and sweep shuffle, each for its best permutation",
          "[align][determinism]") {
  const ParameterLayout layout = mlp_layout(2, {4, 4, 4, 4}, 2);
  const Vector a = normal_vector(layout.parameter_count(), 1), b = normal_vector(layout.parameter_count(), 2);
  for (const std::uint64_t seed : {0U, 1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(seed);
    Permutations found = lmc::identity_permutations(layout);
    std::vector<std::size_t> order(layout.groups.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    lmc::shuffle({.seed = seed, .purpose = lmc::Purpose::unit_order, .part = 1}, std::span(order));
    for (const std::size_t group : order) {
      Permutations tried = found;
      double best = -std::numeric_limits<double>::infinity();
      std::iota(tried[group].begin(), tried[group].end(), Index{0});
      do {
        const double objective = dot(a, permuted(layout, tried, b));
        if (objective <= best) continue;
        best = objective;
        found[group] = tried[group];
      } while (std::next_permutation(tried[group].begin(), tried[group].end()));
    }
    CHECK(match(layout, a, b, {.seed = seed, .restarts = 0, .max_sweeps = 1}).permutations == found);
  }
}

TEST_CASE("weight_matching: float parameters are matched as the same numbers in double", "[align]") {
  const ParameterLayout layout = mlp_layout(6, {12, 9}, 3);
  Vector a = normal_vector(layout.parameter_count(), 1), b = normal_vector(layout.parameter_count(), 2);
  const std::vector<float> narrow_a(a.begin(), a.end()), narrow_b(b.begin(), b.end());
  a.assign(narrow_a.begin(), narrow_a.end());
  b.assign(narrow_b.begin(), narrow_b.end());
  const Alignment narrow = lmc::weight_matching<float>(layout, narrow_a, narrow_b);
  CHECK(narrow.permutations == match(layout, a, b).permutations);
  CHECK(narrow.objective_after == match(layout, a, b).objective_after);
}

TEST_CASE("weight_matching: every segment has a say, each alone: first layer, biases and gains included", "[align][long]") {
  // All that is not in one segment is zero, so that it alone can tell units apart.
  for (const NamedLayout& builder : all_builders()) {
    const ParameterLayout& layout = builder.layout;
    for (const lmc::Segment& segment : layout.parameters) {
      if (std::ranges::none_of(segment.groups, lmc::detail::is_grouped)) continue;
      CAPTURE(builder.name, segment.name);
      Vector b(static_cast<std::size_t>(layout.parameter_count()));
      const Vector values = normal_vector(segment.size(), 5);
      std::ranges::copy(values, b.begin() + segment.offset);
      // One group of the segment moves, and the others not.
      Permutations planted = lmc::identity_permutations(layout);
      const auto axis = std::ranges::find_if(segment.groups, lmc::detail::is_grouped);
      const std::size_t group = **std::ranges::find_if(axis->ids, [](const GroupId& id) { return id.has_value(); });
      planted[group] = lmc::testing::random_permutations(layout, 8)[group];
      const Vector a = permuted(layout, planted, b);
      REQUIRE((a != b));
      const Alignment found = match(layout, a, b);
      CHECK(found.objective_after > found.objective_before);
      // A weight between two groups alone is a quadratic problem, in which coordinate descent may end early.
      const auto terms = lmc::detail::matching_terms(layout);
      if (std::ranges::any_of(terms.terms,
                              [&](const auto& t) { return t.col_set && &layout.parameters[t.segment] == &segment; }))
        continue;
      CHECK((found.permutations == planted));
      CHECK((permuted(layout, found.permutations, b) == a));
    }
  }
}

TEST_CASE("weight_matching: a bias counts for its own unit, not for all", "[align]") {
  const ParameterLayout layout = mlp_layout(2, {3}, 1);
  // The weights would rather have the identity, by less than the biases would have units 0 and 1 change places.
  Vector a(static_cast<std::size_t>(layout.parameter_count())), b = a;
  const auto at = [&](const char* name, Index i) { return static_cast<std::size_t>(layout.at(name).offset + i); };
  for (Index unit = 0; unit < 3; ++unit)
    a[at("dense1/weight", 2 * unit)] = b[at("dense1/weight", 2 * unit)] = static_cast<double>(unit);
  a[at("dense1/bias", 0)] = b[at("dense1/bias", 1)] = 2;
  const Alignment found = match(layout, a, b);
  CHECK(found.permutations == Permutations{{1, 0, 2}});
  CHECK(found.objective_before == 5);
  CHECK(found.objective_after == 8);
  CHECK(*found.upper_bound == 8);
}

TEST_CASE("weight_matching: finds the best where every objective is negative", "[align]") {
  const ParameterLayout layout = mlp_layout(2, {5}, 2);
  Vector a = normal_vector(layout.parameter_count(), 1), b = normal_vector(layout.parameter_count(), 2);
  for (double& x : a) x = 1 + std::abs(x);
  for (double& x : b) x = -1 - std::abs(x);
  const Alignment found = match(layout, a, b);
  CHECK(found.objective_after < 0);
  CHECK(found.objective_after > found.objective_before);
  CHECK_THAT(found.objective_after, Catch::Matchers::WithinRel(best_by_trying_all(layout, a, b), 1e-12));
}

TEST_CASE("weight_matching: equal units keep their places", "[align]") {
  const ParameterLayout layout = mlp_layout(2, {6, 6}, 2);
  const Vector zeros(static_cast<std::size_t>(layout.parameter_count()));
  for (const Vector& b : {zeros, normal_vector(layout.parameter_count(), 1)}) {
    const Alignment found = match(layout, zeros, b);
    CHECK(found.permutations == lmc::identity_permutations(layout));
    CHECK(found.moved == std::vector<Index>{0, 0});
    CHECK(found.objective_after == 0);
    CHECK(found.optimal);
  }
  // Two units with the same weights in both layers of equal networks.
  Vector twins = normal_vector(layout.parameter_count(), 3);
  for (const lmc::Segment& segment : layout.parameters)
    for_each_index(segment.shape, [&](std::span<const Index> index) {
      Index from = 0, to = 0;
      for (std::size_t axis = 0; axis < index.size(); ++axis) {
        const bool permuted_axis = lmc::detail::is_grouped(segment.groups[axis]);
        from = from * segment.shape.axes()[axis] + (permuted_axis && index[axis] == 4 ? 1 : index[axis]);
        to = to * segment.shape.axes()[axis] + index[axis];
      }
      twins[static_cast<std::size_t>(segment.offset + to)] = twins[static_cast<std::size_t>(segment.offset + from)];
    });
  CHECK(match(layout, twins, twins, {.restarts = 5}).permutations == lmc::identity_permutations(layout));
}

TEST_CASE("weight_matching: a network without interchangeable units stays as it is", "[align]") {
  const auto layout = lmc::logistic_regression<double>({.inputs = 3, .outputs = 2}).layout();
  const Vector a = normal_vector(layout.parameter_count(), 1), b = normal_vector(layout.parameter_count(), 2);
  const Alignment found = match(layout, a, b);
  CHECK(found.permutations.empty());
  CHECK_THAT(found.objective_after, Catch::Matchers::WithinRel(dot(a, b), 1e-13));
  CHECK(found.optimal);
}

TEST_CASE("weight_matching: compares layouts and lengths first, and names the segment", "[align][errors]") {
  const ParameterLayout layout = mlp_layout(2, {3, 3}, 2);
  const Vector a = normal_vector(layout.parameter_count(), 1);
  const auto shorter = std::span(a).first(5);
  CHECK_THROWS_WITH(lmc::weight_matching<double>(layout, a, shorter),
                    "weight_matching: the second network has 5 parameters; the layout has 29, up to its last segment "
                    "'dense3/bias'");
  const auto refused = [&](const ParameterLayout& other, const char* text) {
    const Vector b = normal_vector(other.parameter_count(), 2);
    CHECK_THROWS_WITH(lmc::weight_matching<double>(layout, a, other, b), Catch::Contains(text));
  };
  refused(mlp_layout(2, {3, 4}, 2), "'dense2/weight' [3, 3] in the first layout and 'dense2/weight' [4, 3] in the second");
  refused(mlp_layout(2, {3, 3, 5}, 2), "'dense3/weight' [2, 3] in the first layout and 'dense3/weight' [5, 3] in the second");
  ParameterLayout cut = layout;
  cut.parameters.pop_back();
  refused(cut, "the second layout has no 'dense3/bias', which the other has");
  ParameterLayout fixed = layout;
  fixed.parameters[0].groups[0] = std::nullopt;
  refused(fixed, "'dense1/weight' has the shape [3, 2] in both layouts, but another role, or other permutation groups");
  CHECK_THAT(lmc::weight_matching<double>(layout, a, layout, a).objective_after, Catch::Matchers::WithinRel(dot(a, a), 1e-13));
}

TEST_CASE("weight_matching: refuses parameters that are not finite, and options out of range", "[align][errors]") {
  const ParameterLayout layout = mlp_layout(2, {3}, 2);
  const Vector good = normal_vector(layout.parameter_count(), 1);
  for (const double wrong : {std::nan(""), std::numeric_limits<double>::infinity(), -1e300}) {
    Vector bad = good;
    bad[static_cast<std::size_t>(layout.at("dense2/weight").offset + 4)] = wrong;
    CHECK_THROWS_WITH(match(layout, good, bad),
                      Catch::StartsWith("weight_matching: entry 4 of 'dense2/weight' of the second network is "));
    CHECK_THROWS_WITH(match(layout, bad, good),
                      Catch::StartsWith("weight_matching: entry 4 of 'dense2/weight' of the first network is "));
  }
  CHECK_THROWS_WITH(match(layout, good, good, {.restarts = -1}), Catch::Contains("restarts = -1"));
  CHECK_THROWS_WITH(match(layout, good, good, {.max_sweeps = 0}), Catch::Contains("max_sweeps = 0"));
}

TEST_CASE("weight_matching: a large segment that no permutation moves has no say", "[align]") {
  const auto layout = testing::masked_layout();
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    auto a = normal_vector(layout.parameter_count(), seed), b = normal_vector(layout.parameter_count(), seed + 100);
    const auto find = [&](const Vector& x, const Vector& y) { return match(layout, x, y, {.restarts = 20}); };
    std::fill(a.end() - 16, a.end(), 0.0);
    std::fill(b.end() - 16, b.end(), 0.0);
    const lmc::Alignment free = find(a, b);
    CHECK_FALSE(free.optimal);
    CHECK(free.moved != std::vector<lmc::Index>(2));
    for (const double mask : {-1e4, -1e6, -1e9, -3e38}) {
      CAPTURE(seed, mask);
      std::fill(a.end() - 16, a.end(), mask);
      std::fill(b.end() - 16, b.end(), mask);
      const lmc::Alignment found = find(a, b);
      CHECK(found.permutations == free.permutations);
      CHECK(found.sweeps == free.sweeps);
      CHECK_FALSE(found.optimal);
      CHECK_THAT(found.objective_after, Catch::Matchers::WithinRel(free.objective_after + 16 * mask * mask, 1e-14));
      CHECK(found.objective_after >= found.objective_before);
    }
  }
}

TEST_CASE("weight_matching: a tensor that is large in one network alone does not hide what others gain", "[align]") {
  lmc::LayoutBuilder builder(4);
  const lmc::GroupId first = builder.add_group(8), second = builder.add_group(8);
  builder.add_parameter("w0", {8, 4}, lmc::Role::weight, {first, {}});
  builder.add_parameter("w1", {8, 8}, lmc::Role::weight, {second, first});
  builder.add_parameter("w2", {3, 8}, lmc::Role::weight, {{}, second});
  builder.add_parameter("scale", {8}, lmc::Role::weight, {first});
  const auto layout = std::move(builder).build();
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    auto a = normal_vector(layout.parameter_count(), seed), b = normal_vector(layout.parameter_count(), seed + 100);
    std::fill(a.end() - 8, a.end(), 0.0);
    std::fill(b.end() - 8, b.end(), 0.0);
    const lmc::Alignment free = match(layout, a, b, {.restarts = 20});
    CHECK_FALSE(free.optimal);
    std::fill(a.end() - 8, a.end(), 1e14);  // all products are 0, as before
    const lmc::Alignment found = match(layout, a, b, {.restarts = 20});
    CHECK(found.permutations == free.permutations);
    CHECK_FALSE(found.optimal);
  }
}

TEST_CASE("weight_matching: entries whose products underflow are matched as their multiples", "[align]") {
  const auto layout = testing::masked_layout();
  for (std::uint64_t seed = 1; seed < 4; ++seed) {
    auto a = normal_vector(layout.parameter_count(), seed), b = normal_vector(layout.parameter_count(), seed + 100);
    const auto find = [&](const Vector& x, const Vector& y) { return match(layout, x, y, {.restarts = 20}); };
    std::fill(a.end() - 16, a.end(), 1.0);
    std::fill(b.end() - 16, b.end(), 1.0);
    const lmc::Alignment plain = find(a, b);
    for (const int e : {-200, -530, -560, -1000}) {
      CAPTURE(seed, e);
      auto tiny_a = a, tiny_b = b;
      std::for_each(tiny_a.begin(), tiny_a.end() - 16, [&](double& x) { x = std::ldexp(x, e); });
      std::for_each(tiny_b.begin(), tiny_b.end() - 16, [&](double& x) { x = std::ldexp(x, e); });
      for (const auto& end : {b, tiny_b}) {
        const lmc::Alignment found = find(tiny_a, end);
        CHECK(found.permutations == plain.permutations);
        CHECK(found.optimal == plain.optimal);
        CHECK(found.objective_after == 16);  // that of the mask; the rest is below its rounding
      }
    }
  }
  // One hidden layer of rows (1, 2), (3, 4), (5, 6), which b has in another order; alike but for the order, and certified.
  lmc::LayoutBuilder builder(2);
  builder.add_parameter("w", {3, 2}, Role::weight, {builder.add_group(3), {}});
  const auto rows = std::move(builder).build();
  const Alignment found =
      match(rows, {1e-170, 2e-170, 3e-170, 4e-170, 5e-170, 6e-170}, {5e-170, 6e-170, 1e-170, 2e-170, 3e-170, 4e-170});
  CHECK(found.permutations == Permutations{{1, 2, 0}});
  CHECK(found.optimal);
  CHECK(found.objective_after == 0);
  // The smallest numbers there are, and networks of zeros.
  CHECK(match(rows, {5e-324, 0, 0, 0, 0, 0}, {0, 0, 5e-324, 0, 0, 0}).permutations == Permutations{{1, 0, 2}});
  CHECK(match(rows, Vector(6), Vector(6)).optimal);
}

}  // namespace align_weight_matching_test
