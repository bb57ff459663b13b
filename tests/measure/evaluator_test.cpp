// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/exact/refine.hpp>
#include <lmc/connectivity/statistics/decide.hpp>
#include <lmc/core/random.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/layers/batch_norm.hpp>
#include <lmc/layers/dense.hpp>
#include <lmc/layers/network.hpp>
#include <lmc/layers/relu.hpp>
#include <lmc/loss/squared_error.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/models/cnn.hpp>
#include <lmc/models/mlp.hpp>
#include <lmc/simd/lerp.hpp>
#include <lmc/train/train.hpp>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace measure_evaluator_test {

using Catch::Matchers::WithinAbs;
using lmc::Index;
using lmc::ThreadTeam;

namespace {

// More than two chunks, the last one short.
const lmc::Dataset<float>& data() {
  static const auto mixture = lmc::gaussian_mixture<float>({.examples = 701, .classes = 3, .dimension = 4, .separation = 2.5});
  return mixture;
}
const lmc::Network<float>& net() {
  static const auto network = lmc::mlp<float>({.inputs = 4, .hidden = {19}, .outputs = 3});
  return network;
}
std::vector<float> theta(std::uint64_t seed) { return net().initialize({.seed = seed}).parameters; }

// With running statistics.
lmc::Network<float> normalized_mlp(const std::vector<Index>& hidden) {
  std::vector<lmc::AnyLayer<float>> layers;
  Index in = 4;
  for (const Index units : hidden) {
    layers.push_back(lmc::Dense<float>({.inputs = in, .outputs = units}));
    layers.push_back(lmc::BatchNorm<float>({.inputs = units}));
    layers.push_back(lmc::Relu<float>());
    in = units;
  }
  layers.push_back(lmc::Dense<float>({.inputs = in, .outputs = 3}));
  return lmc::Network<float>(layers);
}
const lmc::Network<float>& normalized() {
  static const auto network = normalized_mlp({19, 8});
  return network;
}

template <class... Arguments>
concept GivesEvaluator = requires(Arguments&&... arguments) { lmc::evaluator(std::forward<Arguments>(arguments)...); };
using Net = lmc::Network<float>;
using Data = lmc::Dataset<float>;
static_assert(GivesEvaluator<Net&, Data&> && GivesEvaluator<const Net&, const Data&, ThreadTeam>);
static_assert(GivesEvaluator<const Net&, Data&, const Data&> && GivesEvaluator<Net&, Data&, Data&, ThreadTeam>);
// What is gone is refused: tests/packaging/compile_errors/temporaries.cpp says how.
using lmc::detail::HasTemporary;
static_assert(!HasTemporary<Net&, const Data&, ThreadTeam> && !HasTemporary<const Net&, Data&, Data&, ThreadTeam>);
static_assert(HasTemporary<Net, Data&> && HasTemporary<Net&, Data> && HasTemporary<const Net, const Data, ThreadTeam>);
static_assert(HasTemporary<Net&, Data&, Data> && HasTemporary<Net&, const Data, Data&, ThreadTeam>);

}  // namespace

TEST_CASE("evaluator: is the mean over examples that a plain loop gives", "[train][connectivity]") {
  const auto t = theta(1);
  double loss = 0;
  Index wrong = 0;
  std::vector<bool> outcome;
  for (Index i = 0; i < data().size(); ++i) {
    std::vector<float> x(4);
    std::vector<std::int32_t> y(1);
    data().gather_range(i, lmc::matrix_view(std::span(x), 1, 4), y);
    std::vector<double> hidden(19), z(3);
    for (std::size_t h = 0; h < 19; ++h) {
      hidden[h] = double{t[76 + h]};
      for (std::size_t j = 0; j < 4; ++j) hidden[h] += double{t[4 * h + j]} * double{x[j]};
      hidden[h] = std::max(0.0, hidden[h]);
    }
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      z[c] = double{t[95 + 57 + c]};
      for (std::size_t h = 0; h < 19; ++h) z[c] += double{t[95 + 19 * c + h]} * hidden[h];
      sum += std::exp(z[c]);
    }
    const auto label = static_cast<std::size_t>(y[0]);
    loss += std::log(sum) - z[label];
    outcome.push_back(std::max_element(z.begin(), z.end()) - z.begin() != y[0]);
    wrong += outcome.back() ? 1 : 0;
  }
  const lmc::Metrics m = lmc::evaluator(net(), data())(t);
  CHECK_THAT(m.loss, WithinAbs(loss / 701, 1e-6));  // logits in float
  CHECK(m.error == static_cast<double>(wrong) / 701);
  CHECK(m.count == 701);
  CHECK(m.wrong == outcome);
}

