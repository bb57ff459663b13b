// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/align/common_order.hpp>
#include <lmc/align/frank_wolfe.hpp>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/core/random.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/frank_wolfe.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <numeric>
#include <span>
#include <support/masked_layout.hpp>
#include <vector>

namespace align_common_order_test {

using Catch::Matchers::WithinRel;
using lmc::Index;
using lmc::Permutations;
using State = lmc::ModelState<double>;

namespace {

std::vector<State> random_states(const lmc::ParameterLayout& layout, std::size_t count, std::uint64_t seed) {
  std::vector<State> states;
  for (std::size_t k = 0; k < count; ++k)
    states.push_back({lmc::testing::normal_numbers(layout.parameter_count(), seed + k, 1),
                      lmc::testing::normal_numbers(layout.buffer_count(), seed + k, 2)});
  return states;
}

lmc::CommonOrder align(const lmc::ParameterLayout& layout, const std::vector<State>& states,
                       const lmc::CommonOrderOptions& options = {}) {
  std::vector<std::span<const double>> thetas;
  for (const State& state : states) thetas.emplace_back(state.parameters);
  return lmc::common_order<double>(layout, thetas, options);
}

// Σ over pairs of ⟨π_j(θ_j), π_k(θ_k)⟩, pair by pair.
double objective(const lmc::ParameterLayout& layout, const std::vector<Permutations>& p, const std::vector<State>& states) {
  double sum = 0;
  for (std::size_t k = 0; k < states.size(); ++k)
    for (std::size_t j = 0; j < k; ++j) {
      const State x = lmc::permute(layout, p[j], states[j]), y = lmc::permute(layout, p[k], states[k]);
      sum += std::inner_product(x.parameters.begin(), x.parameters.end(), y.parameters.begin(), 0.0);
    }
  return sum;
}

// Its largest value over all permutations; the first network stays, since moving all alike changes nothing.
double best_of_all(const lmc::ParameterLayout& layout, const std::vector<State>& states) {
  std::vector<Permutations> p(states.size(), lmc::identity_permutations(layout));
  const std::size_t groups = layout.groups.size();
  double best = -std::numeric_limits<double>::infinity();
  const auto visit = [&](auto& self, std::size_t i) -> void {
    if (i == (states.size() - 1) * groups) {
      best = std::max(best, objective(layout, p, states));
      return;
    }
    std::vector<Index>& group = p[1 + i / groups][i % groups];
    do self(self, i + 1);
    while (std::ranges::next_permutation(group).found);
  };
  visit(visit, 0);
  return best;
}

const lmc::Network<double> small = lmc::mlp<double>({.inputs = 2, .hidden = {3, 3}, .outputs = 2});

}  // namespace

TEST_CASE("common_order: is never above the best of all permutations of three networks, and mostly reaches it",
          "[align][long]") {
  const lmc::ParameterLayout& layout = small.layout();
  int reached = 0;
  constexpr int cases = 20;
  for (std::uint64_t seed = 0; seed < cases; ++seed) {
    const std::vector<State> states = random_states(layout, 3, 10 * seed);
    const double best = best_of_all(layout, states);
    const lmc::CommonOrder order = align(layout, states, {.seed = seed, .restarts = 3});
    CHECK(order.objective_after <= best + 1e-12 * std::abs(best));
    CHECK_THAT(order.objective_after, WithinRel(objective(layout, order.permutations, states), 1e-12));
    const std::vector<Permutations> identity(3, lmc::identity_permutations(layout));
    CHECK_THAT(order.objective_before, WithinRel(objective(layout, identity, states), 1e-12));
    reached += order.objective_after >= best - 1e-12 * std::abs(best);
  }
  CHECK(reached >= cases - 2);  // all of these
}

TEST_CASE("common_order: no cycle of networks contradicts itself", "[align]") {
  for (const auto& net : {lmc::mlp<double>({.inputs = 4, .hidden = {8, 7, 6}, .outputs = 3}),
                          lmc::lcn<double>({.inputs = {4, 4, 1}, .channels = {3, 4}, .outputs = 3, .kernel = {2}}),
                          lmc::vit<double>({.inputs = {4, 4, 1}, .outputs = 3, .patch = 2, .width = 6, .heads = 3})}) {
    const lmc::ParameterLayout& layout = net.layout();
    const std::vector<State> states = random_states(layout, 4, 3);
    const lmc::CommonOrder order = align(layout, states);
    for (std::size_t a = 0; a < 4; ++a)
      for (std::size_t b = 0; b < 4; ++b)
        for (std::size_t c = 0; c < 4; ++c)
          CHECK(compose(layout, permutations_between(layout, order, a, b), permutations_between(layout, order, b, c)) ==
                permutations_between(layout, order, a, c));
    CHECK(order.permutations.front() == lmc::identity_permutations(layout));
    CHECK(permutations_between(layout, order, 0, 2) == order.permutations[2]);
    CHECK(order.objective_after > order.objective_before);
  }
}

TEST_CASE("common_order: undoes the permutations of one network's copies, also with noise on them", "[align]") {
  const auto net = lmc::vit<double>({.inputs = {4, 4, 2}, .outputs = 3, .patch = 2, .width = 12, .heads = 3});
  const lmc::ParameterLayout& layout = net.layout();
  const State original = random_states(layout, 1, 5).front();
  std::vector<State> copies, noisy;
  for (std::uint64_t k = 0; k < 4; ++k) {
    copies.push_back(lmc::permute(layout, lmc::testing::random_permutations(layout, k), original));
    noisy.push_back(copies.back());
    const std::vector<double> noise = lmc::testing::normal_numbers(layout.parameter_count(), 20 + k, 1);
    for (std::size_t i = 0; i < noise.size(); ++i) noisy.back().parameters[i] += 0.3 * noise[i];
  }
  for (const auto& states : {copies, noisy}) {
    const lmc::CommonOrder order = align(layout, states);
    for (std::size_t k = 0; k < 4; ++k) CHECK(lmc::permute(layout, order.permutations[k], copies[k]) == copies[0]);
    CHECK(lmc::permute(layout, permutations_between(layout, order, 1, 3), copies[3]) == copies[1]);
  }
}

TEST_CASE("common_order: of two networks is at least what frank_wolfe finds for the pair", "[align]") {
  const auto net = lmc::mlp<double>({.inputs = 4, .hidden = {12, 12}, .outputs = 3});
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const std::vector<State> states = random_states(net.layout(), 2, 2 * seed);
    const lmc::CommonOrder order = align(net.layout(), states);
    const lmc::Alignment pair = lmc::frank_wolfe<double>(net.layout(), states[0].parameters, states[1].parameters);
    CHECK_THAT(order.objective_before, WithinRel(pair.objective_before, 1e-12));
    // Both are local optima of one objective: the first found the pair's, and may have gone on from there by up to 6 % in these networks of random numbers.
    CHECK(order.objective_after >= pair.objective_after - 1e-12 * pair.objective_after);
    CHECK(order.objective_after <= 1.1 * pair.objective_after);
  }
}

