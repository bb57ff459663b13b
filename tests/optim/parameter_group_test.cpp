// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <lmc/core/error.hpp>
#include <lmc/core/layout.hpp>
#include <lmc/optim/clip.hpp>
#include <lmc/optim/optimizer.hpp>
#include <lmc/optim/parameter_group.hpp>

namespace optim_parameter_group_test {

using Catch::Matchers::Contains;
using lmc::ParameterGroup;
using lmc::UpdateRange;

namespace {

struct Trajectory {
  std::string name;
  lmc::OptimizerOptions options;
  double clip_norm;
  std::vector<double> after;
};
const std::vector<Trajectory>& reference() {
  static const std::vector<Trajectory> all{
#include "parameter_group_reference.inc"
  };
  return all;
}

// SEGMENTS in parameter_group_reference.py, and the numbers there.
lmc::ParameterLayout layout() {
  lmc::LayoutBuilder builder({});
  builder.add_parameter("dense1/weight", {3, 5});
  builder.add_parameter("dense1/bias", {3}, lmc::Role::bias);
  builder.add_parameter("dense2/weight", {4, 3});
  builder.add_parameter("dense2/bias", {7}, lmc::Role::bias);
  return std::move(builder).build();
}
std::vector<ParameterGroup> groups() {
  auto all = lmc::decay_of_weights_only();
  all.push_back({.segments = "dense1/*", .rate = 0.25});
  return all;
}
std::vector<double> start() {
  std::vector<double> theta(37);
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] = (static_cast<double>(31 * i % 17) - 8) / 16;
  return theta;
}
std::vector<double> gradient(std::size_t t) {
  std::vector<double> g(37);
  for (std::size_t i = 0; i < g.size(); ++i)
    g[i] = std::ldexp((static_cast<double>((7919 * i + 104729 * t) % 2003) - 1001) / 1024, -static_cast<int>(i % 11));
  return g;
}

}  // namespace

TEST_CASE("update_ranges: joins neighbors that are updated alike, and the last group that sets a factor decides", "[optim]") {
  const auto l = layout();
  CHECK(lmc::update_ranges(l, {}).empty());
  CHECK(lmc::update_ranges(l, groups()) ==
        std::vector<UpdateRange>{{0, 15, 0.25, 1}, {15, 3, 0.25, 0}, {18, 12, 1, 1}, {30, 7, 1, 0}});
  const std::vector<ParameterGroup> all{{.rate = 0.5}};
  CHECK(lmc::update_ranges(l, all) == std::vector<UpdateRange>{{0, 37, 0.5, 1}});
  const std::vector<ParameterGroup> later{{.segments = "dense2/*", .rate = 0.5, .decay = 0}, {.segments = "*/bias", .rate = 2}};
  CHECK(lmc::update_ranges(l, later) ==
        std::vector<UpdateRange>{{0, 15, 1, 1}, {15, 3, 2, 1}, {18, 12, 0.5, 0}, {30, 7, 2, 0}});
}

TEST_CASE("update_ranges: * stands for any characters, anywhere and more than once", "[optim]") {
  const auto l = layout();
  const auto first = [&](const char* pattern) {
    const std::vector<ParameterGroup> g{{.segments = pattern, .rate = 0}};
    std::size_t entries = 0;
    for (const UpdateRange& range : lmc::update_ranges(l, g)) entries += range.rate == 0 ? range.count : 0;
    return entries;
  };
  CHECK(first("*") == 37);
  CHECK(first("dense1/weight") == 15);
  CHECK(first("*1*") == 18);
  CHECK(first("d*/*s") == 10);
  CHECK(first("**weight*") == 27);
}

TEST_CASE("update_ranges: refuses factors that are none, and names that are not there", "[optim]") {
  const auto l = layout();
  for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    const std::vector<ParameterGroup> rate{{.rate = bad}}, decay{{.decay = bad}};
    CHECK_THROWS_WITH(lmc::update_ranges(l, rate), Contains("expected a finite factor of the learning rate, at least 0"));
    CHECK_THROWS_WITH(lmc::update_ranges(l, decay), Contains("expected a finite factor of the weight decay, at least 0"));
  }
  const std::vector<ParameterGroup> typo{{.segments = "dense3/*", .rate = 1}}, role{{.role = lmc::Role::scale, .rate = 1}};
  CHECK_THROWS_WITH(lmc::update_ranges(l, typo),
                    Contains("'dense3/*' names no segment; there are: dense1/weight, dense1/bias, "));
  CHECK_THROWS_WITH(lmc::update_ranges(l, role), Contains("'*' with the role scale names no segment"));
  const std::vector<ParameterGroup> empty{{.segments = "*"}};
  CHECK_THROWS_WITH(lmc::update_ranges(l, empty), Contains("sets neither a rate nor a decay"));
}

