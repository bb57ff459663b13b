// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/robustness.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/models/vit.hpp>
#include <lmc/train/train.hpp>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace measure_robustness_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

struct Reference {
  std::string network;
  double epsilon, loss;
  std::vector<bool> wrong;
};
const std::vector<Reference> references{
#include "robustness_reference.inc"
};

lmc::Dataset<double> reference_data(const lmc::Shape& shape) {
  std::vector<double> x;
  std::vector<std::int32_t> y;
  for (int i = 0; i < 40 * shape.size(); ++i) x.push_back(std::cos(0.7 * i));
  for (int i = 0; i < 40; ++i) y.push_back(i % 3);
  return lmc::Dataset<double>({.shape = shape, .classes = 3, .labels = y, .features = x});
}

lmc::ModelState<double> reference_state(const lmc::Network<double>& network, double scale) {
  auto state = network.initialize({.seed = 0});
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    state.parameters[i] = scale * std::sin(1.0 + static_cast<double>(i));
  return state;
}

// More than two chunks, the last one short.
const lmc::Dataset<float>& data() {
  static const auto mixture = lmc::gaussian_mixture<float>({.examples = 701, .classes = 3, .dimension = 4, .separation = 2.5});
  return mixture;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 4, .hidden = {19}, .outputs = 3});
  return network;
}
const lmc::ModelState<float>& trained() {
  static const auto state =
      lmc::train(net(), data(), net().initialize({.seed = 1}),
                 {.epochs = 5, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.1}}, {.order = 1})
          .state;
  return state;
}

}  // namespace

TEST_CASE("evaluate_under_fgsm: is PyTorch's", "[train][golden]") {
  const auto mlp = lmc::mlp<double>({.inputs = 7, .hidden = {6, 5}, .outputs = 3, .slope = 0.1});
  const auto cnn = lmc::cnn<double>(
      {.inputs = {9, 8, 2}, .channels = {4, 3}, .outputs = 3, .kernel = {3, {2, 3}}, .stride = {2, 1}, .padding = {1, 0}});
  for (const Reference& r : references) {
    CAPTURE(r.network, r.epsilon);
    const bool is_mlp = r.network == "mlp";
    const auto& network = is_mlp ? mlp : cnn;
    const auto metrics =
        lmc::evaluate_under_fgsm(network, reference_state(network, is_mlp ? 0.6 : 0.5),
                                 reference_data(is_mlp ? lmc::Shape(7) : lmc::Shape{9, 8, 2}), {.epsilon = r.epsilon});
    // Sums of some hundred terms in another order.
    CHECK_THAT(metrics.loss, WithinAbs(r.loss, 1e-12));
    CHECK(metrics.wrong == r.wrong);
    CHECK(metrics.count == 40);
  }
}

TEST_CASE("evaluate_under_fgsm: moves along the sign of the loss's derivative, whatever the first layer is",
          "[train][gradient][long]") {
  // The inputs are moved by hand, along central differences, whose error is far below 1e-8; a dead ReLU gives 0.
  const auto which = GENERATE(0, 1, 2);
  const lmc::Shape shape{4, 4, 1};
  const auto network = which == 0 ? lmc::mlp<double>({.inputs = shape, .hidden = {9}, .outputs = 3})
                       : which == 1
                           ? lmc::cnn<double>({.inputs = shape, .channels = {3}, .outputs = 3})
                           : lmc::vit<double>({.inputs = shape, .outputs = 3, .patch = 2, .width = 8, .heads = 2, .blocks = 1});
  CAPTURE(which);
  const auto state = reference_state(network, 0.7);
  const auto points = reference_data(shape);
  std::vector<double> x = std::get<std::vector<double>>(points.features());
  const auto loss = [&](const std::vector<double>& features) {
    const lmc::Dataset<double> at(
        {.shape = shape, .classes = 3, .labels = {points.labels().begin(), points.labels().end()}, .features = features});
    return lmc::evaluate(network, state, at).loss;
  };
  auto moved = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double value = x[i], h = 6e-6;
    x[i] = value + h;
    const double above = loss(x);
    x[i] = value - h;
    const double slope = (above - loss(x)) / (2 * h);
    x[i] = value;
    if (std::abs(slope) > 1e-8) moved[i] += slope > 0 ? 0.1 : -0.1;
  }
  CHECK_THAT(lmc::evaluate_under_fgsm(network, state, points, {.epsilon = 0.1}).loss, WithinAbs(loss(moved), 1e-12));
}

TEST_CASE("evaluate_under_noise: is the metrics of inputs with normal noise at their addresses", "[train]") {
  const auto metrics = lmc::evaluate_under_noise(net(), trained(), data(), {.standard_deviation = 0.7, .seed = 3});
  std::vector<float> x = std::get<std::vector<float>>(data().features());
  double sum = 0, squares = 0;
  for (std::size_t example = 0; example < 701; ++example) {
    std::vector<float> noise(4);
    lmc::simd::add_normal_noise({.seed = 3, .purpose = lmc::Purpose::input_noise}, example, 0.7F, std::span(noise));
    for (std::size_t j = 0; j < 4; ++j) {
      x[4 * example + j] += noise[j];
      sum += double{noise[j]};
      squares += double{noise[j]} * double{noise[j]};
    }
  }
  // Four standard errors of the mean and of the variance of 2804 normal numbers.
  CHECK(std::abs(sum / 2804) < 4 * 0.7 / std::sqrt(2804));
  CHECK(std::abs(squares / 2804 - 0.49) < 4 * 0.49 * std::sqrt(2.0 / 2804));
  const lmc::Dataset<float> noisy(
      {.shape = 4, .classes = 3, .labels = {data().labels().begin(), data().labels().end()}, .features = x});
  const auto expected = lmc::evaluate(net(), trained(), noisy);
  // x + noise is rounded here, and multiplied and added at once there.
  CHECK_THAT(metrics.loss, WithinAbs(expected.loss, 1e-6));
  CHECK_THAT(metrics.error.value(), WithinAbs(expected.error.value(), 1.5 / 701));
}

