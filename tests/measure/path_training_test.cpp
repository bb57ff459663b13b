// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/paths/path_curve.hpp>
#include <lmc/core/error.hpp>
#include <lmc/data/sources/synthetic.hpp>
#include <lmc/measure/evaluator.hpp>
#include <lmc/measure/path_training.hpp>
#include <lmc/measure/paths.hpp>
#include <lmc/models/mlp.hpp>

namespace measure_path_training_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::BentPath;
using lmc::Index;
using lmc::PathKind;
using lmc::SgdOptions;

#include "path_training_reference.inc"

// A valley along the circle around (0, 0.2) through (±1, 0), with a hill of height 1 between these two.
double valley(std::span<const double> p) {
  const double out = p[0] * p[0] + (p[1] - 0.2) * (p[1] - 0.2) - 1.04;
  return out * out;
}
double valley_gradient(std::span<const double> p, std::span<double> gradient, Index) {
  const double out = p[0] * p[0] + (p[1] - 0.2) * (p[1] - 0.2) - 1.04;
  gradient[0] = 4 * out * p[0];
  gradient[1] = 4 * out * (p[1] - 0.2);
  return out * out;
}
lmc::Metrics measure_valley(std::span<const double> p) { return {.loss = valley(p), .error = {}, .count = 1}; }

TEST_CASE("train_path: goes around a hill that the line climbs") {
  const std::vector<double> a{-1, 0}, b{1, 0};
  CHECK_THAT(lmc::loss_barrier(lmc::linear_path(a, b, measure_valley)).value, WithinAbs(1, 1e-12));
  for (const auto& [kind, bends] : {std::pair(PathKind::polychain, Index{3}), std::pair(PathKind::bezier, Index{2})}) {
    const auto trained = lmc::train_path(BentPath<double>::line(kind, a, b, bends), valley_gradient,
                                         {.updates = 4000, .optimizer = SgdOptions{.learning_rate = 0.05}});
    CHECK(lmc::loss_barrier(lmc::path_curve(trained.path, measure_valley)).value < 0.05);
    CHECK(trained.path.points.front() == a);
    CHECK(trained.path.points.back() == b);
    CHECK(trained.losses.size() == 4000);
  }
}

TEST_CASE("train_path: a step follows the derivative by each bend") {
  for (const PathKind kind : {PathKind::polychain, PathKind::bezier}) {
    const BentPath<double> path(kind, {{-1, 0}, {0.3, -0.4}, {0.5, 0.6}, {1, 0.1}});
    for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
      // With a rate of 1, the step is the gradient.
      const auto trained = lmc::train_path(path, valley_gradient,
                                           {.updates = 1, .optimizer = SgdOptions{.learning_rate = 1}, .places = {seed, 0.25}});
      const double t = lmc::uniform({.seed = seed, .purpose = lmc::Purpose::path_place}, 0);
      const auto objective = [&](const BentPath<double>& moved) {
        std::vector<double> theta(2);
        moved.at({t, 1 - t}, theta);
        return valley(theta) + 0.125 * (theta[0] * theta[0] + theta[1] * theta[1]);
      };
      for (std::size_t k = 1; k <= 2; ++k)
        for (std::size_t i = 0; i < 2; ++i) {
          const double h = 1e-6;  // rounding is 1e-10 here, the rest of order h²
          BentPath<double> above = path, below = path;
          above.points[k][i] += h;
          below.points[k][i] -= h;
          CHECK_THAT(path.points[k][i] - trained.path.points[k][i],
                     WithinAbs((objective(above) - objective(below)) / (2 * h), 1e-8));
        }
    }
  }
}

TEST_CASE("train_path: three updates are PyTorch's") {
  const auto net = lmc::mlp<double>({.inputs = 2, .hidden = {4}, .outputs = 3});
  std::vector<double> inputs;
  std::vector<std::int32_t> labels;
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < 2; ++j) inputs.push_back(static_cast<double>((i * 5 + j * 3) % 7) / 4 - 0.75);
    labels.push_back(static_cast<std::int32_t>(i % 3));
  }
  const lmc::Dataset<double> data(
      lmc::DatasetParts<double>{.shape = {2}, .classes = 3, .labels = labels, .features = inputs, .standardization = {}});
  std::vector<std::vector<double>> points(4);
  for (Index k = 0; k < 4; ++k)
    for (Index i = 0; i < net.layout().parameter_count(); ++i)
      points[static_cast<std::size_t>(k)].push_back(static_cast<double>((i * 37 + k * 61) % 101 - 50) / 64);
  const auto trained =
      lmc::train_path(net, data, BentPath<double>(PathKind::bezier, points),
                      {.epochs = 3, .batch_size = 6, .optimizer = SgdOptions{.learning_rate = 0.1, .momentum = 0.9}},
                      {.order = 1}, {.seed = 5, .l2 = 0.01});
  for (std::size_t i = 0; i < 3; ++i) CHECK_THAT(trained.losses[i], WithinAbs(expected_losses[i], 1e-13));
  for (std::size_t i = 0; i < points[0].size(); ++i) {  // sums of some 10 terms in another order
    CHECK_THAT(trained.path.points[1][i], WithinAbs(expected_bend1[i], 1e-13));
    CHECK_THAT(trained.path.points[2][i], WithinAbs(expected_bend2[i], 1e-13));
  }
  CHECK(trained.path.points[0] == points[0]);
  CHECK(trained.path.points[3] == points[3]);
}

