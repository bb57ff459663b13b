// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/layer_paths.hpp>
#include <lmc/connectivity/causes/layer_shapley.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/measure/detail/mixture_sums.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/train/train.hpp>
#include <span>
#include <string>
#include <vector>

namespace measure_mixture_sums_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::LayerGroups;
using lmc::LayerPlace;
using lmc::ThreadTeam;

namespace {

// Images of noise.
lmc::Dataset<float> noise_images(Index examples) {
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < examples; ++i) labels.push_back(static_cast<std::int32_t>(i % 4));
  for (std::uint64_t i = 0; features.size() < labels.size() * 128; ++i)
    features.push_back(static_cast<float>(lmc::normal({.seed = 1, .purpose = lmc::Purpose::synthetic_data}, i)));
  return lmc::Dataset<float>({.shape = {8, 8, 2}, .classes = 4, .labels = labels, .features = features});
}
// More than one chunk, the last one short.
const lmc::Dataset<float>& images() {
  static const auto data = noise_images(264);
  return data;
}

// Networks without buffers, from the simplest to those with layers inside of layers.
std::vector<lmc::Network<float>> networks() {
  return {lmc::logistic_regression<float>({.inputs = {8, 8, 2}, .outputs = 4}),
          lmc::mlp<float>({.inputs = {8, 8, 2}, .hidden = {19, 11, 7}, .outputs = 4, .slope = 0.1}),
          lmc::resnet<float>({.inputs = {8, 8, 2}, .outputs = 4, .blocks = 1, .width = 4, .norm = lmc::Normalization::layer}),
          lmc::vit<float>({.inputs = {8, 8, 2}, .outputs = 4, .patch = 4, .width = 8, .heads = 2}),
          lmc::vit<float>({.inputs = {8, 8, 2},
                           .outputs = 4,
                           .patch = 4,
                           .width = 8,
                           .heads = 2,
                           .pooling = lmc::TokenPooling::class_token,
                           .dropout = 0.1})};
}

std::vector<lmc::LayerMixture> random_mixtures(std::size_t count, std::size_t layers) {
  std::vector<lmc::LayerMixture> mixtures;
  for (std::size_t m = 0; m < count; ++m) {
    mixtures.emplace_back();
    for (std::size_t l = 0; l < layers; ++l)
      mixtures.back().push_back(
          static_cast<LayerPlace>(lmc::uniform_below({.seed = 5, .epoch = static_cast<std::uint32_t>(m)}, l, 3)));
  }
  return mixtures;
}

// Two starts, and the middle of them.
struct Ends {
  std::vector<float> a, between, b;
  explicit Ends(const lmc::Network<float>& network)
      : a(network.initialize({.seed = 1}).parameters), between(a.size()), b(network.initialize({.seed = 2}).parameters) {
    lmc::interpolate<float>(a, b, {0.5, 0.5}, between);
  }
};

}  // namespace

TEST_CASE("evaluate_mixtures: gives what every mixture alone gives, to the bit, in any division into layers",
          "[train][connectivity][long]") {
  for (const auto& network : networks()) {
    CAPTURE(network);
    const Ends ends(network);
    const auto evaluate = lmc::evaluator(network, images());
    std::vector<std::size_t> even, odd;  // layers that lie here and there in θ
    for (std::size_t s = 0; s < network.layout().parameters.size(); ++s) (s % 2 == 0 ? even : odd).push_back(s);
    for (const auto& groups :
         {LayerGroups(network.layout()), lmc::layers_with_norms(network.layout()), lmc::top_level_layers(network.layout()),
          LayerGroups(network.layout(), {{"odd", odd}, {"even", even}})}) {
      const auto mixtures = random_mixtures(6, groups.layers().size());
      const lmc::LayerMixtures<float> request{
          .thetas = {ends.a, ends.between, ends.b}, .ranges = groups.ranges(), .mixtures = mixtures};
      const auto together = evaluate.evaluate_mixtures(request);
      REQUIRE(together.size() == 6);
      std::vector<float> theta(ends.a.size());
      for (std::size_t m = 0; m < 6; ++m) {
        request.assemble(mixtures[m], theta);
        lmc::Metrics alone = evaluate(theta);
        alone.wrong.clear();
        CHECK(together[m] == alone);
      }
    }
  }
}

