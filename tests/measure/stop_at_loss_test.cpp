// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/data/subset.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/stop_at_loss.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>

namespace measure_stop_at_loss_test {

using Catch::Matchers::Contains;
using lmc::Index;

namespace {

const lmc::Dataset<float>& data() {
  static const auto spirals = lmc::spirals<float>({.examples = 200, .classes = 3, .seed = 1});
  return spirals;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {24}, .outputs = 3});
  return network;
}

}  // namespace

TEST_CASE("StopAtLoss: stops each run at its first crossing, which is interpolated between two measurements", "[measure]") {
  const auto part = lmc::random_subset(data(), 80, 1);
  lmc::TrainOptions<float> options{
      .epochs = 200, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.5}};
  std::vector<double> losses[2];  // after every update
  options.observers.push_back([&](const lmc::StepEvent<float>& e) {
    losses[e.run].push_back(lmc::evaluate(net(), e.state(), part).loss);
    return lmc::Control::proceed;
  });
  const double goal = 0.7;
  const lmc::StopAtLoss<float> stopping(net(), part, {.loss = goal, .every = 6});
  options.observers.push_back(stopping);
  const auto pair = lmc::train_pair(net(), data(), net().initialize({.seed = 7}), options, {.order = 1}, {.order = 2});
  for (const std::size_t run : {0U, 1U}) {
    const auto crossing = stopping.crossing(run);
    REQUIRE(crossing);
    const auto at = [&](Index step) { return losses[run][static_cast<std::size_t>(step - 1)]; };
    CHECK((run == 0 ? pair.a : pair.b).steps == crossing->after);
    CHECK((run == 0 ? pair.a : pair.b).stopped);
    CHECK(crossing->after == crossing->before + 6);
    CHECK(crossing->loss == at(crossing->after));
    CHECK(at(crossing->after) <= goal);
    for (Index step = 6; step < crossing->after; step += 6) CHECK(at(step) > goal);
    const double share = (at(crossing->before) - goal) / (at(crossing->before) - at(crossing->after));
    CHECK(std::abs(crossing->step - (static_cast<double>(crossing->before) + 6 * share)) < 1e-9);
  }
  CHECK_FALSE(stopping.crossing(2));
}

TEST_CASE("StopAtLoss: a loss that is reached at the first update, never, or behind one that is not finite", "[measure]") {
  const lmc::StopAtLoss<float> at_once(net(), data(), {.loss = 100, .every = 10}), never(net(), data(), {.loss = -1});
  const std::vector<float> theta = net().initialize({.seed = 7}).parameters;
  const auto event = [](const std::vector<float>& parameters, Index step) {
    return lmc::StepEvent<float>{.step = step, .steps = 100, .parameters = parameters};
  };
  CHECK(never(event(theta, 10)) == lmc::Control::proceed);
  CHECK_FALSE(never.crossing());
  CHECK(at_once(event(theta, 1)) == lmc::Control::stop);
  CHECK(at_once.crossing()->step == 1);
  CHECK(at_once.crossing()->before == 1);

  const lmc::StopAtLoss<float> later(net(), data(), {.loss = 100, .every = 10});
  const std::vector<float> nan(theta.size(), std::numeric_limits<float>::quiet_NaN());
  CHECK(later(event(nan, 1)) == lmc::Control::proceed);
  CHECK(later(event(theta, 5)) == lmc::Control::proceed);  // not measured
  CHECK(later(event(theta, 10)) == lmc::Control::stop);
  CHECK(later.crossing()->step == 10);  // nothing to interpolate with
  CHECK(never(event(theta, 3)) == lmc::Control::proceed);
  CHECK(later(event(nan, 1)) == lmc::Control::proceed);  // another training
  CHECK_FALSE(later.crossing());
}

TEST_CASE("StopAtLoss: refuses options out of range", "[measure]") {
  using Stop = lmc::StopAtLoss<float>;
  CHECK_THROWS_WITH(Stop(net(), data(), {.loss = std::nan("")}), Contains("loss = nan; expected a finite number"));
  CHECK_THROWS_WITH(Stop(net(), data(), {.loss = 1, .every = 0}), Contains("every = 0"));
}

}  // namespace measure_stop_at_loss_test