TEST_CASE("evaluator: the bits do not depend on threads, nor on whether a θ is on a path", "[train][determinism]") {
  const auto a = theta(1), b = theta(2);
  const auto one = lmc::evaluator(net(), data(), ThreadTeam(1));
  const lmc::Curve serial = lmc::linear_path(a, b, one, {.alphas = 6});
  CHECK(serial.points.front().metrics == one(a));
  CHECK(serial.points.back().metrics == one(b));
  REQUIRE(serial.midpoint);
  for (const int threads : {2, 3, 16}) {
    const auto many = lmc::evaluator(net(), data(), ThreadTeam(threads));
    CHECK(lmc::linear_path(a, b, many, {.alphas = 6}) == serial);
    CHECK(many(a) == one(a));
  }
  // What a plain callable gets from linear_path is the same line, up to the rounding of one fused multiply-add.
  const lmc::Curve plain = lmc::linear_path(a, b, [&](std::span<const float> t) { return one(t); }, {.alphas = 6});
  for (std::size_t i = 0; i < 6; ++i) CHECK_THAT(plain.points[i].metrics.loss, WithinAbs(serial.points[i].metrics.loss, 1e-6));
}

TEST_CASE("evaluator: swapping the ends mirrors the curve to the bit, equal ends give a barrier of 0", "[train][determinism]") {
  const auto a = theta(1), b = theta(2);
  const auto evaluate = lmc::evaluator(net(), data());
  const lmc::Curve there = lmc::linear_path(a, b, evaluate, {.alphas = 12}),
                   back = lmc::linear_path(b, a, evaluate, {.alphas = 12});
  for (std::size_t i = 0; i < 12; ++i) CHECK(there.points[i].metrics == back.points[11 - i].metrics);
  CHECK(there.midpoint == back.midpoint);
  CHECK(lmc::error_barrier(there).value == lmc::error_barrier(back).value);
  const lmc::Curve flat = lmc::linear_path(a, a, evaluate, {.alphas = 12});
  CHECK(lmc::error_barrier(flat).value == 0);
  CHECK(lmc::loss_barrier(flat).value == 0);
  CHECK(lmc::instability(flat) == 0);
}

TEST_CASE("logistic regression: the loss is convex along the line, so that its barrier is rounding", "[train][connectivity]") {
  const auto logistic = lmc::logistic_regression<float>({.inputs = 4, .outputs = 3});
  const auto start = logistic.initialize({.seed = 1});
  const auto [a, b] = lmc::train_pair(logistic, data(), start, {.epochs = 3, .batch_size = 16}, {.order = 1}, {.order = 2});
  const lmc::Curve curve = lmc::linear_path(a, b, lmc::evaluator(logistic, data()), {.alphas = 25});
  CHECK(lmc::loss_barrier(curve).value <= 1e-6);
  CHECK(curve.points[12].metrics.loss < (curve.points[0].metrics.loss + curve.points[24].metrics.loss) / 2);
}

TEST_CASE("evaluator: refuses what does not fit", "[train][errors]") {
  const auto other = lmc::spirals<float>({.examples = 10});
  CHECK_THROWS_WITH(lmc::evaluator(net(), other), Catch::Contains("takes examples of shape [4]"));
  const auto evaluate = lmc::evaluator(net(), data());
  const std::vector<float> too_short(5);
  CHECK_THROWS_WITH(evaluate(too_short), "evaluator: θ has 5 entries; the network has 155 parameters");
}

