// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/align/detail/matching_terms.hpp>
#include <lmc/align/detail/relaxed_matching.hpp>
#include <lmc/align/frank_wolfe.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/measure/frank_wolfe.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <numeric>
#include <span>
#include <string>
#include <support/masked_layout.hpp>
#include <utility>
#include <vector>

namespace align_frank_wolfe_test {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::Index;
using lmc::Permutations;
using State = lmc::ModelState<double>;

namespace {

State random_state(const lmc::ParameterLayout& layout, std::uint64_t seed) {
  return {lmc::testing::normal_numbers(layout.parameter_count(), seed, 1),
          lmc::testing::normal_numbers(layout.buffer_count(), seed, 2)};
}

// ⟨θ_A, π(θ_B)⟩ by permuting.
double dot(const lmc::ParameterLayout& layout, const State& a, const Permutations& p, const State& b) {
  const State moved = lmc::permute(layout, p, b);
  return std::inner_product(a.parameters.begin(), a.parameters.end(), moved.parameters.begin(), 0.0);
}

// The largest ⟨θ_A, π(θ_B)⟩ over all permutations of all groups, one after another.
double best_of_all(const lmc::ParameterLayout& layout, const State& a, const State& b) {
  Permutations p = lmc::identity_permutations(layout);
  double best = -std::numeric_limits<double>::infinity();
  const auto visit = [&](auto& self, std::size_t g) -> void {
    if (g == p.size()) {
      best = std::max(best, dot(layout, a, p, b));
      return;
    }
    do self(self, g + 1);
    while (std::ranges::next_permutation(p[g]).found);  // ends in the first order again
  };
  visit(visit, 0);
  return best;
}

lmc::Alignment align(const lmc::ParameterLayout& layout, const State& a, const State& b,
                     const lmc::FrankWolfeOptions& options = {}) {
  return lmc::frank_wolfe<double>(layout, a.parameters, b.parameters, options);
}

// Small networks of which all permutations can be tried.
std::vector<std::pair<std::string, lmc::Network<double>>> small_networks() {
  std::vector<std::pair<std::string, lmc::Network<double>>> all;
  all.emplace_back("one hidden layer", lmc::mlp<double>({.inputs = 3, .hidden = {5}, .outputs = 2}));
  all.emplace_back("two hidden layers", lmc::mlp<double>({.inputs = 3, .hidden = {4, 4}, .outputs = 2}));
  all.emplace_back("three hidden layers", lmc::mlp<double>({.inputs = 2, .hidden = {3, 3, 3}, .outputs = 2}));
  all.emplace_back("stream",
                   lmc::sequential<double>(
                       2, {lmc::dense(4), lmc::residual<double>({lmc::dense(4), lmc::relu(), lmc::dense(4)}), lmc::dense(2)}));
  all.emplace_back("one matrix in a stream",
                   lmc::sequential<double>(2, {lmc::dense(5), lmc::residual<double>({lmc::dense(5)}), lmc::dense(2)}));
  all.emplace_back("locally connected",
                   lmc::lcn<double>({.inputs = {2, 2, 1}, .channels = {2, 2}, .outputs = 2, .kernel = {1}}));
  all.emplace_back("attention",
                   lmc::attention<double>({.inputs = {2, 2, 1}, .outputs = 2, .patch = 1, .width = 4, .heads = 2}));
  return all;
}

// f(X) by its definition: Σ over the entries i of a segment of θ_A, and j of the same in θ_B, of a_i b_j Π over axes X[i, j].
double relaxed_objective(const lmc::ParameterLayout& layout, const lmc::detail::SetMatrices& x, const State& a,
                         const State& b) {
  double sum = 0;
  for (const lmc::Segment& s : layout.parameters) {
    Index i = s.offset;
    for_each_index(s.shape, [&](std::span<const Index> at_a) {
      const double factor = a.parameters[static_cast<std::size_t>(i++)];
      Index j = s.offset;
      for_each_index(s.shape, [&](std::span<const Index> at_b) {
        double product = factor * b.parameters[static_cast<std::size_t>(j++)];
        for (std::size_t axis = 0; axis < at_a.size(); ++axis) {
          const auto row = static_cast<std::size_t>(at_a[axis]), col = static_cast<std::size_t>(at_b[axis]);
          if (const lmc::GroupId g = s.groups[axis].at(s.shape, at_b))
            product *= x[*g][row * static_cast<std::size_t>(layout.groups[*g].size) + col];
          else
            product *= row == col ? 1 : 0;
        }
        sum += product;
      });
    });
  }
  return sum;
}

// A search in progress on random networks of one layout.
struct Ascent {
  lmc::ParameterLayout layout;
  State a, b;
  lmc::detail::MatchingTerms terms;
  lmc::AddProduct product = lmc::add_product;
  lmc::detail::RelaxedMatching<double> matching;
  lmc::detail::RelaxedPoint x;

