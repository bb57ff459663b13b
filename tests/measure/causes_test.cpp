// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/causes.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>

namespace measure_causes_test {

TEST_CASE("causes between runs and states are those between their parameters", "[connectivity]") {
  const auto data = lmc::spirals<float>({.examples = 90, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {8}, .outputs = 3});
  const auto start = net.initialize({.seed = 1});
  const auto [a, b] = lmc::train_pair(net, data, start, {.epochs = 2, .batch_size = 30}, {.order = 1}, {.order = 2});
  const auto &x = a.state.parameters, &y = b.state.parameters;
  const auto evaluate = lmc::evaluator(net, data);
  const auto paths = lmc::layer_paths(net.layout(), x, y, evaluate, {.alpha = 0.25});
  CHECK(lmc::layer_paths(net.layout(), a, b, evaluate, {.alpha = 0.25}).up_to[1].height == paths.up_to[1].height);
  CHECK(lmc::layer_paths(net.layout(), a.state, b.state, evaluate, {.alpha = 0.25}).alone[0].height == paths.alone[0].height);
  const auto shares = lmc::layer_shapley(net.layout(), x, y, evaluate, {.alpha = 0.25});
  CHECK(lmc::layer_shapley(net.layout(), a, b, evaluate, {.alpha = 0.25}).layers[0].share == shares.layers[0].share);
  CHECK(lmc::layer_shapley(net.layout(), a.state, b.state, evaluate, {.alpha = 0.25}).height == shares.height);
  const auto features = lmc::feature_account(net, x, y, data, {.alpha = 0.25});
  CHECK(lmc::feature_account(net, a, b, data, {.alpha = 0.25}).layers[2].deviation == features.layers[2].deviation);
  CHECK(lmc::feature_account(net, a.state, b.state, data, data, {.alpha = 0.25}).ends == features.ends);
  const auto distances = lmc::parameter_distances(net.layout(), x, y, start.parameters);
  CHECK(lmc::parameter_distances(net.layout(), a, b, start).whole.from_start->cosine == distances.whole.from_start->cosine);
  CHECK(lmc::parameter_distances(net.layout(), a.state, b.state).layers[1].distance == distances.layers[1].distance);
}

}  // namespace measure_causes_test
