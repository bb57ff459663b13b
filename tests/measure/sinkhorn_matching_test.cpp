// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <lmc/align/permutations.hpp>
#include <lmc/align/permute.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/measure/detail/half_way.hpp>
#include <lmc/measure/detail/sinkhorn_scaling.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/frank_wolfe.hpp>
#include <lmc/measure/sinkhorn_matching.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/testing/gradient_error.hpp>
#include <lmc/testing/permutation_effect.hpp>
#include <lmc/train/train.hpp>
#include <span>
#include <vector>

namespace measure_sinkhorn_matching_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;
using State = lmc::ModelState<double>;
using Net = lmc::Network<double>;

namespace {

const lmc::Dataset<double> data = lmc::spirals<double>({.examples = 300, .classes = 3, .seed = 1});
const Net net = lmc::mlp<double>({.inputs = 2, .hidden = {16, 16}, .outputs = 3});
const lmc::SinkhornOptions quick{.steps = 40, .batch_size = 50, .round_every = 10};

// Images of noise, [4, 4, 1].
const lmc::Dataset<double> images({.shape = {4, 4, 1},
                                   .classes = 3,
                                   .labels = {0, 1, 2, 2, 0, 1, 1, 0, 2, 0},
                                   .features = lmc::testing::normal_numbers(160, 4, 0)});
// Two hidden layers; a kernel of several positions between two groups; units inside heads.
std::vector<Net> networks() {
  return {lmc::mlp<double>({.inputs = {4, 4, 1}, .hidden = {4, 3}, .outputs = 3}),
          lmc::cnn<double>({.inputs = {4, 4, 1}, .channels = {2, 3}, .outputs = 3, .kernel = {2}}),
          lmc::attention<double>({.inputs = {4, 4, 1}, .outputs = 3, .patch = 2, .width = 4, .heads = 2})};
}

State trained(std::uint64_t seed) {
  return lmc::train(net, data, net.initialize({.seed = seed}), {.epochs = 20, .batch_size = 20}, {.order = seed}).state;
}
double midpoint_loss(const Net& network, const lmc::Dataset<double>& examples, const State& a, std::span<const double> moved) {
  std::vector<double> middle(moved.size());
  lmc::interpolate<double>(a.parameters, moved, {0.5, 0.5}, middle);
  return lmc::evaluator(network, examples)(middle).loss;
}
double midpoint_loss(const State& a, const lmc::Permutations& p, const State& b) {
  return midpoint_loss(net, data, a, lmc::permute(net.layout(), p, b).parameters);
}

}  // namespace

TEST_CASE("SinkhornScaling: rows and columns sum to 1, and entries keep their cross ratios", "[measure][align]") {
  const std::size_t n = 5;
  const std::vector<double> z = lmc::testing::normal_numbers(25, 1, 0);
  std::vector<double> p(n * n);
  lmc::detail::SinkhornScaling(n, 200).forward(z, p);
  for (std::size_t i = 0; i < n; ++i) {
    double row = 0, col = 0;
    for (std::size_t j = 0; j < n; ++j) {
      row += p[i * n + j];
      col += p[j * n + i];
    }
    CHECK_THAT(row, WithinAbs(1, 1e-12));
    CHECK_THAT(col, WithinAbs(1, 1e-12));
  }
  for (std::size_t i = 1; i < n; ++i)
    for (std::size_t j = 1; j < n; ++j)
      CHECK_THAT(std::log(p[0] * p[i * n + j] / (p[i * n] * p[j])), WithinAbs(z[0] + z[i * n + j] - z[i * n] - z[j], 1e-12));
}

TEST_CASE("sinkhorn_matching: the gradient is that of the loss half way by the logits", "[measure][align][gradient]") {
  for (const Net& network : networks()) {
    const State a = network.initialize({.seed = 1}), b = network.initialize({.seed = 2});
    const lmc::SinkhornOptions all{.batch_size = images.size()};
    lmc::detail::HalfWay<double> half_way("test", network, a.parameters, images, all);
    // So many turns that the scaling converges, which implicit differentiation takes for granted.
    lmc::detail::RelaxedOrder<double> relaxed(network.layout(), b.parameters, lmc::identity_permutations(network.layout()),
                                              500);
    relaxed.logits = lmc::testing::normal_numbers(static_cast<Index>(relaxed.logits.size()), 3, 0);
    std::vector<double> mixed = b.parameters;
    relaxed.mix(mixed);
    const std::span<const double> by_theta = half_way.gradient(mixed, 0), by_logits = relaxed.gradient(by_theta);
    // Half of it, since θ_B has the weight ½ in the middle.
    std::vector<double> gradient(by_logits.begin(), by_logits.end());
    double largest = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const double h = 1e-5, z = relaxed.logits[i];
      const auto loss_at = [&](double x) {
        relaxed.logits[i] = x;
        relaxed.mix(mixed);
        return midpoint_loss(network, images, a, mixed);
      };
      const double difference = (loss_at(z + h) - loss_at(z - h)) / (2 * h);
      relaxed.logits[i] = z;
      // Rounding and h² leave some 1e-10; a lost factor or sign is of the size of the gradient.
      CHECK_THAT(gradient[i] / 2, WithinAbs(difference, 1e-8));
      largest = std::max(largest, std::abs(difference));
    }
    CHECK(largest > 1e-5);  // in every network a thousand times the tolerance
  }
}