TEST_CASE("common_order: leaves one network, equal networks and zeros as they are", "[align]") {
  const lmc::ParameterLayout& layout = small.layout();
  const std::vector<State> some = random_states(layout, 1, 1);
  const State zero{std::vector<double>(some[0].parameters.size()), {}};
  const Permutations identity = lmc::identity_permutations(layout);
  CHECK(align(layout, some).permutations == std::vector<Permutations>(1, identity));
  CHECK(align(layout, some).objective_after == 0);
  CHECK(align(layout, {some[0], some[0], some[0]}).permutations == std::vector<Permutations>(3, identity));
  CHECK(align(layout, {zero, zero}).permutations == std::vector<Permutations>(2, identity));
}

TEST_CASE("common_order: equal arguments give equal bits, and restarts never lose", "[align]") {
  const auto net = lmc::mlp<double>({.inputs = 4, .hidden = {10, 10}, .outputs = 3});
  const std::vector<State> states = random_states(net.layout(), 5, 1);
  const lmc::CommonOrder one = align(net.layout(), states), many = align(net.layout(), states, {.restarts = 3}),
                         again = align(net.layout(), states, {.restarts = 3});
  CHECK(many.permutations == again.permutations);
  CHECK(many.objective_after == again.objective_after);
  CHECK(many.objective_after >= one.objective_after);
  // The same by another product.
  CHECK(lmc::common_order(net, states).objective_after > one.objective_before);
}

