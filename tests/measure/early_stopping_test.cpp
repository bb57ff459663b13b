// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/early_stopping.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>

namespace measure_early_stopping_test {

using Catch::Matchers::Contains;
using lmc::Control;
using lmc::Index;

namespace {

const lmc::Dataset<float>& data() {
  static const auto spirals = lmc::spirals<float>({.examples = 200, .classes = 3, .seed = 1});
  return spirals;
}
const lmc::Dataset<float>& validation() {
  static const auto spirals = lmc::spirals<float>({.examples = 100, .classes = 3, .noise = 0.3, .seed = 2});
  return spirals;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {24}, .outputs = 3});
  return network;
}
lmc::StepEvent<float> event(const std::vector<float>& theta, Index step) {
  return {.step = step, .steps = 100, .end_of_epoch = true, .parameters = theta};
}

}  // namespace

TEST_CASE("EarlyStopping: keeps the best state and stops when nothing has become better for long enough", "[measure]") {
  lmc::TrainOptions<float> options{
      .epochs = 400, .batch_size = 16, .optimizer = lmc::SgdOptions{.learning_rate = 0.5, .momentum = 0.9}};
  std::vector<double> losses;
  std::vector<lmc::ModelState<float>> states;
  const lmc::EarlyStopping<float> stopping(net(), validation(), {.patience = 4});
  options.observers.push_back([&](const lmc::StepEvent<float>& e) {
    if (e.end_of_epoch) {
      states.push_back(e.state());
      losses.push_back(lmc::evaluate(net(), states.back(), validation()).loss);
    }
    return Control::proceed;
  });
  options.observers.push_back(stopping);
  const auto run = lmc::train(net(), data(), net().initialize({.seed = 7}), options, {.order = 1});
  REQUIRE(run.stopped);
  const auto best = std::min_element(losses.begin(), losses.end()) - losses.begin();
  CHECK(static_cast<Index>(losses.size()) == best + 1 + 4);
  CHECK(stopping.best().step == (best + 1) * 13);
  CHECK(stopping.best().state == states[static_cast<std::size_t>(best)]);
  CHECK(stopping.best().metrics.loss == losses[static_cast<std::size_t>(best)]);

  // A second training with the same object gives what it would give with another one.
  options.observers.erase(options.observers.begin());
  const auto again = lmc::train(net(), data(), net().initialize({.seed = 8}), options, {.order = 2});
  const lmc::EarlyStopping<float> fresh(net(), validation(), {.patience = 4});
  options.observers = {fresh};
  CHECK(lmc::train(net(), data(), net().initialize({.seed = 8}), options, {.order = 2}).state == again.state);
  CHECK(fresh.best().step == stopping.best().step);
}

TEST_CASE("EarlyStopping: measures each run by itself, after as many updates as asked, and by the error if asked",
          "[measure]") {
  const std::vector<float> theta = net().initialize({.seed = 7}).parameters;
  const lmc::EarlyStopping<float> stopping(net(), validation(), {.metric = lmc::Metric::error, .patience = 1, .every = 10});
  auto first = event(theta, 5), second = event(theta, 10);
  CHECK(stopping(first) == Control::proceed);
  CHECK_THROWS_WITH(stopping.best(), Contains("run 0 was never measured"));
  CHECK(stopping(second) == Control::proceed);
  second.run = 1;
  CHECK(stopping(second) == Control::proceed);  // another run's first
  second.step = 20;
  CHECK(stopping(second) == Control::stop);  // no better than before
  CHECK(stopping.best(1).step == 10);
}

TEST_CASE("EarlyStopping: a gain has to be large enough, and NaN is none", "[measure]") {
  const std::vector<float> bad(net().initialize({.seed = 7}).parameters.size(), std::numeric_limits<float>::quiet_NaN());
  const std::vector<float> usual = net().initialize({.seed = 7}).parameters, flat(usual.size(), 0.0F);
  const double gain = lmc::evaluate(net(), {usual, {}}, validation()).loss - std::log(3.0);
  REQUIRE(gain > 0);  // flat, whose loss is ln 3, is better
  const lmc::EarlyStopping<float> hard(net(), validation(), {.patience = 2, .least_gain = 1.01 * gain}),
      easy(net(), validation(), {.patience = 2, .least_gain = 0.99 * gain});
  for (const auto* stopping : {&hard, &easy}) {
    CHECK((*stopping)(event(bad, 1)) == Control::proceed);
    CHECK((*stopping)(event(usual, 2)) == Control::proceed);
    CHECK(stopping->best().step == 2);  // better than NaN
    CHECK((*stopping)(event(bad, 3)) == Control::proceed);
    CHECK(stopping->best().step == 2);
  }
  CHECK(hard(event(flat, 4)) == Control::stop);
  CHECK(hard.best().step == 2);
  CHECK(easy(event(flat, 4)) == Control::proceed);
  CHECK(easy.best().step == 4);
}

TEST_CASE("EarlyStopping: refuses options out of range and data that do not fit", "[measure]") {
  using Stopping = lmc::EarlyStopping<float>;
  CHECK_THROWS_WITH(Stopping(net(), validation(), {.patience = 0}), Contains("patience = 0"));
  CHECK_THROWS_WITH(Stopping(net(), validation(), {.least_gain = -1}), Contains("least_gain = -1"));
  CHECK_THROWS_WITH(Stopping(net(), validation(), {.least_gain = std::numeric_limits<double>::infinity()}),
                    Contains("least_gain = inf"));
  CHECK_THROWS_WITH(Stopping(net(), validation(), {.every = -1}), Contains("every = -1"));
  const auto other = lmc::spirals<float>({.examples = 20, .classes = 2, .seed = 1});
  CHECK_THROWS_WITH(Stopping(net(), other), Contains("one output per class"));
}

}  // namespace measure_early_stopping_test