TEST_CASE("Optimizer: with groups and clipping, follows torch.optim with parameter groups", "[optim]") {
  const auto l = layout();
  const auto ranges = lmc::update_ranges(l, groups());
  for (const Trajectory& expected : reference()) {
    CAPTURE(expected.name);
    lmc::Optimizer<double> optimizer(expected.options, l);
    auto theta = start();
    for (std::size_t t = 0; t < 12; ++t) {
      auto g = gradient(t);
      if (expected.clip_norm > 0) lmc::clip_by_norm<double>(g, expected.clip_norm);
      optimizer.step(g, theta, 1, ranges);
    }
    for (std::size_t i = 0; i < theta.size(); ++i) CHECK(std::abs(theta[i] - expected.after[i]) <= 2e-15);
  }
}

TEST_CASE("Optimizer: each range moves as if all of θ had its rate and its decay", "[optim]") {
  // For optimizers whose parameters do not look at each other; Muon's matrices are whole segments.
  const auto l = layout();
  const auto ranges = lmc::update_ranges(l, groups());
  const auto check = [&](auto options) {
    auto mixed = start();
    lmc::Optimizer<double> optimizer(options, l);
    for (std::size_t t = 0; t < 3; ++t) optimizer.step(gradient(t), mixed, 0.5, ranges);
    for (const UpdateRange& range : ranges) {
      auto alone = options;
      alone.learning_rate *= range.rate;
      alone.weight_decay *= range.decay;
      if constexpr (requires { alone.adam_learning_rate; }) alone.adam_learning_rate *= range.rate;
      lmc::Optimizer<double> whole(alone, l);
      auto theta = start();
      for (std::size_t t = 0; t < 3; ++t) whole.step(gradient(t), theta, 0.5);
      for (std::size_t i = range.first; i < range.first + range.count; ++i) CHECK(std::abs(mixed[i] - theta[i]) <= 1e-15);
    }
  };
  check(lmc::SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.1});
  check(lmc::AdamOptions{.weight_decay = 0.1});
  check(lmc::AdamWOptions{.weight_decay = 0.1});
  check(lmc::SignOptions{.momentum = 0.9, .weight_decay = 0.1});
  check(lmc::MuonOptions{.weight_decay = 0.1});
}

TEST_CASE("LayerwiseAdam: with groups, its step is as long as Adam's with the same groups", "[optim]") {
  const auto l = layout();
  const std::vector<ParameterGroup> some{{.segments = "dense1/*", .rate = 0.25}, {.segments = "dense2/bias", .rate = 0}};
  const auto ranges = lmc::update_ranges(l, some);
  const auto moved = [&](const lmc::OptimizerOptions& options) {
    lmc::Optimizer<double> optimizer(options, l);
    auto theta = start();
    optimizer.step(gradient(0), theta, 1, ranges);
    for (std::size_t i = 0; i < theta.size(); ++i) theta[i] -= start()[i];
    return theta;
  };
  const auto adam = moved(lmc::AdamOptions{.epsilon = 1e-3}), layerwise = moved(lmc::LayerwiseAdamOptions{.epsilon = 1e-3});
  CHECK(adam != layerwise);
  CHECK(std::abs(lmc::gradient_norm<double>(adam) / lmc::gradient_norm<double>(layerwise) - 1) < 1e-12);
  for (std::size_t i = 30; i < 37; ++i) CHECK(layerwise[i] == 0);
  // A layer's parameters are scaled alike, times the factors.
  const auto scale = [&](std::size_t i) { return layerwise[i] / gradient(0)[i]; };
  CHECK(std::abs(scale(0) / scale(17) - 1) < 1e-9);
}

}  // namespace optim_parameter_group_test
