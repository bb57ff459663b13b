// SPDX-License-Identifier: BSD-3-Clause
// Training and measuring with numbers as targets, with both kinds of targets, and with other losses than cross-entropy.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <sstream>
#include <string_view>
#include <variant>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/core/error.hpp>
#include <lmc/data/dataset.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/recipes.hpp>
#include <lmc/layers/sequential.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/gradient.hpp>
#include <lmc/measure/importance.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/measure/robustness.hpp>
#include <lmc/measure/sweep.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/train/lockstep.hpp>
#include <lmc/train/train.hpp>

namespace train_regression_test {

using Catch::Matchers::Contains;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

// Two targets of three inputs: y = (x₀ x₁, sin(2 x₂)).
lmc::DatasetParts<double> parts(Index n) {
  lmc::DatasetParts<double> all{.shape = 3, .classes = 0, .labels = {}, .features = {}};
  std::vector<double> x;
  for (Index i = 0; i < 3 * n; ++i) x.push_back(static_cast<double>((7919 * i) % 2003 - 1001) / 1001);
  for (std::size_t i = 0; i < x.size(); i += 3) {
    all.targets.push_back(x[i] * x[i + 1]);
    all.targets.push_back(std::sin(2 * x[i + 2]));
  }
  all.features = x;
  return all;
}
const lmc::Dataset<double>& data() {
  static const lmc::Dataset<double> numbers(parts(300));
  return numbers;
}
const lmc::Network<double>& net() {
  static const auto network = lmc::mlp<double>({.inputs = 3, .hidden = {32}, .outputs = 2});
  return network;
}
lmc::ModelState<double> start() { return net().initialize({.seed = 3}); }
lmc::TrainOptions<double> options(Index epochs) {
  return {.epochs = epochs, .batch_size = 50, .loss = lmc::SquaredError(), .optimizer = lmc::SgdOptions{.learning_rate = 0.1}};
}

// Σ_n Σ_j (z − t)² / 2N by hand.
double mean_square(const lmc::ModelState<double>& state) {
  const auto& theta = state.parameters;
  const auto& l = net().layout();
  const auto at = [&](std::string_view name) { return theta.data() + l.at(name).offset; };
  const double *w1 = at("dense1/weight"), *b1 = at("dense1/bias"), *w2 = at("dense2/weight"), *b2 = at("dense2/bias");
  const auto& x = std::get<std::vector<double>>(data().features());
  double sum = 0;
  for (std::size_t n = 0; n < 300; ++n)
    for (std::size_t j = 0; j < 2; ++j) {
      double z = b2[j];
      for (std::size_t h = 0; h < 32; ++h) {
        double a = b1[h];
        for (std::size_t k = 0; k < 3; ++k) a += w1[3 * h + k] * x[3 * n + k];
        z += w2[32 * j + h] * std::max(0.0, a);
      }
      const double d = z - data().targets()[2 * n + j];
      sum += d * d;
    }
  return sum / 600;
}

// Diverges on purpose: NaN once the outputs are large.
struct Fragile {
  static constexpr std::string_view kind = "fragile";
  static constexpr lmc::TargetKind targets = lmc::TargetKind::either;
  template <class Scalar>
  double operator()(std::span<const Scalar> z, const lmc::Target<Scalar>&, std::span<Scalar> dz) const {
    for (Scalar& d : dz) d = -1;  // pushes all outputs up
    return z[0] > 1 ? std::numeric_limits<double>::quiet_NaN() : -static_cast<double>(z[0] + z[1]);
  }
};

// Is finite, whatever the outputs are.
struct Hiding {
  static constexpr std::string_view kind = "hiding";
  static constexpr lmc::TargetKind targets = lmc::TargetKind::either;
  template <class Scalar>
  double operator()(std::span<const Scalar> z, const lmc::Target<Scalar>&, std::span<Scalar> dz) const {
    for (std::size_t j = 0; j < z.size(); ++j) dz[j] = z[j] > 0 ? Scalar(1) : Scalar(0);
    return std::max(0.0, static_cast<double>(z[0]));
  }
};
struct Infinite {
  static constexpr std::string_view kind = "infinite";
  static constexpr lmc::TargetKind targets = lmc::TargetKind::either;
  template <class Scalar>
  double operator()(std::span<const Scalar>, const lmc::Target<Scalar>&, std::span<Scalar> dz) const {
    std::ranges::fill(dz, Scalar(0));
    return std::numeric_limits<double>::infinity();
  }
};

struct Numbers : Fragile {
  static constexpr lmc::TargetKind targets = lmc::TargetKind::values;
};

}  // namespace