TEST_CASE("common_order: joins networks as they come, and visits them in the order that seed and sweep shuffle",
          "[align][determinism]") {
  const auto net = lmc::mlp<double>({.inputs = 4, .hidden = {10, 10}, .outputs = 3});
  const lmc::ParameterLayout& layout = net.layout();
  const std::vector<State> states = random_states(layout, 5, 1);
  for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
    CAPTURE(seed);
    std::vector<Permutations> p(5, lmc::identity_permutations(layout));
    std::vector<double> sum(states[0].parameters.size());
    const auto moved = [&](std::size_t k) { return lmc::permute(layout, p[k], states[k]).parameters; };
    const auto add = [&](std::size_t k, double sign) {
      const std::vector<double> theta = moved(k);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += sign * theta[i];
    };
    for (std::size_t k = 0; k < 5; ++k) {
      if (k > 0) p[k] = lmc::frank_wolfe<double>(layout, sum, states[k].parameters).permutations;
      add(k, 1);
    }
    std::vector<std::size_t> order(5);
    std::iota(order.begin(), order.end(), std::size_t{0});
    lmc::shuffle({.seed = seed, .purpose = lmc::Purpose::model_order, .epoch = 1}, std::span(order));
    for (const std::size_t k : order) {
      add(k, -1);
      const auto found = lmc::frank_wolfe<double>(layout, sum, states[k].parameters, {.start = p[k]});
      const std::vector<double> before = moved(k);
      if (found.objective_after > std::inner_product(sum.begin(), sum.end(), before.begin(), 1e-9)) p[k] = found.permutations;
      add(k, 1);
    }
    CHECK_THAT(align(layout, states, {.seed = seed, .max_sweeps = 1}).objective_after,
               WithinRel(objective(layout, p, states), 1e-12));
  }
}

TEST_CASE("common_order: refuses what it cannot align", "[align][errors]") {
  const lmc::ParameterLayout& layout = small.layout();
  std::vector<State> states = random_states(layout, 3, 1);
  CHECK_THROWS_WITH(align(layout, {}), "common_order: no networks; expected at least one");
  CHECK_THROWS_WITH(align(layout, states, {.restarts = -1}), Catch::Matchers::Contains("restarts = -1"));
  CHECK_THROWS_WITH(align(layout, states, {.max_sweeps = 0}), Catch::Matchers::Contains("max_sweeps = 0"));
  CHECK_THROWS_WITH(permutations_between(layout, align(layout, states), 0, 3),
                    Catch::Matchers::Contains("networks 0 and 3 of 3"));
  states[2].parameters[0] = std::nan("");
  CHECK_THROWS_WITH(align(layout, states), Catch::Matchers::Contains("entry 0 of 'dense1/weight' of network 2 is nan"));
  states[1].parameters.pop_back();
  CHECK_THROWS_WITH(align(layout, states), Catch::Matchers::Contains("network 1 has 28 parameters; the layout has 29"));
}

TEST_CASE("common_order: what no permutation moves has no say, and underflow decides nothing", "[align]") {
  const auto layout = testing::masked_layout();
  std::vector<State> states = random_states(layout, 3, 11);
  const auto with = [&](double mask, int exponent) {
    std::vector<State> changed = states;
    for (State& state : changed) {
      std::fill(state.parameters.end() - 16, state.parameters.end(), mask);
      std::for_each(state.parameters.begin(), state.parameters.end() - 16, [&](double& x) { x = std::ldexp(x, exponent); });
    }
    return align(layout, changed, {.restarts = 2});
  };
  const lmc::CommonOrder free = with(0, 0);
  CHECK(free.objective_after > free.objective_before);
  for (const double mask : {-1e4, -1e6, -1e9, -3e38}) {
    CAPTURE(mask);
    const lmc::CommonOrder found = with(mask, 0);
    CHECK(found.permutations == free.permutations);
    CHECK(found.sweeps == free.sweeps);
    // Three pairs.
    CHECK_THAT(found.objective_after, WithinRel(free.objective_after + 3 * 16 * mask * mask, 1e-14));
  }
  for (const int exponent : {-200, -530, -560, -1000}) {
    CAPTURE(exponent);
    const lmc::CommonOrder found = with(1, exponent);
    CHECK(found.permutations == free.permutations);
    CHECK(found.objective_after == 48);  // that of the mask; the rest is below its rounding
  }
}

}  // namespace align_common_order_test