  Ascent(const lmc::ParameterLayout& layout_, std::uint64_t seed)
      : layout(layout_),
        a(random_state(layout, seed)),
        b(random_state(layout, seed + 1)),
        terms(lmc::detail::matching_terms(layout)),
        matching(terms, a.parameters, b.parameters, product),
        x(matching.barycenter()) {}
  Ascent(const Ascent&) = delete;
  Ascent& operator=(const Ascent&) = delete;
};

std::vector<std::pair<std::string, lmc::Network<double>>> networks_of_builders() {
  std::vector<std::pair<std::string, lmc::Network<double>>> all;
  all.emplace_back("mlp", lmc::mlp<double>({.inputs = 6, .hidden = {12, 9, 10}, .outputs = 3}));
  all.emplace_back("cnn", lmc::cnn<double>({.inputs = {6, 6, 2}, .channels = {5, 6}, .outputs = 3}));
  all.emplace_back(
      "cnn with BatchNorm",
      lmc::cnn<double>({.inputs = {6, 6, 2}, .channels = {5, 6}, .outputs = 3, .norm = lmc::Normalization::batch}));
  all.emplace_back("lcn", lmc::lcn<double>({.inputs = {6, 6, 2}, .channels = {4, 5}, .outputs = 3}));
  all.emplace_back("resnet", lmc::resnet<double>({.inputs = {8, 8, 2}, .outputs = 3, .blocks = 1, .width = 4}));
  all.emplace_back("vit", lmc::vit<double>({.inputs = {4, 4, 2}, .outputs = 3, .patch = 2, .width = 12, .heads = 3}));
  return all;
}

}  // namespace

TEST_CASE("frank_wolfe: objective and gradient of relaxed permutations are those of their definition", "[align]") {
  for (const auto& [name, net] : small_networks()) {
    if (name == "attention") continue;  // the definition below knows nothing of nested groups
    CAPTURE(name);
    Ascent s(net.layout(), 5);
    for (int step = 0; step < 3; ++step) {
      const double f = relaxed_objective(s.layout, s.x.x, s.a, s.b);
      const double fixed = lmc::detail::fixed_value<double>(s.terms, s.a.parameters, s.b.parameters);
      // Sums of at most 100 products of normal numbers.
      CHECK_THAT(s.x.value + fixed, WithinAbs(f, 1e-11));
      for (std::size_t set = 0; set < s.x.x.size(); ++set)
        for (const std::size_t entry : {std::size_t{0}, s.x.x[set].size() / 2, s.x.x[set].size() - 1}) {
          // f is quadratic: the difference over two steps of 1 is the derivative.
          lmc::detail::SetMatrices up = s.x.x, down = s.x.x;
          up[set][entry] += 1;
          down[set][entry] -= 1;
          const double slope = (relaxed_objective(s.layout, up, s.a, s.b) - relaxed_objective(s.layout, down, s.a, s.b)) / 2;
          CHECK_THAT(s.x.gradient[set][entry], WithinAbs(slope, 1e-11));
        }
      frank_wolfe_step(s.matching, s.x, 0);
    }
  }
}

TEST_CASE("frank_wolfe: a step never falls, and no other point of its line is higher", "[align]") {
  for (const auto& [name, net] : networks_of_builders()) {
    CAPTURE(name);
    Ascent s(net.layout(), 9);
    // Values are sums of up to 10⁴ products of normal numbers.
    const double rounding = 1e-9;
    double gap = 1;
    int steps = 0;
    for (; gap > rounding && steps < 1000; ++steps) {
      const lmc::detail::RelaxedPoint before = s.x;
      const lmc::detail::FrankWolfeStep step = frank_wolfe_step(s.matching, s.x, rounding);
      gap = step.gap;
      CHECK(gap >= -rounding);
      CHECK(s.x.value >= before.value - rounding);
      const lmc::detail::RelaxedPoint end = s.matching.vertex(step.vertex);
      for (const double t : {0.25, 0.5, 0.75, 1.0}) {
        lmc::detail::RelaxedPoint other = before;
        s.matching.mix(t, end, other);
        CHECK(other.value <= s.x.value + rounding);
      }
      for (const auto& x : s.x.x) {
        const auto n = static_cast<std::size_t>(std::lround(std::sqrt(x.size())));
        for (std::size_t i = 0; i < n; ++i)
          CHECK_THAT(std::accumulate(x.begin() + static_cast<Index>(i * n), x.begin() + static_cast<Index>((i + 1) * n), 0.0),
                     WithinAbs(1, 1e-12));
      }
    }
    CHECK(steps < 1000);
  }
}

TEST_CASE("frank_wolfe: is never above the best of all permutations, and mostly reaches it", "[align][long]") {
  int reached = 0, tried = 0;
  for (const auto& [name, net] : small_networks()) {
    CAPTURE(name);
    const lmc::ParameterLayout& layout = net.layout();
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const State a = random_state(layout, 2 * seed), b = random_state(layout, 2 * seed + 1);
      const double best = best_of_all(layout, a, b);
      const lmc::Alignment found = align(layout, a, b, {.seed = seed, .restarts = 3});
      CHECK(found.objective_after <= best + 1e-12 * std::abs(best));
      CHECK(*found.upper_bound >= best - 1e-12 * std::abs(best));
      if (name == "one hidden layer") CHECK(found.optimal);
      reached += found.objective_after >= best - 1e-12 * std::abs(best);
      ++tried;
    }
  }
  // 68 of these 70; a local optimum is no failure.
  CHECK(reached >= tried - 5);
}