TEST_CASE("evaluate: with squared error, is the mean square of the differences, and has no error", "[train]") {
  const auto metrics = lmc::evaluate(net(), start(), data(), ThreadTeam(), lmc::SquaredError());
  CHECK(std::abs(metrics.loss / mean_square(start()) - 1) < 1e-13);
  CHECK_FALSE(metrics.error);
  CHECK(metrics.wrong.empty());
  CHECK(metrics.count == 300);
  CHECK(metrics.loss_name == "squared-error");
  for (const int threads : {1, 3})
    CHECK(lmc::evaluate(net(), start(), data(), ThreadTeam(threads), lmc::SquaredError()) == metrics);
}

TEST_CASE("mean_gradient: with squared error, is the derivative of the mean square", "[train]") {
  const auto exact = lmc::mean_gradient(net(), start(), data(), ThreadTeam(), lmc::SquaredError());
  CHECK(std::abs(exact.loss / mean_square(start()) - 1) < 1e-13);
  for (const std::size_t i : {0U, 50U, 97U, 130U, 160U, 193U}) {
    auto up = start(), down = start();
    const double h = 1e-6;
    up.parameters[i] += h;
    down.parameters[i] -= h;
    CHECK(std::abs(exact.gradient[i] - (mean_square(up) - mean_square(down)) / (2 * h)) < 1e-8);
  }
  CHECK(lmc::gradient_magnitude(net(), start(), data(), ThreadTeam(), lmc::SquaredError())[7] == std::abs(exact.gradient[7]));
}

TEST_CASE("train: follows the gradient of squared error, and fits the numbers", "[train]") {
  // One update on all examples at once: θ − r ∂L/∂θ.
  auto once = options(1);
  once.batch_size = 300;
  const auto gradient = lmc::mean_gradient(net(), start(), data(), ThreadTeam(), lmc::SquaredError()).gradient;
  const auto moved = lmc::train(net(), data(), start(), once, {}).state.parameters;
  for (std::size_t i = 0; i < moved.size(); ++i)
    CHECK(std::abs(moved[i] - (start().parameters[i] - 0.1 * gradient[i])) < 1e-14);

  const auto run = lmc::train(net(), data(), start(), options(300), {.order = 1});
  CHECK(mean_square(run.state) < 0.1 * mean_square(start()));
}

TEST_CASE("linear_path: between regressions there is a loss barrier, and no error barrier", "[train]") {
  const auto [a, b] = lmc::train_pair(net(), data(), start(), options(40), {.order = 1}, {.order = 2});
  const auto evaluate = lmc::evaluator(net(), data(), ThreadTeam(), lmc::SquaredError());
  const auto curve = lmc::linear_path(a, b, evaluate, {.alphas = 5});
  CHECK(curve.points[0].metrics == lmc::evaluate(net(), a.state, data(), ThreadTeam(), lmc::SquaredError()));
  CHECK(std::isfinite(lmc::loss_barrier(curve).value));
  CHECK_THROWS_WITH(lmc::error_barrier(curve), Contains("the curve has no error"));
  // In the middle, as measured alone.
  lmc::ModelState<double> middle = a.state;
  for (std::size_t i = 0; i < middle.parameters.size(); ++i)
    middle.parameters[i] = 0.5 * a.state.parameters[i] + 0.5 * b.state.parameters[i];
  CHECK(std::abs(curve.points[2].metrics.loss / mean_square(middle) - 1) < 1e-12);
}