TEST_CASE("evaluate_mixtures: gives what every mixture alone gives where buffers are estimated anew",
          "[train][connectivity][long]") {
  const auto network = lmc::resnet<float>({.inputs = {8, 8, 2}, .outputs = 4, .blocks = 1, .width = 4});
  REQUIRE(network.layout().buffer_count() > 0);
  const Ends ends(network);
  const auto evaluate = lmc::evaluator(network, images(), images());
  const LayerGroups groups(network.layout());
  const auto mixtures = random_mixtures(5, groups.layers().size());
  const lmc::LayerMixtures<float> request{
      .thetas = {ends.a, ends.between, ends.b}, .ranges = groups.ranges(), .mixtures = mixtures};
  const auto together = evaluate.evaluate_mixtures(request);
  std::vector<float> theta(ends.a.size());
  for (std::size_t m = 0; m < 5; ++m) {
    request.assemble(mixtures[m], theta);
    lmc::Metrics alone = evaluate(theta);
    alone.wrong.clear();
    CHECK(together[m] == alone);
  }
}

TEST_CASE("evaluate_mixtures: the bits do not depend on the team, nor a mixture's on the others", "[train][determinism]") {
  const auto network = networks()[1];
  const Ends ends(network);
  const LayerGroups groups(network.layout());
  const auto mixtures = random_mixtures(9, groups.layers().size());
  lmc::LayerMixtures<float> request{.thetas = {ends.a, ends.between, ends.b}, .ranges = groups.ranges(), .mixtures = mixtures};
  const auto serial = lmc::evaluator(network, images(), ThreadTeam(1)).evaluate_mixtures(request);
  for (const int threads : {2, 3, 16})
    CHECK(lmc::evaluator(network, images(), ThreadTeam(threads)).evaluate_mixtures(request) == serial);
  request.mixtures = std::span(mixtures).subspan(4, 1);
  CHECK(lmc::evaluator(network, images()).evaluate_mixtures(request).front() == serial[4]);
}

TEST_CASE("evaluate_mixtures: takes any loss", "[train][connectivity]") {
  const auto network = networks()[1];
  const Ends ends(network);
  const auto evaluate = lmc::evaluator(network, images(), ThreadTeam(), lmc::SquaredError());
  const LayerGroups groups(network.layout());
  const std::vector<lmc::LayerMixture> mixtures{lmc::LayerMixture(4, LayerPlace::between)};
  const auto metrics =
      evaluate.evaluate_mixtures({.thetas = {ends.a, ends.between, ends.b}, .ranges = groups.ranges(), .mixtures = mixtures});
  CHECK(metrics[0].loss == evaluate(ends.between).loss);
  CHECK(metrics[0].loss_name == evaluate(ends.between).loss_name);
}

TEST_CASE("MixtureTree: runs no part of the network twice on the same activations", "[train][connectivity]") {
  const auto network = networks()[1];  // dense1, leaky_relu1, …, dense4: parts 0, 2, 4 and 6
  const Ends ends(network);
  const LayerGroups groups(network.layout());
  std::vector<lmc::LayerMixture> mixtures;  // all 16 subsets, in an order that shares little
  for (unsigned s = 0; s < 16; ++s) {
    mixtures.emplace_back();
    for (unsigned l = 0; l < 4; ++l)
      mixtures.back().push_back((s * 7 % 16 >> l & 1U) != 0 ? LayerPlace::between : LayerPlace::a);
  }
  const lmc::LayerMixtures<float> request{
      .thetas = {ends.a, ends.between, ends.b}, .ranges = groups.ranges(), .mixtures = mixtures};
  const lmc::detail::MixtureTree<float> tree(network, request);
  std::vector<std::size_t> runs(7), order;
  for (const auto& step : tree.steps()) {
    order.push_back(step.mixture);
    for (std::size_t p = step.first_part; p < 7; ++p) ++runs[p];
  }
  CHECK(runs == std::vector<std::size_t>{2, 2, 4, 4, 8, 8, 16});  // a binary tree
  std::ranges::sort(order);
  for (std::size_t m = 0; m < 16; ++m) CHECK(order[m] == m);
}