TEST_CASE("evaluator: estimates running statistics anew for every θ, the ends included", "[train][connectivity]") {
  const auto train = lmc::gaussian_mixture<float>({.examples = 500, .classes = 3, .dimension = 4, .separation = 2.5});
  const auto a = normalized().initialize({.seed = 1}).parameters, b = normalized().initialize({.seed = 2}).parameters;
  const auto one = lmc::evaluator(normalized(), data(), train, ThreadTeam(1), {.batch_size = 64});
  const lmc::Curve serial = lmc::linear_path(a, b, one, {.alphas = 5, .endpoint_tolerance = 0});
  CHECK(serial.points.front().metrics == one(a));
  for (const int threads : {2, 3, 16}) {
    const auto many = lmc::evaluator(normalized(), data(), train, ThreadTeam(threads), {.batch_size = 64});
    CHECK(lmc::linear_path(a, b, many, {.alphas = 5, .endpoint_tolerance = 0}) == serial);
  }
  // Each point is the network with the buffers that belong to its θ.
  for (const lmc::CurvePoint& point : serial.points) {
    std::vector<float> t(a.size());
    lmc::simd::lerp<float>(a, b, point.alpha, point.alpha_bar, t);
    const auto buffers = lmc::calibrate_buffers(normalized(), t, train, ThreadTeam(2), {.batch_size = 64});
    CHECK(point.metrics == lmc::evaluate(normalized(), {t, buffers}, data()));
  }
  const lmc::Curve back = lmc::linear_path(b, a, one, {.alphas = 5});
  for (std::size_t i = 0; i < 5; ++i) CHECK(serial.points[i].metrics == back.points[4 - i].metrics);
  // Batches may be larger than the chunks of the data, or than all of it.
  for (const Index batch : {450, 4000}) {
    const auto large = lmc::evaluator(normalized(), data(), train, ThreadTeam(2), {.batch_size = batch});
    const auto buffers = lmc::calibrate_buffers(normalized(), a, train, ThreadTeam(1), {.batch_size = batch});
    CHECK(large(a) == lmc::evaluate(normalized(), {a, buffers}, data()));
    CHECK(lmc::linear_path(a, b, large, {.alphas = 3}).points.front().metrics == large(a));
  }
}

TEST_CASE("evaluator: ignores the training data where there is nothing to estimate", "[train]") {
  const auto t = theta(1);
  CHECK(lmc::evaluator(net(), data(), data())(t) == lmc::evaluator(net(), data())(t));
}

TEST_CASE("evaluator: weights before a normalization can be scaled without a change", "[train][connectivity]") {
  const auto a = normalized().initialize({.seed = 1}).parameters;
  auto scaled = a;
  const auto& weight = normalized().layout().at("dense1/weight");
  const auto& bias = normalized().layout().at("dense1/bias");
  for (Index i = weight.offset; i < bias.offset + bias.size(); ++i) scaled[static_cast<std::size_t>(i)] *= 8;
  const auto evaluate = lmc::evaluator(normalized(), data(), data());
  // Not to the bit: ε is added to a variance of order 1, or 64.
  CHECK_THAT(evaluate(scaled).loss, WithinAbs(evaluate(a).loss, 1e-4));
  // With the statistics of before, it is another network.
  const auto before = lmc::calibrate_buffers(normalized(), a, data());
  CHECK(std::abs(lmc::evaluate(normalized(), {scaled, before}, data()).loss - evaluate(a).loss) > 0.1);
}

TEST_CASE("evaluator: between two networks, statistics in between are worse than those of the network",
          "[train][connectivity][long]") {
  // As in REPAIR (arXiv:2211.08403): averaged weights give activations that vary less than the average of the variances says,
  // layer after layer.
  const auto deep = normalized_mlp({128, 128, 128, 128});
  const lmc::TrainOptions<float> options{.epochs = 6, .batch_size = 32, .optimizer = lmc::SgdOptions{.learning_rate = 0.1}};
  const auto a = lmc::train(deep, data(), deep.initialize({.seed = 1}), options, {.order = 1}).state;
  const auto b = lmc::train(deep, data(), deep.initialize({.seed = 2}), options, {.order = 2}).state;
  lmc::ModelState<float> middle{std::vector<float>(a.parameters.size()), std::vector<float>(a.buffers.size())};
  lmc::simd::lerp<float>(a.parameters, b.parameters, 0.5, 0.5, middle.parameters);
  lmc::simd::lerp<float>(a.buffers, b.buffers, 0.5, 0.5, middle.buffers);
  const auto evaluate = lmc::evaluator(deep, data(), data());
  const lmc::Metrics estimated = evaluate(middle.parameters), forgotten = lmc::evaluate(deep, middle, data());
  CAPTURE(estimated.loss, forgotten.loss);
  CHECK(estimated.loss < forgotten.loss - 0.1);                    // 0.79 and 1.05 here
  CHECK(estimated.error.value() < forgotten.error.value() - 0.1);  // 0.31 and 0.51
  // At the ends, which have 0.51, stored and estimated statistics nearly agree.
  CHECK_THAT(lmc::evaluate(deep, a, data()).loss, WithinAbs(evaluate(a.parameters).loss, 0.02));
}

