// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/data/synthetic.hpp>
#include <lmc/layers/mlp.hpp>
#include <lmc/train/evaluator.hpp>
#include <lmc/train/train.hpp>
#include <span>
#include <vector>

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