TEST_CASE("layer_shapley: of trained networks adds up to their barrier, and is that of the plain evaluator",
          "[train][connectivity]") {
  const auto points = lmc::spirals<float>({.examples = 600, .classes = 3, .seed = 1});
  const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {24, 24}, .outputs = 3});
  const lmc::TrainOptions<float> options{.epochs = 20, .batch_size = 32, .optimizer = lmc::AdamOptions{.learning_rate = 0.01}};
  const auto a = lmc::train(network, points, network.initialize({.seed = 1}), options, {.order = 1}).state.parameters;
  const auto b = lmc::train(network, points, network.initialize({.seed = 2}), options, {.order = 2}).state.parameters;
  const auto evaluate = lmc::evaluator(network, points);
  const auto barrier = lmc::error_barrier(lmc::linear_path(a, b, evaluate, {.alphas = 11}));
  REQUIRE(barrier.value > 0.1);
  const auto result = lmc::layer_shapley(network.layout(), a, b, evaluate, {.alpha = barrier.alpha});
  CHECK(result.evaluations == 15);
  CHECK_THAT(*result.sum.error, WithinAbs(barrier.value, 2.0 / 600));  // θ(α) differs in a rounding from the path's
  const auto plain = lmc::layer_shapley(network.layout(), a, b, [&](std::span<const float> theta) { return evaluate(theta); },
                                        {.alpha = barrier.alpha});
  for (std::size_t l = 0; l < 3; ++l) CHECK(plain.layers[l].share == result.layers[l].share);
  CHECK(plain.height == result.height);
}

TEST_CASE("layer_shapley, layer_paths: of logistic regression, the one layer has all of it", "[train][connectivity]") {
  const auto network = networks()[0];
  const Ends ends(network);
  const auto evaluate = lmc::evaluator(network, images());
  const auto result = lmc::layer_shapley(network.layout(), ends.a, ends.b, evaluate);
  REQUIRE(result.layers.size() == 1);
  CHECK(result.layers[0].name == "dense1");
  CHECK(result.layers[0].share == result.height);
  CHECK(result.height.loss < 0);  // convex
  const auto paths = lmc::layer_paths(network.layout(), ends.a, ends.b, evaluate);
  CHECK(paths.alone[0].height == result.height);
  CHECK(paths.evaluations == 3);
}

TEST_CASE("layer_shapley: is sampled for a residual network, whose buffers are estimated anew, and a transformer",
          "[train][connectivity][long]") {
  const auto few = noise_images(60);
  const auto check = [&](const lmc::Network<float>& network, const LayerGroups& groups, std::size_t layers) {
    CAPTURE(network);
    const Ends ends(network);
    const auto evaluate = lmc::evaluator(network, few, few);
    const auto result = lmc::layer_shapley(groups, ends.a, ends.b, evaluate, {.permutations = 4});
    CHECK_FALSE(result.exact);
    CHECK(result.layers.size() == layers);
    const double height = evaluate(ends.between).loss - (evaluate(ends.a).loss + evaluate(ends.b).loss) / 2;
    CHECK_THAT(result.height.loss, WithinAbs(height, 1e-12));
    CHECK_THAT(result.sum.loss, WithinAbs(height, 1e-12));
    CHECK_THAT(*result.sum.error, WithinAbs(*result.height.error, 1e-12));
    CHECK(std::ranges::any_of(result.layers, [](const lmc::LayerShare& l) { return l.standard_error.loss > 0; }));
    const auto paths = lmc::layer_paths(groups, ends.a, ends.b, evaluate);
    CHECK(paths.up_to.back().height == result.height);
  };
  const auto resnet = lmc::resnet<float>({.inputs = {8, 8, 2}, .outputs = 4, .blocks = 1, .width = 4});
  // 9 convolutions, two of them in shortcuts, a norm each, and a readout.
  check(resnet, lmc::layers_with_norms(resnet.layout()), 10);
  const auto vit = lmc::vit<float>({.inputs = {8, 8, 2}, .outputs = 4, .patch = 4, .width = 8, .heads = 2, .blocks = 1});
  // Patches, positions, a norm and attention, a norm and two dense layers, a norm, a readout.
  check(vit, vit.layout(), lmc::parameter_layers(vit.layout()).size());
}

TEST_CASE("evaluate_mixtures: refuses a θ of another network", "[train][errors]") {
  const auto network = networks()[1];
  const auto evaluate = lmc::evaluator(network, images());
  const std::vector<float> short_theta(7);
  CHECK_THROWS_WITH(evaluate.evaluate_mixtures({.thetas = {short_theta, short_theta, short_theta}}),
                    Catch::Contains("θ has 7 entries"));
}

}  // namespace measure_mixture_sums_test
