// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/importance.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/train.hpp>
#include <span>
#include <vector>

namespace measure_importance_test {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

const lmc::Dataset<double>& data() {
  static const auto mixture = lmc::gaussian_mixture<double>({.examples = 101, .classes = 3, .dimension = 2, .separation = 2});
  return mixture;
}
const lmc::Network<double>& net() {
  static const auto network = lmc::mlp<double>({.inputs = 2, .hidden = {6}, .outputs = 3});
  return network;
}
const lmc::ModelState<double>& state() {
  static const auto start = net().initialize({.seed = 5});
  return start;
}

// Logits of an example by plain loops, and log p of a class.
std::array<double, 3> log_probabilities(std::span<const double> theta, std::span<const double> x) {
  std::array<double, 3> z{};
  double sum = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    z[k] = theta[36 + k];
    for (std::size_t h = 0; h < 6; ++h)
      z[k] += theta[18 + 6 * k + h] * std::max(0.0, theta[2 * h] * x[0] + theta[2 * h + 1] * x[1] + theta[12 + h]);
    sum += std::exp(z[k]);
  }
  for (double& v : z) v -= std::log(sum);
  return z;
}

}  // namespace

TEST_CASE("diagonal_fisher: is the mean square of the derivatives of log p at labels drawn from p", "[train]") {
  const auto& features = std::get<std::vector<double>>(data().features());
  std::vector<double> theta = state().parameters, expected(theta.size());
  for (std::size_t n = 0; n < 101; ++n) {
    const std::span<const double> x(&features[2 * n], 2);
    const auto log_p = log_probabilities(theta, x);
    const double u = lmc::uniform({.seed = 8, .purpose = lmc::Purpose::model_label}, n);
    const std::size_t label = u < std::exp(log_p[0]) ? 0 : u < std::exp(log_p[0]) + std::exp(log_p[1]) ? 1 : 2;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      const double value = theta[i], h = 6e-6;
      theta[i] = value + h;
      const double above = log_probabilities(theta, x)[label];
      theta[i] = value - h;
      const double slope = (above - log_probabilities(theta, x)[label]) / (2 * h);
      theta[i] = value;
      expected[i] += slope * slope / 101;
    }
  }
  const auto fisher = lmc::diagonal_fisher(net(), state(), data(), {.seed = 8});
  REQUIRE(fisher.size() == 39);
  for (std::size_t i = 0; i < fisher.size(); ++i) CHECK_THAT(fisher[i], WithinAbs(expected[i], 1e-9));
  CHECK(lmc::diagonal_fisher(net(), state(), data(), {.seed = 9}) != fisher);
}

TEST_CASE("diagonal_fisher: many seeds have the expectation over labels as their mean", "[train]") {
  // For the readout's biases it is known: ∂ log p_y / ∂b_k = [y = k] − p_k, whose mean square is p_k (1 − p_k).
  const auto& features = std::get<std::vector<double>>(data().features());
  std::array<double, 3> exact{}, mean{};
  for (std::size_t n = 0; n < 101; ++n) {
    const auto log_p = log_probabilities(state().parameters, std::span(&features[2 * n], 2));
    for (std::size_t k = 0; k < 3; ++k) exact[k] += std::exp(log_p[k]) * (1 - std::exp(log_p[k])) / 101;
  }
  constexpr int seeds = 200;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto fisher = lmc::diagonal_fisher(net(), state(), data(), {.seed = static_cast<std::uint64_t>(seed)});
    for (std::size_t k = 0; k < 3; ++k) mean[k] += fisher[36 + k] / seeds;
  }
  // A label's square is within [0, 1]: its deviation is below ½, and there are 20200. Four standard errors.
  for (std::size_t k = 0; k < 3; ++k) CHECK_THAT(mean[k], WithinAbs(exact[k], 4 * 0.5 / std::sqrt(101.0 * seeds)));
}

TEST_CASE("diagonal_fisher: the bits do not depend on the team", "[train][determinism]") {
  const auto serial = lmc::diagonal_fisher(net(), state(), data(), {.seed = 1}, ThreadTeam(1));
  for (const int threads : {2, 3, 16})
    CHECK(lmc::diagonal_fisher(net(), state(), data(), {.seed = 1}, ThreadTeam(threads)) == serial);
}

TEST_CASE("class_at: gives each class its probability's share of [0, 1)", "[train]") {
  const std::vector<float> logits{std::log(0.5F), std::log(0.25F), std::log(0.25F)};
  const auto at = [&](double u) { return lmc::detail::class_at<float>(logits, u); };
  CHECK(at(0) == 0);
  CHECK(at(0.499) == 0);
  CHECK(at(0.501) == 1);
  CHECK(at(0.749) == 1);
  CHECK(at(0.751) == 2);
  CHECK(at(1 - 0x1p-53) == 2);
  // Diverged or infinite logits: some class.
  const std::vector<float> wild{NAN, 1, 2}, certain{-INFINITY, 1000, -1000};
  CHECK(lmc::detail::class_at<float>(wild, 0.5) < 3);
  for (const double u : {0.0, 0.5, 0.999}) CHECK(lmc::detail::class_at<float>(certain, u) == 1);
}

TEST_CASE("gradient_magnitude: is the absolute gradient of the mean loss", "[train]") {
  const auto gradient = lmc::mean_gradient(net(), state(), data()).gradient;
  const auto magnitude = lmc::gradient_magnitude(net(), state(), data());
  int negative = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    CHECK(magnitude[i] == std::abs(gradient[i]));
    negative += gradient[i] < 0 ? 1 : 0;
  }
  CHECK(negative > 5);
}

TEST_CASE("second_moment: is the corrected mean of squared gradients that Adam keeps", "[train]") {
  // With one batch for all and a learning rate of 0 every gradient is the same, and so is its square's mean.
  const lmc::OptimizerOptions method = GENERATE(lmc::OptimizerOptions(lmc::AdamOptions{.learning_rate = 0}),
                                                lmc::OptimizerOptions(lmc::AdamWOptions{.learning_rate = 0, .beta2 = 0.9}));
  const auto run = lmc::train(net(), data(), state(), {.epochs = 4, .batch_size = 101, .optimizer = method}, {});
  const auto gradient = lmc::mean_gradient(net(), state(), data()).gradient;
  const auto moment = lmc::second_moment(*run.optimizer);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    CHECK_THAT(moment[i], WithinRel(gradient[i] * gradient[i], 1e-9) || WithinAbs(0, 1e-30));
}

TEST_CASE("importance: refuses optimizers without a second moment, and what does not fit", "[train][errors]") {
  CHECK_THROWS_WITH(
      lmc::second_moment(lmc::Optimizer<float>(lmc::SgdOptions(), net().layout())),
      "second_moment: the optimizer is sgd, which keeps none for every parameter; expected adam, adamw or layerwise-adam");
  CHECK_THROWS_WITH(lmc::second_moment(lmc::Optimizer<float>(lmc::AdamOptions(), net().layout())),
                    Catch::Contains("has made no update"));
  CHECK_THROWS_WITH(lmc::diagonal_fisher(net(), {}, data()), Catch::Contains("diagonal_fisher: the state has 0 parameters"));
  const auto other = lmc::spirals<double>({.examples = 10, .classes = 4});
  CHECK_THROWS_WITH(lmc::diagonal_fisher(net(), state(), other), Catch::Contains("3 outputs, but the data set 4 classes"));
}

}  // namespace measure_importance_test
