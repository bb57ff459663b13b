// SPDX-License-Identifier: BSD-3-Clause
// One promise through all that a pair consists of: training, evaluation along the path, and the barrier do not depend on threads.
#include <catch2/catch.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/lcn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/sparse_mlp.hpp>
#include <lmc/models/vgg.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/train/train.hpp>
#include <string>
#include <utility>
#include <vector>

#include <support/random_images.hpp>

namespace measure_threads_test {

using lmc::ThreadTeam;

namespace {

const lmc::Shape image{8, 8, 2};
const lmc::Dataset<float>& trained_on() {
  static const auto images = testing::random_images<float>(image, 90);
  return images;
}
// More than two chunks, the last one short.
const lmc::Dataset<float>& measured_on() {
  static const auto images = testing::random_images<float>(image, 601, 2);
  return images;
}

std::vector<std::pair<std::string, lmc::Network<float>>> networks() {
  return {
      {"logistic", lmc::logistic_regression<float>({.inputs = image, .outputs = 3})},
      {"mlp", lmc::mlp<float>({.inputs = image, .hidden = {16}, .outputs = 3})},
      {"deep leaky mlp", lmc::mlp<float>({.inputs = image, .hidden = {16, 12, 8}, .outputs = 3, .slope = 0.1})},
      {"sparse mlp", lmc::sparse_mlp<float>({.inputs = image, .hidden = {20, 10}, .outputs = 3})},
      {"lcn", lmc::lcn<float>({.inputs = image, .channels = {4, 4}, .outputs = 3})},
      {"tied", lmc::lcn<float>({.inputs = image, .channels = {4, 4}, .outputs = 3, .sharing = {2}})},
      {"cnn", lmc::cnn<float>({.inputs = image, .channels = {4, 8}, .outputs = 3, .padding = {1}, .pool = 2})},
      {"cnn with batch normalization",
       lmc::cnn<float>({.inputs = image, .channels = {4}, .outputs = 3, .norm = lmc::Normalization::batch})},
      {"vgg", lmc::vgg<float>({.inputs = image, .outputs = 3, .channels = {4, 8}, .convolutions = {1}})},
      {"resnet", lmc::resnet<float>({.inputs = image, .outputs = 3, .blocks = 1, .width = 4})},
      {"attention", lmc::attention<float>({.inputs = image, .outputs = 3, .patch = 4, .width = 8, .heads = 2})},
      {"vit with dropout",
       lmc::vit<float>({.inputs = image, .outputs = 3, .patch = 4, .width = 8, .heads = 2, .dropout = 0.1})},
  };
}

std::vector<std::pair<std::string, lmc::OptimizerOptions>> optimizers() {
  return {{"sgd", lmc::SgdOptions{.learning_rate = 0.05, .momentum = 0.9}},
          {"adam", lmc::AdamOptions{}},
          {"adamw", lmc::AdamWOptions{}},
          {"sign", lmc::SignOptions{.momentum = 0.9}},
          {"muon", lmc::MuonOptions{}},
          {"layerwise adam", lmc::LayerwiseAdamOptions{}}};
}

struct Outcome {
  std::string a, b;  // digests
  lmc::Curve curve;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome(const lmc::Network<float>& network, const lmc::OptimizerOptions& optimizer, const ThreadTeam& team) {
  const auto pair = lmc::train_pair(network, trained_on(), network.initialize({.seed = 1}),
                                    {.epochs = 2, .batch_size = 32, .optimizer = optimizer}, {.order = 1}, {.order = 2}, team);
  return {pair.a.digest(), pair.b.digest(),
          lmc::linear_path(pair.a.state.parameters, pair.b.state.parameters,
                           lmc::evaluator(network, measured_on(), trained_on(), team), {.alphas = 5})};
}

// With several teams, and with one inside somebody else's parallel region, whose threads all do the same.
void check_teams(const lmc::Network<float>& network, const lmc::OptimizerOptions& optimizer) {
  const Outcome alone = outcome(network, optimizer, ThreadTeam(1));
  CHECK(alone.a != alone.b);
  for (const int threads : {2, 3, 5, 16}) {
    CAPTURE(threads);
    CHECK(outcome(network, optimizer, ThreadTeam(threads)) == alone);
  }
  std::vector<Outcome> inside(3);
#pragma omp parallel for num_threads(3) schedule(static, 1)
  for (int i = 0; i < 3; ++i) inside[static_cast<std::size_t>(i)] = outcome(network, optimizer, ThreadTeam(3));
  CHECK(inside == std::vector(3, alone));
}

}  // namespace

TEST_CASE("a pair and its path have the same bits with 1, 2, 3, 5 and 16 threads, and in a parallel region of the caller's",
          "[measure][determinism]") {
  check_teams(networks()[1].second, optimizers().front().second);
}

TEST_CASE("threads change no bit of any network's pair and path", "[measure][determinism][long]") {
  for (const auto& [name, network] : networks()) {
    DYNAMIC_SECTION(name) { check_teams(network, optimizers().front().second); }
  }
}

TEST_CASE("threads change no bit of a pair and its path with any optimizer", "[measure][determinism][long]") {
  for (const auto& [name, optimizer] : optimizers()) {
    DYNAMIC_SECTION("mlp with " << name) { check_teams(networks()[2].second, optimizer); }
  }
}

}  // namespace measure_threads_test