TEST_CASE("frank_wolfe: finds planted permutations through every builder's layout, and after noise", "[align]") {
  for (const auto& [name, net] : networks_of_builders())
    for (const double noise : {0.0, 0.3}) {
      CAPTURE(name, noise);
      const lmc::ParameterLayout& layout = net.layout();
      REQUIRE(!layout.groups.empty());
      const State a = random_state(layout, 3);
      State b = lmc::permute(layout, lmc::testing::random_permutations(layout, 4), a);
      const State exact = b;
      const std::vector<double> added = lmc::testing::normal_numbers(layout.parameter_count(), 8, 1);
      for (std::size_t i = 0; i < added.size(); ++i) b.parameters[i] += noise * added[i];
      const lmc::Alignment found = align(layout, a, b);
      CHECK(lmc::permute(layout, found.permutations, exact) == a);
      CHECK_THAT(found.objective_after, WithinRel(dot(layout, a, found.permutations, b), 1e-12));
      CHECK_THAT(found.objective_before, WithinRel(dot(layout, a, lmc::identity_permutations(layout), b), 1e-12));
      CHECK(found.objective_after > found.objective_before);
      CHECK(found.moved == lmc::moved_units(found.permutations));
    }
}

TEST_CASE("frank_wolfe: leaves equal networks and zeros as they are", "[align]") {
  const auto net = lmc::mlp<double>({.inputs = 4, .hidden = {6, 5}, .outputs = 3});
  const State a = random_state(net.layout(), 1), zero{std::vector<double>(a.parameters.size()), {}};
  for (const auto& [x, y] : {std::pair(a, a), std::pair(zero, zero), std::pair(a, zero)}) {
    const lmc::Alignment found = align(net.layout(), x, y, {.restarts = 2});
    CHECK(found.permutations == lmc::identity_permutations(net.layout()));
    CHECK(found.objective_after == found.objective_before);
    CHECK(found.moved == std::vector<Index>{0, 0});
  }
  const auto fixed = lmc::mlp<double>({.inputs = 4, .outputs = 3});
  const State logistic = random_state(fixed.layout(), 1);
  const lmc::Alignment none = align(fixed.layout(), logistic, logistic);
  CHECK(none.permutations.empty());
  CHECK_THAT(none.objective_after, WithinRel(dot(fixed.layout(), logistic, {}, logistic), 1e-12));
}

TEST_CASE("frank_wolfe: equal arguments give equal bits, also from restarts, and restarts never lose", "[align]") {
  const auto net = lmc::mlp<double>({.inputs = 4, .hidden = {16, 16, 16}, .outputs = 3});
  const State a = random_state(net.layout(), 1), b = random_state(net.layout(), 2);
  const lmc::Alignment one = align(net.layout(), a, b), many = align(net.layout(), a, b, {.seed = 3, .restarts = 8}),
                       again = align(net.layout(), a, b, {.seed = 3, .restarts = 8});
  CHECK(many.permutations == again.permutations);
  CHECK(many.objective_after == again.objective_after);
  CHECK(many.sweeps == again.sweeps);
  CHECK(many.objective_after >= one.objective_after);
  CHECK(many.sweeps > one.sweeps);
}

TEST_CASE("frank_wolfe: is no worse than the permutations that it is given", "[align]") {
  const auto net = lmc::mlp<double>({.inputs = 4, .hidden = {16, 16, 16}, .outputs = 3});
  const State a = random_state(net.layout(), 1), b = random_state(net.layout(), 2);
  const lmc::Alignment many = align(net.layout(), a, b, {.restarts = 20}),
                       from = align(net.layout(), a, b, {.start = many.permutations});
  REQUIRE(many.objective_after > align(net.layout(), a, b).objective_after);
  CHECK(from.objective_after >= many.objective_after);
}

