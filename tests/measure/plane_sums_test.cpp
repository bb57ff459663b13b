// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <lmc/connectivity/plane/plane.hpp>
#include <lmc/connectivity/plane/plane_grid.hpp>
#include <lmc/connectivity/plane/plane_surface.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/layers/tanh.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace measure_plane_sums_test {

using Catch::Matchers::Contains;
using lmc::ThreadTeam;

namespace {

// More than two chunks, the last one short.
const lmc::Dataset<float>& data() {
  static const auto mixture = lmc::gaussian_mixture<float>({.examples = 701, .classes = 3, .dimension = 64, .separation = 2.5});
  return mixture;
}
std::vector<float> parameters(const lmc::Network<float>& net, std::uint64_t seed) {
  return net.initialize({.seed = seed}).parameters;
}

}  // namespace

TEST_CASE("evaluate_plane: every place is what its network is alone, for any first layer and any number of threads",
          "[measure][long]") {
  const lmc::Shape image{8, 8, 1};
  const std::vector<std::pair<std::string, lmc::Network<float>>> networks{
      {"logistic", lmc::logistic_regression<float>({.inputs = image, .outputs = 3})},
      {"mlp", lmc::mlp<float>({.inputs = image, .hidden = {300}, .outputs = 3})},
      {"deep and leaky", lmc::mlp<float>({.inputs = image, .hidden = {40, 30}, .outputs = 3, .slope = 0.1})},
      {"tanh", lmc::Network<float>({lmc::Dense<float>({.inputs = 64, .outputs = 3}), lmc::Tanh<float>()})},
      {"a ReLU last", lmc::Network<float>({lmc::Dense<float>({.inputs = 64, .outputs = 3}), lmc::Relu<float>()})},
      {"cnn", lmc::cnn<float>({.inputs = image, .channels = {8}, .outputs = 3, .padding = {1}, .pool = 2})},
      {"running statistics, each place by itself",
       lmc::resnet<float>({.inputs = image, .outputs = 3, .blocks = 1, .width = 4})},
  };
  for (const auto& named : networks) {  // no structured binding: clang 16 cannot capture those with OpenMP
    CAPTURE(named.first);
    const auto& net = named.second;
    const auto marked = lmc::plane_through(parameters(net, 1), parameters(net, 2), parameters(net, 3));
    const auto& plane = marked.plane;
    const lmc::PlaneGrid grid = lmc::grid_around(marked.marks, {.columns = 4, .rows = 3});
    const auto measure = [&](int threads) {
      return lmc::measure_plane(plane, grid, lmc::evaluator(net, data(), data(), ThreadTeam(threads)));
    };
    const lmc::PlaneSurface one = measure(1), three = measure(3);
    const auto alone = lmc::evaluator(net, data(), data(), ThreadTeam(1));
    std::vector<float> theta(plane.size());
    for (std::size_t k = 0; k < grid.size(); ++k) {
      CHECK(one.values[k]->loss == three.values[k]->loss);
      CHECK(one.values[k]->error == three.values[k]->error);
      plane.at(grid.point(k), theta);
      const lmc::Metrics metrics = alone(theta);
      // Outputs of some 1 to 10, each off by some tens of roundings, 6e-8; a class may change where two logits are as near.
      CHECK(std::abs(one.values[k]->loss - metrics.loss) < 2e-6 * std::max(1.0, metrics.loss));
      CHECK(std::abs(*one.values[k]->error - *metrics.error) <= 1.5 / 701);
    }
  }
}

TEST_CASE("evaluate_plane: places do not depend on what is measured beside them", "[measure]") {
  const auto net = lmc::mlp<float>({.inputs = 64, .hidden = {50}, .outputs = 3});
  const auto [plane, marks] = lmc::plane_through(parameters(net, 1), parameters(net, 2), parameters(net, 3));
  const auto evaluate = lmc::evaluator(net, data());
  const lmc::PlaneGrid grid = lmc::grid_around(marks, {.columns = 3, .rows = 3});
  const lmc::PlaneSurface surface = lmc::measure_plane(plane, grid, evaluate);
  for (std::size_t k = 0; k < grid.size(); ++k) {
    const lmc::PlanePoint place = grid.point(k);
    const lmc::Metrics single = evaluate.evaluate_plane(plane, std::span(&place, 1))[0];
    CHECK(single.loss == surface.values[k]->loss);
    CHECK(single.wrong.empty());
    CHECK(single.loss_name == "cross-entropy");
  }
  // At the origin the head is the network's own.
  const lmc::PlanePoint origin{0, 0};
  CHECK(std::abs(evaluate.evaluate_plane(plane, std::span(&origin, 1))[0].loss - evaluate(plane.origin()).loss) < 1e-14);
  const auto other = lmc::mlp<float>({.inputs = 64, .hidden = {51}, .outputs = 3});
  CHECK_THROWS_WITH(lmc::evaluator(other, data()).evaluate_plane(plane, {}), Contains("θ has 3403 entries"));
}

}  // namespace measure_plane_sums_test