TEST_CASE("sinkhorn_matching: the loss half way is never above that of the start, and below where that is bad",
          "[measure][align][long]") {
  const std::vector<State> states{trained(0), trained(1), trained(2), trained(3)};
  for (std::size_t i = 0; i < states.size(); i += 2) {
    const State &a = states[i], &b = states[i + 1];
    const lmc::Permutations frank_wolfe = lmc::frank_wolfe(net, a, b).permutations;
    lmc::SinkhornOptions from = quick;
    // Data have fewer examples than choose, so that all of them do.
    const lmc::Alignment by_default = lmc::sinkhorn_matching(net, a, b, data, from);
    from.start = frank_wolfe;
    CHECK(lmc::sinkhorn_matching(net, a, b, data, from).permutations == by_default.permutations);
    CHECK(midpoint_loss(a, by_default.permutations, b) <= midpoint_loss(a, frank_wolfe, b));
    from.start = lmc::testing::random_permutations(net.layout(), i);
    from.steps = 100;
    const lmc::Alignment found = lmc::sinkhorn_matching(net, a, b, data, from);
    CHECK(midpoint_loss(a, found.permutations, b) < midpoint_loss(a, *from.start, b));
    CHECK(found.moved == lmc::moved_units(found.permutations));
    CHECK(found.sweeps == 100);
    from.steps = 0;
    CHECK(lmc::sinkhorn_matching(net, a, b, data, from).permutations == *from.start);
  }
}

TEST_CASE("sinkhorn_matching: finds planted permutations, and leaves equal networks as they are", "[measure][align]") {
  const State a = trained(1);
  const lmc::Permutations planted = lmc::testing::random_permutations(net.layout(), 2);
  const State b = lmc::permute(net.layout(), planted, a);
  CHECK(lmc::permute(net.layout(), lmc::sinkhorn_matching(net, a, b, data, quick).permutations, b) == a);
  CHECK(lmc::sinkhorn_matching(net, a, a, data, quick).permutations == lmc::identity_permutations(net.layout()));
}

TEST_CASE("sinkhorn_matching: keeps the function of networks of every kind", "[measure][align]") {
  for (const Net& network : networks()) {
    const State a = network.initialize({.seed = 1}), b = network.initialize({.seed = 2});
    const lmc::SinkhornOptions options{
        .steps = 20, .batch_size = 5, .round_every = 5, .start = lmc::testing::random_permutations(network.layout(), 5)};
    const lmc::Permutations found = lmc::sinkhorn_matching(network, a, b, images, options).permutations;
    const State moved = lmc::permute(network.layout(), found, b);
    const auto evaluate = lmc::evaluator(network, images);
    CHECK_THAT(evaluate(moved.parameters).loss, WithinAbs(evaluate(b.parameters).loss, 1e-12));
    CHECK(midpoint_loss(network, images, a, moved.parameters) <=
          midpoint_loss(network, images, a, lmc::permute(network.layout(), *options.start, b).parameters));
  }
}

TEST_CASE("sinkhorn_matching: equal arguments give equal bits", "[measure][align]") {
  const State a = trained(0), b = trained(1);
  const lmc::Alignment one = lmc::sinkhorn_matching(net, a, b, data, quick),
                       two = lmc::sinkhorn_matching(net, a, b, data, quick);
  CHECK(one.permutations == two.permutations);
  CHECK(one.objective_after == two.objective_after);
}

TEST_CASE("sinkhorn_matching: refuses what it cannot search", "[measure][align][errors]") {
  const State a = net.initialize({.seed = 1}), b = net.initialize({.seed = 2});
  const auto search = [&](const std::function<void(lmc::SinkhornOptions&)>& change) {
    lmc::SinkhornOptions options = quick;
    change(options);
    return lmc::sinkhorn_matching(net, a, b, data, options);
  };
  CHECK_THROWS_WITH(search([](auto& o) { o.steps = -1; }), Contains("sinkhorn_matching: steps = -1"));
  CHECK_THROWS_WITH(search([](auto& o) { o.batch_size = 301; }), Contains("batch_size = 301"));
  CHECK_THROWS_WITH(search([](auto& o) { o.chosen_by = 0; }), Contains("chosen_by = 0"));
  CHECK_THROWS_WITH(search([](auto& o) { o.scalings = 0; }), Contains("scalings = 0"));
  CHECK_THROWS_WITH(search([](auto& o) { o.round_every = 0; }), Contains("round_every = 0"));
  CHECK_THROWS_WITH(search([](auto& o) { o.learning_rate = std::nan(""); }), Contains("learning_rate = nan"));
  CHECK_THROWS_WITH(search([](auto& o) { o.learning_rate = 1e6; }), Contains("expected a smaller learning_rate"));
  CHECK_THROWS_WITH(search([](auto& o) { o.start = lmc::Permutations{{0, 1}}; }), Contains("1 permutations; the layout has 2"));
  State broken = a;
  broken.parameters[3] = std::nan("");
  CHECK_THROWS_WITH(lmc::sinkhorn_matching(net, a, broken, data, quick),
                    Contains("sinkhorn_matching: entry 3 of 'dense1/weight' of the second network is nan"));
  broken.parameters.assign(a.parameters.size(), 1e130);  // finite, but no product of three layers is
  CHECK_THROWS_WITH(lmc::sinkhorn_matching(net, a, broken, data, quick), Contains("the loss half way between the networks is"));
  CHECK_THROWS_WITH(lmc::sinkhorn_matching(net, a, b, images, quick), Contains("16"));
  const Net normalized =
      lmc::cnn<double>({.inputs = {4, 4, 1}, .channels = {3}, .outputs = 3, .norm = lmc::Normalization::batch});
  const State c = normalized.initialize({.seed = 1});
  CHECK_THROWS_WITH(lmc::sinkhorn_matching(normalized, c, c, images, {.batch_size = 5}),
                    Contains("the network has buffers (6 values)"));
}

}  // namespace measure_sinkhorn_matching_test
