// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/straight_through.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/train/train.hpp>
#include <numeric>
#include <vector>

namespace measure_straight_through_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinRel;
using lmc::Index;
using State = lmc::ModelState<double>;

namespace {

const lmc::Dataset<double> data = lmc::spirals<double>({.examples = 300, .classes = 3, .seed = 1});
const lmc::Network<double> net = lmc::mlp<double>({.inputs = 2, .hidden = {16, 16}, .outputs = 3});
const lmc::StraightThroughOptions quick{.steps = 40, .batch_size = 50, .learning_rate = 0.01};

lmc::Run<double> trained(std::uint64_t seed) {
  return lmc::train(net, data, net.initialize({.seed = seed}), {.epochs = 20, .batch_size = 20}, {.order = seed});
}
double midpoint_loss(const State& a, const lmc::Permutations& p, const State& b) {
  std::vector<double> middle(a.parameters.size());
  lmc::interpolate<double>(a.parameters, lmc::permute(net.layout(), p, b).parameters, {0.5, 0.5}, middle);
  return lmc::evaluator(net, data)(middle).loss;
}

}  // namespace

TEST_CASE("straight_through_matching: the midpoint's loss is never above that of weight matching, and below where that is bad",
          "[measure][align][long]") {
  int better = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const lmc::Run<double> a = trained(2 * seed), b = trained(2 * seed + 1);
    // No steps: weight matching alone. Data have fewer examples than choose, so that all of them do.
    lmc::StraightThroughOptions none = quick;
    none.steps = 0;
    const lmc::Alignment matched = lmc::straight_through_matching(net, a, b, data, none),
                         found = lmc::straight_through_matching(net, a, b, data, quick);
    const double before = midpoint_loss(a.state, matched.permutations, b.state),
                 after = midpoint_loss(a.state, found.permutations, b.state);
    CHECK(matched.objective_after >= matched.objective_before);
    CHECK(after <= before);
    better += after < before;
    const State moved = lmc::permute(net.layout(), found.permutations, b.state);
    CHECK_THAT(found.objective_after,
               WithinRel(std::inner_product(moved.parameters.begin(), moved.parameters.end(), a.state.parameters.begin(), 0.0),
                         1e-12));
    CHECK(found.moved == lmc::moved_units(found.permutations));
    CHECK(found.sweeps > matched.sweeps);
  }
  CHECK(better >= 3);
}

TEST_CASE("straight_through_matching: finds planted permutations, and leaves equal networks as they are", "[measure][align]") {
  const State a = trained(1).state, b = lmc::permute(net.layout(), lmc::testing::random_permutations(net.layout(), 2), a);
  lmc::StraightThroughOptions thorough = quick;
  thorough.sweeps = 100;
  CHECK(lmc::permute(net.layout(), lmc::straight_through_matching(net, a, b, data, thorough).permutations, b) == a);
  CHECK(lmc::straight_through_matching(net, a, a, data, quick).permutations == lmc::identity_permutations(net.layout()));
}

TEST_CASE("straight_through_matching: equal arguments give equal bits", "[measure][align]") {
  const State a = trained(0).state, b = trained(1).state;
  const lmc::Alignment one = lmc::straight_through_matching(net, a, b, data, quick),
                       two = lmc::straight_through_matching(net, a, b, data, quick);
  CHECK(one.permutations == two.permutations);
  CHECK(one.objective_after == two.objective_after);
}

TEST_CASE("straight_through_matching: refuses what it cannot search", "[measure][align][errors]") {
  const State a = net.initialize({.seed = 1});
  const auto search = [&](const lmc::StraightThroughOptions& options) {
    return lmc::straight_through_matching(net, a, a, data, options);
  };
  CHECK_THROWS_WITH(search({.steps = -1}), Contains("steps = -1"));
  CHECK_THROWS_WITH(search({.batch_size = 301}), Contains("batch_size = 301"));
  CHECK_THROWS_WITH(search({.batch_size = 50, .chosen_by = 0}), Contains("chosen_by = 0"));
  CHECK_THROWS_WITH(search({.batch_size = 50, .sweeps = 0}), Contains("sweeps = 0"));
  State broken = a;
  broken.parameters[3] = std::nan("");
  CHECK_THROWS_WITH(lmc::straight_through_matching(net, a, broken, data, quick),
                    Contains("entry 3 of 'dense1/weight' of the second network is nan"));
  const auto normalized =
      lmc::cnn<double>({.inputs = {4, 4, 1}, .channels = {3}, .outputs = 3, .norm = lmc::Normalization::batch});
  const State c = normalized.initialize({.seed = 1});
  CHECK_THROWS_WITH(lmc::straight_through_matching(normalized, c, c, data, quick),
                    Contains("the network has buffers (6 values)"));
}

}  // namespace measure_straight_through_test