TEST_CASE("robustness: nothing is moved by nothing, and more hurts more", "[train]") {
  const auto clean = lmc::evaluate(net(), trained(), data());
  CHECK(lmc::evaluate_under_noise(net(), trained(), data(), {.standard_deviation = 0}) == clean);
  CHECK(lmc::evaluate_under_fgsm(net(), trained(), data(), {.epsilon = 0}) == clean);
  const auto noise = [](double deviation, std::uint64_t seed = 0) {
    return lmc::evaluate_under_noise(net(), trained(), data(), {.standard_deviation = deviation, .seed = seed});
  };
  CHECK(noise(1).loss > clean.loss + 0.05);
  CHECK(noise(3).error.value() > noise(1).error.value() + 0.05);
  CHECK(noise(1, 1).wrong != noise(1, 2).wrong);
  const auto fgsm = [](double epsilon) { return lmc::evaluate_under_fgsm(net(), trained(), data(), {.epsilon = epsilon}); };
  CHECK(fgsm(0.1).loss > clean.loss + 0.02);
  CHECK(fgsm(0.5).error.value() > fgsm(0.1).error.value() + 0.05);
  CHECK(fgsm(0.5).loss > noise(0.5).loss + 0.1);  // the worst direction, and a random one of the same length
}

TEST_CASE("robustness: the bits do not depend on the team", "[train][determinism]") {
  const auto noise = lmc::evaluate_under_noise(net(), trained(), data(), {.standard_deviation = 0.5}, ThreadTeam(1));
  const auto fgsm = lmc::evaluate_under_fgsm(net(), trained(), data(), {.epsilon = 0.2}, ThreadTeam(1));
  for (const int threads : {2, 3, 16}) {
    CHECK(lmc::evaluate_under_noise(net(), trained(), data(), {.standard_deviation = 0.5}, ThreadTeam(threads)) == noise);
    CHECK(lmc::evaluate_under_fgsm(net(), trained(), data(), {.epsilon = 0.2}, ThreadTeam(threads)) == fgsm);
  }
}

TEST_CASE("robustness: with running statistics, those of the state are used and left alone", "[train]") {
  const lmc::Network<double> normalized({lmc::Dense<double>({.inputs = 7, .outputs = 8}), lmc::BatchNorm<double>({.inputs = 8}),
                                         lmc::Dense<double>({.inputs = 8, .outputs = 3})});
  const auto points = reference_data(7);
  auto state = normalized.initialize({.seed = 2});
  for (std::size_t i = 0; i < 8; ++i) {
    state.buffers[i] = 0.1 * static_cast<double>(i);
    state.buffers[8 + i] = 4;
  }
  // A linear network: BatchNorm in evaluation is x ↦ (x − mean)/2, which a Dense layer can be as well.
  const lmc::Network<double> plain(
      {lmc::Dense<double>({.inputs = 7, .outputs = 8}), lmc::Dense<double>({.inputs = 8, .outputs = 3})});
  auto same = plain.initialize({.seed = 2});
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t unit = i < 56 ? i / 7 : i - 56;
    same.parameters[i] = (state.parameters[i] - (i < 56 ? 0 : state.buffers[unit])) / std::sqrt(4 + 1e-5);
  }
  std::copy(state.parameters.end() - 27, state.parameters.end(), same.parameters.end() - 27);
  const auto before = state;
  CHECK_THAT(lmc::evaluate_under_fgsm(normalized, state, points, {.epsilon = 0.2}).loss,
             WithinAbs(lmc::evaluate_under_fgsm(plain, same, points, {.epsilon = 0.2}).loss, 1e-12));
  CHECK(state == before);
}

TEST_CASE("robustness: refuses what is out of range or does not fit", "[train][errors]") {
  CHECK_THROWS_WITH(lmc::evaluate_under_noise(net(), trained(), data(), {.standard_deviation = -1}),
                    Catch::Contains("deviation = -1"));
  CHECK_THROWS_WITH(lmc::evaluate_under_noise(net(), trained(), data(), {.standard_deviation = INFINITY}),
                    Catch::Contains("deviation = inf"));
  CHECK_THROWS_WITH(lmc::evaluate_under_fgsm(net(), trained(), data(), {.epsilon = std::nan("")}),
                    Catch::Contains("epsilon = nan"));
  const lmc::ModelState<float> empty{};
  CHECK_THROWS_WITH(lmc::evaluate_under_noise(net(), empty, data(), {}),
                    Catch::Contains("evaluate_under_noise: the state has 0 parameters"));
  CHECK_THROWS_WITH(lmc::evaluate_under_fgsm(net(), empty, data(), {}),
                    Catch::Contains("evaluate_under_fgsm: the state has 0 parameters"));
  CHECK_THROWS_WITH(lmc::evaluate_under_fgsm(net(), trained(), lmc::spirals<float>({.examples = 9}), {}),
                    Catch::Contains("takes examples of shape [4]"));
}

}  // namespace measure_robustness_test