TEST_CASE("frank_wolfe: of floats, sums are in double", "[align]") {
  const auto net = lmc::mlp<float>({.inputs = 4, .hidden = {6, 5}, .outputs = 3});
  const auto a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  const lmc::Alignment found = lmc::frank_wolfe<float>(net.layout(), a.parameters, b.parameters);
  const State exact_a{{a.parameters.begin(), a.parameters.end()}, {}}, exact_b{{b.parameters.begin(), b.parameters.end()}, {}};
  CHECK(found.objective_after == align(net.layout(), exact_a, exact_b).objective_after);
}

TEST_CASE("frank_wolfe: with the vectorized product reaches the same objective", "[align][measure]") {
  const auto net = lmc::mlp<double>({.inputs = 20, .hidden = {64, 64}, .outputs = 3});
  const State a = random_state(net.layout(), 1), b = random_state(net.layout(), 2);
  // Rounding could choose another permutation only among nearly equal ones, and random networks have none.
  CHECK(lmc::frank_wolfe(net, a, b).permutations == align(net.layout(), a, b).permutations);
}

TEST_CASE("frank_wolfe: refuses what it cannot align", "[align][errors]") {
  const auto net = lmc::mlp<double>({.inputs = 2, .hidden = {3, 3}, .outputs = 2}),
             other = lmc::mlp<double>({.inputs = 2, .hidden = {3, 4}, .outputs = 2});
  const State a = random_state(net.layout(), 1);
  State b = a;
  const auto matches = [](const std::string& text) { return Catch::Matchers::Contains(text); };
  CHECK_THROWS_WITH(align(net.layout(), a, random_state(other.layout(), 1)),
                    matches("frank_wolfe: the second network has 35 parameters; the layout has 29"));
  CHECK_THROWS_WITH((lmc::frank_wolfe<double>(net.layout(), a.parameters, other.layout(), a.parameters)),
                    matches("'dense2/weight' [3, 3] in the first layout and 'dense2/weight' [4, 3] in the second"));
  b.parameters[static_cast<std::size_t>(net.layout().at("dense2/bias").offset)] = std::nan("");
  CHECK_THROWS_WITH(align(net.layout(), a, b), matches("entry 0 of 'dense2/bias' of the second network is nan"));
  CHECK_THROWS_WITH(align(net.layout(), a, a, {.restarts = -1}), matches("restarts = -1"));
  CHECK_THROWS_WITH(align(net.layout(), a, a, {.iterations = 0}), matches("iterations = 0"));
  CHECK_THROWS_WITH(align(net.layout(), a, a, {.tolerance = std::nan("")}), matches("tolerance = nan"));
  CHECK_THROWS_WITH(align(net.layout(), a, a, {.start = Permutations{{0, 1, 2}}}), matches("1 permutations; the layout has 2"));
}

TEST_CASE("frank_wolfe: a large segment that no permutation moves has no say", "[align]") {
  const auto layout = testing::masked_layout();
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    auto a = lmc::testing::normal_numbers(layout.parameter_count(), seed, 1),
         b = lmc::testing::normal_numbers(layout.parameter_count(), seed, 2);
    const auto find = [&](const std::vector<double>& x, const std::vector<double>& y) {
      return lmc::frank_wolfe<double>(layout, x, y, {.restarts = 3});
    };
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
      CHECK_THAT(found.objective_after, WithinRel(free.objective_after + 16 * mask * mask, 1e-14));
      CHECK(found.objective_after >= found.objective_before);
    }
  }
}

TEST_CASE("frank_wolfe: entries whose products underflow are matched as their multiples", "[align]") {
  const auto layout = testing::masked_layout();
  for (std::uint64_t seed = 1; seed < 4; ++seed) {
    auto a = lmc::testing::normal_numbers(layout.parameter_count(), seed, 1),
         b = lmc::testing::normal_numbers(layout.parameter_count(), seed, 2);
    const auto find = [&](const std::vector<double>& x, const std::vector<double>& y) {
      return lmc::frank_wolfe<double>(layout, x, y, {.restarts = 3});
    };
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
}

TEST_CASE("random_order: shuffles the units of each group by random numbers that nothing else has") {
  const auto layout = lmc::mlp<double>({.inputs = 3, .hidden = {9, 7}, .outputs = 2}).layout();
  const Permutations found = lmc::detail::random_order(layout, 5, 3);
  REQUIRE(found.size() == 2);
  for (std::size_t g = 0; g < found.size(); ++g) {
    std::vector<Index> expected(static_cast<std::size_t>(layout.groups[g].size));
    std::iota(expected.begin(), expected.end(), Index{0});
    lmc::shuffle({.seed = 5, .purpose = lmc::Purpose::unit_order, .epoch = static_cast<std::uint32_t>(g), .part = 6},
                 std::span(expected));
    CHECK(found[g] == expected);
  }
}

}  // namespace align_frank_wolfe_test
