// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/train/average.hpp>

#include <vector>

#include <lmc/connectivity/interpolate.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/train/calibrate_buffers.hpp>

namespace train_average_test {

using Catch::Matchers::Contains;
using State = lmc::ModelState<float>;

TEST_CASE("average: is the mean of the parameters, of two the middle of their line", "[train]") {
  CHECK(lmc::average<float>({{{1, 2}, {}}, {{3, -2}, {}}, {{5, 6}, {}}}) == State{{3, 2}, {}});
  const State a{{0.1F, 3e38F, 1e-45F}, {}}, b{{0.7F, 3e38F, 3e-45F}, {}};
  std::vector<float> middle(3);
  lmc::interpolate<float>(a.parameters, b.parameters, {0.5, 0.5}, middle);
  CHECK(lmc::average<float>({a, b}).parameters == middle);
  CHECK(lmc::average<float>({a}) == a);
}

TEST_CASE("average: estimates buffers from data, and refuses to average them", "[train]") {
  const lmc::Network<float> net({lmc::Dense<float>({.inputs = 2, .outputs = 4}), lmc::BatchNorm<float>({.inputs = 4}),
                                 lmc::Dense<float>({.inputs = 4, .outputs = 3})});
  const auto data = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 1});
  const std::vector<State> states{net.initialize({.seed = 1}), net.initialize({.seed = 2})};
  const State mean = lmc::average(net, states, data);
  CHECK(mean.parameters[3] == (states[0].parameters[3] + states[1].parameters[3]) / 2);
  CHECK(mean.buffers == lmc::calibrate_buffers(net, mean.parameters, data));
  CHECK_THROWS_WITH(lmc::average(net, {State{{1, 2}, {}}}, data), Contains("average: the state has 2 parameters"));
  CHECK_THROWS_WITH(lmc::average(states), Contains("average: the states have buffers (8 values)") && Contains("training_data"));
}

TEST_CASE("average: needs states of one network", "[train]") {
  CHECK_THROWS_WITH(lmc::average(std::vector<State>()), Contains("average: there are no states"));
  CHECK_THROWS_WITH(lmc::average<float>({{{1, 2}, {}}, {{3}, {}}}), Contains("a state has 1 parameters, and the first 2"));
}

}  // namespace train_average_test
