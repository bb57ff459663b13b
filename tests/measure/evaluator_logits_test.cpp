// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/calibration.hpp>
#include <lmc/connectivity/causes/curve_decomposition.hpp>
#include <lmc/connectivity/causes/example_ledger.hpp>
#include <lmc/connectivity/causes/logit_ensemble.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/loss/cross_entropy.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/logits.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/resnet.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/train/calibrate_buffers.hpp>
#include <lmc/train/train.hpp>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace measure_evaluator_logits_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

// More than two chunks, the last one short.
const lmc::Dataset<float>& data() {
  static const auto points = lmc::spirals<float>({.examples = 701, .classes = 3, .seed = 1});
  return points;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 2, .hidden = {24, 16}, .outputs = 3});
  return network;
}
const lmc::Network<float>& normalized() {
  static const lmc::Network<float> network({lmc::Dense<float>({.inputs = 2, .outputs = 24}),
                                            lmc::BatchNorm<float>({.inputs = 24}), lmc::Relu<float>(),
                                            lmc::Dense<float>({.inputs = 24, .outputs = 3})});
  return network;
}

lmc::Curve without_logits(lmc::Curve curve) {
  for (lmc::CurvePoint& point : curve.points) point.metrics.logits.clear();
  if (curve.midpoint) curve.midpoint->metrics.logits.clear();
  return curve;
}

// Two networks from different starts, a little trained: a barrier of error and loss between them.
const lmc::Curve& trained() {
  static const lmc::Curve curve = [] {
    const lmc::TrainOptions<float> options{.epochs = 15, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.1}};
    const auto a = lmc::train(net(), data(), net().initialize({.seed = 1}), options, {.order = 1});
    const auto b = lmc::train(net(), data(), net().initialize({.seed = 2}), options, {.order = 2});
    return lmc::linear_path(a, b, lmc::evaluator(net(), data()).with_logits(), {.alphas = 12});
  }();
  return curve;
}

}  // namespace

TEST_CASE("with_logits: the logits are those of the network at every place", "[train][connectivity]") {
  const auto a = net().initialize({.seed = 1}), b = net().initialize({.seed = 2});
  const lmc::Curve curve = lmc::linear_path(a, b, lmc::evaluator(net(), data()).with_logits(), {.alphas = 6});
  REQUIRE(curve.midpoint);
  std::vector<lmc::CurvePoint> places = curve.points;
  places.push_back(*curve.midpoint);
  for (const lmc::CurvePoint& place : places) {
    lmc::ModelState<float> between = a;
    lmc::simd::lerp<float>(a.parameters, b.parameters, place.alpha, place.alpha_bar, between.parameters);
    const auto expected = lmc::logits(net(), between, data());
    REQUIRE(place.metrics.logits.size() == 701 * 3);
    // The first layer's outputs are interpolated, not its parameters.
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK_THAT(place.metrics.logits[i], WithinAbs(expected[i], 1e-5));
  }
}

TEST_CASE("with_logits: buffers are estimated anew at every place", "[train][connectivity]") {
  const auto a = normalized().initialize({.seed = 1}).parameters, b = normalized().initialize({.seed = 2}).parameters;
  const auto train = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 2});
  const auto evaluate = lmc::evaluator(normalized(), data(), train, ThreadTeam(2), {.batch_size = 64}).with_logits();
  for (const lmc::CurvePoint& place : lmc::linear_path(a, b, evaluate, {.alphas = 5}).points) {
    std::vector<float> theta(a.size());
    lmc::simd::lerp<float>(a, b, place.alpha, place.alpha_bar, theta);
    const auto buffers = lmc::calibrate_buffers(normalized(), theta, train, ThreadTeam(1), {.batch_size = 64});
    CHECK(place.metrics.logits == lmc::logits(normalized(), {theta, buffers}, data()));
    CHECK(place.metrics == evaluate(theta));
  }
}

TEST_CASE("with_logits: every other number keeps its bits, in any network, with any number of threads",
          "[train][determinism][long]") {
  const lmc::Shape image{8, 8, 1};
  const auto images = lmc::gaussian_mixture<float>({.examples = 300, .classes = 3, .dimension = 64});
  const auto check = [](const lmc::Network<float>& network, const lmc::Dataset<float>& set) {
    const auto a = network.initialize({.seed = 1}).parameters, b = network.initialize({.seed = 2}).parameters;
    const auto plain = lmc::evaluator(network, set, set, ThreadTeam(1));
    const auto one = plain.with_logits();
    const lmc::Curve serial = lmc::linear_path(a, b, one, {.alphas = 6, .endpoint_tolerance = 0});
    CHECK(without_logits(serial) == lmc::linear_path(a, b, plain, {.alphas = 6}));
    CHECK(serial.points.front().metrics == one(a));
    CHECK(serial.points.back().metrics == one(b));
    CHECK(plain(a).logits.empty());
    for (const int threads : {2, 3, 16}) {
      const auto many = lmc::evaluator(network, set, set, ThreadTeam(threads)).with_logits();
      CHECK(lmc::linear_path(a, b, many, {.alphas = 6}) == serial);
      CHECK(many(a) == one(a));
    }
    // Swapping the ends mirrors the logits to the bit.
    const lmc::Curve back = lmc::linear_path(b, a, one, {.alphas = 6});
    for (std::size_t i = 0; i < 6; ++i) CHECK(serial.points[i].metrics == back.points[5 - i].metrics);
  };
  check(net(), data());
  check(normalized(), data());
  check(lmc::logistic_regression<float>({.inputs = 2, .outputs = 3}), data());
  check(lmc::vit<float>({.inputs = image, .outputs = 3, .patch = 4, .width = 16}), images);
  check(lmc::resnet<float>({.inputs = image, .outputs = 3, .blocks = 1, .width = 4}), images);
}