TEST_CASE("evaluate: with labels, every loss has an error beside it", "[train]") {
  const auto spirals = lmc::spirals<double>({.examples = 200, .classes = 3, .seed = 1});
  const auto network = lmc::mlp<double>({.inputs = 2, .hidden = {24}, .outputs = 3});
  const auto state = network.initialize({.seed = 1});
  const auto usual = lmc::evaluate(network, state, spirals),
             square = lmc::evaluate(network, state, spirals, ThreadTeam(), lmc::SquaredError());
  CHECK(usual.loss_name == "cross-entropy");
  CHECK(square.wrong == usual.wrong);
  CHECK(square.error == usual.error);
  CHECK(square.loss != usual.loss);
  const auto run = lmc::train(network, spirals, state, {.epochs = 200, .batch_size = 20, .loss = lmc::SquaredError()}, {});
  CHECK(*lmc::evaluate(network, run.state, spirals).error < 0.5 * *usual.error);

  // Smoothing changes the loss alone; so does it under noise and attack.
  const lmc::CrossEntropy smooth{.label_smoothing = 0.2};
  const auto smoothed = lmc::evaluate(network, state, spirals, ThreadTeam(), smooth);
  CHECK(smoothed.wrong == usual.wrong);
  CHECK(smoothed.loss_name == "cross-entropy(label_smoothing = 0.2)");
  CHECK(lmc::evaluate_under_noise(network, state, spirals, {.standard_deviation = 0}, ThreadTeam(), smooth) == smoothed);
  CHECK(lmc::evaluate_under_fgsm(network, state, spirals, {.epsilon = 0}, ThreadTeam(), smooth) == smoothed);
  CHECK(lmc::evaluate_under_fgsm(network, state, spirals, {.epsilon = 0.1}, ThreadTeam(), smooth).loss > smoothed.loss);
}

TEST_CASE("Dataset: labels and numbers beside each other are kept together", "[train]") {
  auto both = parts(300);
  both.classes = 2;
  for (std::size_t i = 0; i < 300; ++i) both.labels.push_back(both.targets[2 * i] > 0 ? 1 : 0);
  const lmc::Dataset<double> beside(both);
  CHECK(beside.classes() == 2);
  CHECK(beside.target_size() == 2);
  const auto of_numbers = lmc::evaluate(net(), start(), beside, ThreadTeam(), lmc::SquaredError());
  CHECK(of_numbers.loss == lmc::evaluate(net(), start(), data(), ThreadTeam(), lmc::SquaredError()).loss);
  CHECK(of_numbers.error);  // by the labels
  CHECK(of_numbers.wrong == lmc::evaluate(net(), start(), beside).wrong);

  auto noisy = options(1);
  noisy.label_noise = 0.1;
  CHECK_THROWS_WITH(lmc::train(net(), beside, start(), noisy, {}), Contains("label_noise = 0.1 changes labels, but the loss"));
  noisy.loss = lmc::CrossEntropy();
  CHECK(lmc::train(net(), beside, start(), noisy, {}).steps > 0);

  std::vector<Index> some{7, 3, 299};
  const auto few = beside.subset(some);
  CHECK(few.targets()[1] == both.targets[15]);
  CHECK(few.targets()[4] == both.targets[598]);
  CHECK(few.labels()[2] == both.labels[299]);
  CHECK(beside.with_labels(std::vector<std::int32_t>(300, 0), 2).targets()[9] == both.targets[9]);
}

TEST_CASE("train: a loss of one's own that becomes NaN ends the run with its step", "[train]") {
  auto o = options(10);
  o.loss = Fragile();
  o.optimizer = lmc::SgdOptions{.learning_rate = 0.05};
  const auto run = lmc::train(net(), data(), start(), o, {.order = 1});
  REQUIRE(run.diverged_at);
  CHECK(*run.diverged_at > 1);
  CHECK(run.steps == *run.diverged_at - 1);
  CHECK(std::isfinite(run.state.parameters[0]));
}

TEST_CASE("train: parameters that a loss hides to be NaN end the run where they became it", "[train]") {
  auto o = options(3);
  o.loss = Hiding();
  o.gradient_hooks.push_back([](const lmc::GradientEvent<double>& e) {
    if (e.step == 7) e.gradient[0] = std::numeric_limits<double>::quiet_NaN();
  });
  const auto run = lmc::train(net(), data(), start(), o, {.order = 1});
  CHECK(run.diverged_at == 8);
  CHECK(run.steps == 7);
  o.until = 7;
  CHECK(run.state == lmc::train(net(), data(), start(), o, {.order = 1}).state);
  o.until = {};
  const std::array seeds{lmc::NoiseSeeds{.order = 1}, lmc::NoiseSeeds{.order = 2}};
  o.gradient_hooks.push_back([](const lmc::GradientEvent<double>& e) {
    if (e.run == 1 && e.step == 4) e.gradient[3] = std::numeric_limits<double>::quiet_NaN();
  });
  const auto pair = lmc::train_lockstep<double>(net(), data(), start(), o, seeds, [](const lmc::LockstepEvent<double>&) {});
  CHECK(pair[1].diverged_at == 5);
  CHECK_FALSE(pair[0].diverged_at);
  CHECK(pair[0].steps == 4);
  CHECK(pair[0].stopped);
}