TEST_CASE("evaluate: measures a state as it is, with any number of threads", "[train][determinism]") {
  const auto state = net().initialize({.seed = 3});
  CHECK(lmc::evaluate(net(), state, data()) == lmc::evaluator(net(), data())(state.parameters));
  auto with_buffers = normalized().initialize({.seed = 3});
  for (std::size_t i = 0; i < with_buffers.buffers.size(); ++i) with_buffers.buffers[i] = 1 + 0.1F * static_cast<float>(i % 7);
  const auto before = with_buffers;
  const auto serial = lmc::evaluate(normalized(), with_buffers, data(), ThreadTeam(1));
  CHECK(lmc::evaluate(normalized(), with_buffers, data(), ThreadTeam(3)) == serial);
  CHECK(with_buffers == before);
  CHECK(serial != lmc::evaluate(normalized(), normalized().initialize({.seed = 3}), data()));
}

TEST_CASE("evaluator: refuses running statistics without training data, evaluate a state that does not fit",
          "[train][errors]") {
  CHECK_THROWS_WITH(
      lmc::evaluator(normalized(), data()),
      "evaluator: the network has buffers (54 values, the first in 'batch_norm1/mean'), which belong to one θ and "
      "are estimated anew for every other; say from which data: evaluator(network, data, training_data)");
  const auto other = lmc::spirals<float>({.examples = 10});
  CHECK_THROWS_WITH(lmc::evaluator(normalized(), data(), other), Catch::Contains("takes examples of shape [4]"));
  auto state = normalized().initialize({.seed = 1});
  state.buffers.pop_back();
  CHECK_THROWS_WITH(lmc::evaluate(normalized(), state, data()),
                    "evaluate: the state has 336 parameters and 53 buffer values; the network has 336 and 54");
}

TEST_CASE("evaluator: a chunk with large activations goes through in parts, and misses no example", "[train]") {
  const auto points = lmc::spirals<double>({.examples = 600, .classes = 3, .seed = 4});
  const auto wide = lmc::mlp<double>({.inputs = 2, .hidden = {3000}, .outputs = 3});
  REQUIRE(lmc::detail::cached_part(wide, 256) < 100);
  const auto state = wide.initialize({.seed = 2});
  lmc::BatchMemory<double> whole(wide, 600);
  points.gather_range(0, whole.x(600), whole.labels(600));
  whole.forward(wide, state.parameters, {}, 600, lmc::Mode::evaluation);
  std::vector<std::uint8_t> wrong(600);
  const auto expected = whole.loss(600, {.wrong = wrong});
  const auto metrics = lmc::evaluator(wide, points)(state.parameters);
  CHECK_THAT(metrics.loss, Catch::Matchers::WithinAbs(expected.loss / 600, 1e-12));
  CHECK(metrics.wrong == std::vector<bool>(wrong.begin(), wrong.end()));
}

namespace {

std::vector<float> trained(const lmc::Network<float>& network, const lmc::Dataset<float>& data, std::uint64_t seed) {
  return lmc::train(network, data, network.initialize({.seed = seed}), {.epochs = 2, .batch_size = 16}, {.order = seed})
      .state.parameters;
}

// Whether line_outcomes gives, for examples chosen in any order and number, what the whole curve says of them.
void check_line_outcomes(const lmc::Network<float>& network, const lmc::Dataset<float>& data) {
  const auto a = trained(network, data, 1), b = trained(network, data, 2);
  const auto evaluate = lmc::evaluator(network, data, data, ThreadTeam(2), {.batch_size = 64});
  const lmc::Curve curve = lmc::linear_path(a, b, evaluate, {.alphas = 7});
  const bool changes = curve.points[3].metrics.wrong != curve.points[0].metrics.wrong &&
                       curve.points[3].metrics.wrong != curve.points[6].metrics.wrong;
  REQUIRE(changes);
  CHECK(evaluate.example_count() == data.size());
  const lmc::AlphaGrid grid(7);
  for (const int threads : {1, 3}) {
    const auto other = lmc::evaluator(network, data, data, ThreadTeam(threads), {.batch_size = 64});
    const auto outcomes_of = other.line_outcomes(a, b, grid.points());
    for (const std::size_t count : {1u, 2u, 13u, 300u, 701u}) {
      std::vector<Index> order(701);
      std::iota(order.begin(), order.end(), Index{0});
      lmc::shuffle({.seed = count}, std::span(order));
      const auto chosen = std::span<const Index>(order).first(count);
      const std::vector<std::vector<bool>> wrong = outcomes_of(chosen);
      REQUIRE(wrong.size() == 7);
      int different = 0;
      for (std::size_t k = 0; k < 7; ++k)
        for (std::size_t i = 0; i < count; ++i)
          different += wrong[k].at(i) != curve.points[k].metrics.wrong[static_cast<std::size_t>(chosen[i])];
      CAPTURE(count, threads);
      CHECK(different == 0);
    }
  }
}

}  // namespace