TEST_CASE("train_path: lies below the line between two networks, and repeats its bits") {
  const auto data = lmc::spirals<float>({.examples = 300, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<float>({.inputs = 2, .hidden = {16}, .outputs = 3});
  const lmc::TrainOptions<float> options{.epochs = 60, .batch_size = 50, .optimizer = lmc::AdamOptions{.learning_rate = 0.02}};
  const auto a = lmc::train(net, data, net.initialize({.seed = 1}), options, {.order = 1});
  const auto b = lmc::train(net, data, net.initialize({.seed = 2}), options, {.order = 2});
  const auto evaluate = lmc::evaluator(net, data);
  const auto line = lmc::path_level(lmc::linear_path(a, b, evaluate), lmc::Metric::loss);
  for (const PathKind kind : {PathKind::polychain, PathKind::bezier}) {
    const auto start = lmc::line_with_bends(kind, a, b, 1);
    const auto trained = lmc::train_path(net, data, start, options, {.order = 3});
    const auto level = lmc::path_level(lmc::path_curve(trained.path, evaluate), lmc::Metric::loss);
    CHECK(level.maximum < 0.7 * line.maximum);
    CHECK(level.mean < line.mean);
    CHECK(trained.path.points.front() == a.state.parameters);
    CHECK(trained.path.points.back() == b.state.parameters);
    const auto again = lmc::train_path(net, data, start, options, {.order = 3});
    CHECK(trained.path.points == again.path.points);
    const auto elsewhere = lmc::train_path(net, data, start, options, {.order = 3}, {.seed = 1});
    CHECK(trained.path.points != elsewhere.path.points);
  }
}

TEST_CASE("train_path: what is wrong is named") {
  const auto path = BentPath<double>::line(PathKind::bezier, std::vector<double>{-1, 0}, std::vector<double>{1, 0}, 1);
  const auto breaks = [](std::span<const double>, std::span<double> gradient, Index update) {
    gradient[0] = gradient[1] = 0;
    return update == 2 ? std::numeric_limits<double>::infinity() : 1.0;
  };
  CHECK_THROWS_WITH(lmc::train_path(path, breaks), Contains("train_path: at update 2, t = 0.") && Contains("the loss is inf"));
  CHECK_THROWS_WITH(lmc::train_path(path, breaks, {.updates = 0}), Contains("updates = 0"));
  CHECK_THROWS_WITH(lmc::train_path(path, valley_gradient, {.places = {.l2 = -1}}), Contains("l2 = -1"));
  const auto steep = [](std::span<const double>, std::span<double> gradient, Index) {
    gradient[0] = gradient[1] = 1e300;
    return 1.0;
  };
  CHECK_THROWS_WITH(lmc::train_path(path, steep, {.updates = 1, .optimizer = SgdOptions{.learning_rate = 1e200}}),
                    Contains("after the last update, 1, parameters are not finite"));

  const auto data = lmc::spirals<double>({.examples = 30, .classes = 3, .seed = 1});
  const auto net = lmc::mlp<double>({.inputs = 2, .hidden = {4}, .outputs = 3});
  CHECK_THROWS_WITH(lmc::train_path(net, data, path, {.batch_size = 10}, {}),
                    Contains("the path's points have 2 entries; the network has 27 parameters"));
  const auto run = [&](std::uint64_t seed) { return lmc::Run<double>{.state = net.initialize({.seed = seed})}; };
  lmc::Run<double> a = run(1);
  const auto good = lmc::line_with_bends(PathKind::bezier, a, run(2), 1);
  lmc::TrainOptions<double> observed{.batch_size = 10};
  observed.observers.emplace_back([](const lmc::StepEvent<double>&) { return lmc::Control::proceed; });
  CHECK_THROWS_WITH(lmc::train_path(net, data, good, observed, {}), Contains("options.observers"));
  CHECK_THROWS_WITH(lmc::line_with_bends(PathKind::bezier, a, a, 1), Contains("both ends are equal"));
  a.diverged_at = 7;
  CHECK_THROWS_WITH(lmc::line_with_bends(PathKind::bezier, a, run(2), 1), Contains("the first run diverged after 7 updates"));
}

}  // namespace measure_path_training_test