TEST_CASE("train: a divergence at the first update leaves the start, its running statistics, too", "[train]") {
  const auto network = lmc::sequential<double>(3, {lmc::dense(8), lmc::batch_norm(), lmc::relu(), lmc::dense(2)});
  const auto begin = network.initialize({.seed = 1});
  auto o = options(1);
  o.loss = Infinite();
  const auto run = lmc::train(network, data(), begin, o, {});
  CHECK(run.diverged_at == 0);
  CHECK(run.state == begin);
  const std::array seeds{lmc::NoiseSeeds{.order = 1}, lmc::NoiseSeeds{.order = 2}};
  for (const auto& both :
       lmc::train_lockstep<double>(network, data(), begin, o, seeds, [](const lmc::LockstepEvent<double>&) {}))
    CHECK(both.state == begin);
}

TEST_CASE("barrier_matrix: of regressions, a run that diverged is not judged", "[train]") {
  auto bad = options(2);
  bad.optimizer = lmc::SgdOptions{.learning_rate = 1e9};
  const std::vector<lmc::Run<double>> runs{lmc::train(net(), data(), start(), options(2), {.order = 1}),
                                           lmc::train(net(), data(), start(), bad, {.order = 2})};
  REQUIRE(runs[1].diverged_at);
  std::ostringstream out;
  out << lmc::barrier_matrix(runs, lmc::evaluator(net(), data(), ThreadTeam(), lmc::SquaredError()), {.alphas = 3});
  CHECK_THAT(out.str(), Contains("diverged"));
}

TEST_CASE("step: with a loss that the data have no targets for, is an error", "[train]") {
  auto state = start();
  lmc::StepMemory<double> memory(net(), 10);
  lmc::Optimizer<double> optimizer(lmc::SgdOptions(), net().layout());
  const std::vector<Index> some{0, 1, 2};
  CHECK_THROWS_WITH(lmc::step<double>(net(), data(), some, state, optimizer, 1, memory), Contains("needs labels"));
  CHECK(state == start());
}

TEST_CASE("train: targets of another kind than the loss needs are refused before training", "[train]") {
  auto o = options(1);
  o.loss = lmc::CrossEntropy();
  CHECK_THROWS_WITH(
      lmc::train(net(), data(), start(), o, {}),
      Contains("the loss cross-entropy needs labels, but the data set has only numbers as targets; use another loss"));
  CHECK_THROWS_WITH(lmc::evaluator(net(), data()), Contains("needs labels"));
  CHECK_THROWS_WITH(lmc::evaluate(net(), start(), data()), Contains("needs labels"));
  CHECK_THROWS_WITH(lmc::mean_gradient(net(), start(), data()), Contains("needs labels"));
  CHECK_THROWS_WITH(lmc::diagonal_fisher(net(), start(), data()), Contains("the data set has no classes"));
  const std::vector<lmc::SweepSetting<double>> settings{{"one", options(1)}};
  CHECK_THROWS_WITH(lmc::sweep(net(), data(), data(), settings), Contains("sweep: the data set has only numbers as targets"));

  const auto spirals = lmc::spirals<double>({.examples = 20, .classes = 3, .seed = 1});
  const auto network = lmc::mlp<double>({.inputs = 2, .hidden = {4}, .outputs = 3});
  CHECK_THROWS_WITH(lmc::evaluator(network, spirals, ThreadTeam(), Numbers()), Contains("fragile needs numbers as targets"));
  const auto wide = lmc::mlp<double>({.inputs = 3, .hidden = {4}, .outputs = 3});
  CHECK_THROWS_WITH(lmc::evaluator(wide, data(), ThreadTeam(), lmc::SquaredError()),
                    Contains("the network has 3 outputs, but an example 2 numbers as targets"));
  o = options(1);
  o.label_noise = 0.1;
  CHECK_THROWS_WITH(lmc::train(net(), data(), start(), o, {}),
                    Contains("train: label_noise = 0.1 changes labels, but the loss"));
}

}  // namespace train_regression_test