TEST_CASE("evaluator: says of chosen examples what the curve says of them", "[train][connectivity][long]") {
  check_line_outcomes(net(), data());
  check_line_outcomes(lmc::mlp<float>({.inputs = 4, .hidden = {300, 8}, .outputs = 3}), data());
  check_line_outcomes(normalized(), data());  // running statistics are of the training data, not of the chosen examples
  const auto images = lmc::gaussian_mixture<float>({.examples = 701, .classes = 3, .dimension = 48, .separation = 2.5});
  const lmc::CnnOptions cnn{.inputs = {4, 4, 3}, .channels = {5, 6}, .outputs = 3, .padding = {1}};
  check_line_outcomes(lmc::cnn<float>(cnn), images);
  lmc::CnnOptions with_statistics = cnn;
  with_statistics.norm = lmc::Normalization::batch;
  check_line_outcomes(lmc::cnn<float>(with_statistics), images);
}

TEST_CASE("evaluator: decides, with any number of threads, as the whole curve does", "[train][connectivity]") {
  for (const auto* network : {&net(), &normalized()}) {
    const auto a = trained(*network, data(), 1), b = trained(*network, data(), 2);
    const auto evaluate = lmc::evaluator(*network, data(), data(), ThreadTeam(1));
    const lmc::ErrorBarrier barrier = lmc::error_barrier(lmc::linear_path(a, b, evaluate, {.alphas = 11}));
    for (const double threshold : {0.02, 0.3, barrier.value}) {
      const lmc::DecideOptions options{.threshold = threshold, .alphas = 11, .batch = 32};
      const lmc::Decision decision = lmc::decide(a, b, evaluate, options);
      CAPTURE(threshold, barrier.value);
      CHECK(decision.verdict == (barrier.value >= threshold ? lmc::Verdict::broken : lmc::Verdict::connected));
      CHECK(decision.of == 701);
      if (decision.examples == 701) CHECK(decision.barrier == barrier.value);
      const lmc::Decision many = lmc::decide(a, b, lmc::evaluator(*network, data(), data(), ThreadTeam(3)), options);
      CHECK(many.examples == decision.examples);
      CHECK(many.barrier == decision.barrier);
      CHECK(many.interval == decision.interval);
      const lmc::Decision back = lmc::decide(b, a, evaluate, options);
      CHECK(back.verdict == decision.verdict);
      CHECK(back.examples == decision.examples);
      CHECK(back.interval == decision.interval);
    }
  }
}

TEST_CASE("evaluator: refuses to say which examples are wrong where none can be, or is not there", "[train][errors]") {
  const auto a = theta(1), b = theta(2);
  const auto evaluate = lmc::evaluator(net(), data());
  const std::vector<lmc::PathWeights> points = {{0.5, 0.5}};
  const auto outcomes_of = evaluate.line_outcomes(a, b, points);
  for (const Index missing : {Index{-1}, Index{701}})
    CHECK_THROWS_WITH(outcomes_of(std::vector<Index>{3, missing}),
                      "evaluator: there is no example " + std::to_string(missing) + "; expected 0 to 700");
  CHECK_THROWS_WITH(evaluate.line_outcomes(a, std::vector<float>(5), points), Catch::Contains("θ has 5 entries"));
  const lmc::Dataset<float> numbers(
      {.shape = {4}, .labels = {}, .features = std::vector<float>(40), .targets = std::vector<float>(30)});
  const auto regression = lmc::evaluator(net(), numbers, ThreadTeam(), lmc::SquaredError());
  CHECK_THROWS_WITH(lmc::decide(a, b, regression),
                    "evaluator: the data set has no classes, only numbers as targets; expected labels");
  CHECK_THROWS_WITH(lmc::refine(lmc::linear_path(a, b, regression), a, b, regression),
                    Catch::Contains("refine: the curve has no error"));
}

}  // namespace measure_evaluator_test