TEST_CASE("with_logits: a chunk with large activations goes through in parts, and misses no example", "[train]") {
  const auto points = lmc::spirals<double>({.examples = 600, .classes = 3, .seed = 4});
  const auto wide = lmc::mlp<double>({.inputs = 2, .hidden = {3000}, .outputs = 3});
  REQUIRE(lmc::detail::cached_part(wide, 256) < 100);
  const auto state = wide.initialize({.seed = 2});
  const auto expected = lmc::logits(wide, state, points);
  const auto measured = lmc::evaluator(wide, points).with_logits()(state.parameters).logits;
  REQUIRE(measured.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)  // stored as float
    CHECK_THAT(static_cast<double>(measured[i]), WithinAbs(expected[i], 1e-6));
}

TEST_CASE("with_logits: refuses a regression", "[train][errors]") {
  lmc::DatasetParts<float> parts{.shape = 2, .classes = 0, .labels = {}, .features = std::vector<float>{1, 2, 3, 4}};
  parts.targets = {1, 2, 3, 4, 5, 6};
  const lmc::Dataset<float> numbers(parts);
  CHECK_THROWS_WITH(lmc::evaluator(net(), numbers, ThreadTeam(1), lmc::SquaredError()).with_logits(),
                    Contains("with_logits: the data set has no classes"));
}

TEST_CASE("decompose_curve: the parts add up to the heights of the curve of two trained networks", "[train][connectivity]") {
  const lmc::Curve& curve = trained();
  REQUIRE(lmc::loss_barrier(curve).value > 0.05);
  REQUIRE(lmc::error_barrier(curve).value > 0.05);
  const auto parts = lmc::decompose_curve(curve, data().labels());
  const auto &a = curve.points.front().metrics, &b = curve.points.back().metrics;
  for (std::size_t k = 0; k < curve.points.size(); ++k) {
    const auto& [alpha, loss, error] = parts.points[k];
    const lmc::CurvePoint& at = curve.points[k];
    CAPTURE(alpha);
    // The curve's cross-entropy is computed in float from the same logits.
    CHECK_THAT(loss.height, WithinAbs(at.metrics.loss - lmc::chord(a.loss, b.loss, at.weights()), 1e-6));
    CHECK_THAT(loss.function_gap + loss.ensemble_gap, WithinAbs(loss.height, 1e-13));
    CHECK(error->height == *at.metrics.error - lmc::chord(*a.error, *b.error, at.weights()));
    CHECK_THAT(error->function_gap + error->ensemble_gap, WithinAbs(error->height, 1e-15));
    CHECK(loss.ensemble_gap <= 0);
  }
  CHECK(parts.highest.alpha == lmc::loss_barrier(curve).alpha);
  CHECK(parts.highest.loss.function_gap > lmc::loss_barrier(curve).value);
  CHECK(parts.points.front().error->function_gap == 0);  // the ensemble's ends are those of the curve, outcomes included
  CHECK(parts.points.back().error->function_gap == 0);
  CHECK(lmc::logit_ensemble(curve, data().labels()).points.front().metrics.wrong == a.wrong);
  CHECK(lmc::logit_ensemble(curve, data().labels()).points.back().metrics.wrong == b.wrong);
}

TEST_CASE("decompose_curve: refuses a curve of another loss", "[train][errors]") {
  const auto a = net().initialize({.seed = 1}), b = net().initialize({.seed = 2});
  const auto smoothed = lmc::evaluator(net(), data(), ThreadTeam(), lmc::CrossEntropy{.label_smoothing = 0.3}).with_logits();
  CHECK_THROWS_WITH(lmc::decompose_curve(lmc::linear_path(a, b, smoothed, {.alphas = 3}), data().labels()),
                    Contains("a curve of the cross-entropy without label smoothing"));
}

TEST_CASE("example_ledger: accounts for the error barrier of two trained networks", "[train][connectivity]") {
  const lmc::Curve& curve = trained();
  const auto ledger = lmc::example_ledger(curve, {.labels = data().labels()});
  const double sum = std::accumulate(ledger.contributions.begin(), ledger.contributions.end(), 0.0);
  CHECK_THAT(sum / 701, WithinAbs(lmc::error_barrier(curve).value, 1e-13));
  CHECK(ledger.height == lmc::error_barrier(curve).value);
  CHECK(ledger.classes.size() == 3);
}

TEST_CASE("calibrated_barrier: leaves what temperatures cannot explain between two trained networks", "[train][connectivity]") {
  const auto barrier = lmc::calibrated_barrier(trained(), data().labels());
  CHECK(barrier.plain.value == lmc::loss_barrier(trained()).value);
  CHECK(barrier.difference == barrier.plain.value - barrier.calibrated.value);
  CHECK(barrier.calibrated.value > 0.02);
  for (const auto& point : barrier.points) CHECK(point.calibrated_loss < point.loss + 0.01);
}

}  // namespace measure_evaluator_logits_test
