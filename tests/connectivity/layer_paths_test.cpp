// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/layer_paths.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/curves.hpp"
#include "support/layers.hpp"

namespace connectivity_layer_paths_test {

using Catch::Matchers::WithinAbs;
using Theta = std::span<const double>;

namespace {

// Three layers of 2, 1 and 3 parameters that interact in everything.
const lmc::ParameterLayout layout = testing::layout_of({{"one/weight", 2}, {"two/weight", 1}, {"three/weight", 3}});
const std::vector<double> a = testing::random_values(6, 1), b = testing::random_values(6, 2);

double loss(Theta t) { return std::sin(3 * t[0] + t[2]) * (1 + t[3] * t[4]) + t[1] * t[5] * t[2]; }
lmc::Metrics measured(Theta t) { return {.loss = loss(t), .error = 0.5 + std::atan(loss(t)) / 4, .count = 100}; }

// θ with the parameters of `moved` layers at α, the others at `rest`.
std::vector<double> mixed(const std::vector<bool>& moved, const std::vector<double>& rest, double alpha) {
  const std::size_t layer_of[] = {0, 0, 1, 2, 2, 2};
  std::vector<double> theta = rest;
  for (std::size_t i = 0; i < 6; ++i)
    if (moved[layer_of[i]]) lmc::interpolate<double>({&a[i], 1}, {&b[i], 1}, {alpha, 1 - alpha}, {&theta[i], 1});
  return theta;
}

}  // namespace

TEST_CASE("layer_paths: each layer alone, and the first layers, are moved from both ends", "[connectivity]") {
  for (const double alpha : {0.5, 0.3}) {
    const auto paths = lmc::layer_paths(layout, a, b, measured, {.alpha = alpha});
    CHECK(paths.alpha == alpha);
    CHECK(paths.a == lmc::LossAndError{loss(a), measured(a).error});
    CHECK(paths.b == lmc::LossAndError{loss(b), measured(b).error});
    REQUIRE(paths.alone.size() == 3);
    REQUIRE(paths.up_to.size() == 3);
    const auto check = [&](const lmc::LayerMove& move, const char* name, const std::vector<bool>& moved) {
      CHECK(move.name == name);
      const auto at_a = measured(mixed(moved, a, alpha)), at_b = measured(mixed(moved, b, alpha));
      CHECK(move.from_a == lmc::LossAndError{at_a.loss, at_a.error});
      CHECK(move.from_b == lmc::LossAndError{at_b.loss, at_b.error});
      CHECK_THAT(move.height.loss, WithinAbs((1 - alpha) * (at_a.loss - loss(a)) + alpha * (at_b.loss - loss(b)), 1e-15));
      CHECK_THAT(
          *move.height.error,
          WithinAbs((1 - alpha) * (*at_a.error - *measured(a).error) + alpha * (*at_b.error - *measured(b).error), 1e-15));
    };
    check(paths.alone[0], "one", {true, false, false});
    check(paths.alone[1], "two", {false, true, false});
    check(paths.alone[2], "three", {false, false, true});
    check(paths.up_to[0], "one", {true, false, false});
    check(paths.up_to[1], "two", {true, true, false});
    check(paths.up_to[2], "three", {true, true, true});
  }
}

TEST_CASE("layer_paths: with all layers moved, the height is that of the path above its chord", "[connectivity]") {
  const auto curve = lmc::linear_path(a, b, measured, {.alphas = 5});
  const auto& p = curve.points[1];
  const auto paths = lmc::layer_paths(layout, a, b, measured, {.alpha = p.alpha});
  CHECK(paths.up_to.back().from_a.loss == p.metrics.loss);
  CHECK(paths.up_to.back().from_b == paths.up_to.back().from_a);
  CHECK_THAT(paths.up_to.back().height.loss, WithinAbs(lmc::detail::above_chord(curve, p, lmc::Metric::loss), 1e-15));
  CHECK_THAT(*paths.up_to.back().height.error, WithinAbs(lmc::detail::above_chord(curve, p, lmc::Metric::error), 1e-15));
}

TEST_CASE("layer_paths: at one half, a layer's height is the mean of Adilova's numbers from both ends", "[connectivity]") {
  const auto paths = lmc::layer_paths(layout, a, b, measured);
  const double mean = (paths.a.loss + paths.b.loss) / 2;
  for (const auto& move : paths.alone)
    CHECK_THAT(move.height.loss, WithinAbs((move.from_a.loss - mean + move.from_b.loss - mean) / 2, 1e-15));
  // At another place from one end, theirs is larger by half the difference of the ends: also where nothing moves.
  auto still = b;
  still[2] = a[2];
  const auto with_still = lmc::layer_paths(layout, a, still, measured, {.alpha = 0.3});
  CHECK(with_still.alone[1].height.loss == 0);
  CHECK(*with_still.alone[1].height.error == 0);
  CHECK(with_still.alone[1].from_a == with_still.a);
  CHECK(with_still.alone[1].from_b == with_still.b);
}

TEST_CASE("layer_paths: swapping the ends swaps from_a and from_b, and keeps the heights to the bit", "[connectivity]") {
  for (const double alpha : {0.5, 0.25, 1.0, 0.0}) {
    const auto there = lmc::layer_paths(layout, a, b, measured, {.alpha = alpha});
    const auto back = lmc::layer_paths(layout, b, a, measured, {.alpha = 1 - alpha});
    for (std::size_t l = 0; l < 3; ++l) {
      CHECK(there.alone[l].from_a == back.alone[l].from_b);
      CHECK(there.alone[l].height == back.alone[l].height);
      CHECK(there.up_to[l].from_b == back.up_to[l].from_a);
      CHECK(there.up_to[l].height == back.up_to[l].height);
    }
  }
}

TEST_CASE("layer_paths: measures each different θ once", "[connectivity]") {
  int calls = 0;
  const auto counted = [&](Theta t) {
    ++calls;
    return measured(t);
  };
  CHECK(lmc::layer_paths(layout, a, b, counted).evaluations == 11);  // 4 L − 1
  CHECK(calls == 11);
  auto still = b;
  still[2] = a[2];
  CHECK(lmc::layer_paths(layout, a, still, counted).evaluations == 7);
  CHECK(lmc::layer_paths(layout, a, a, counted).evaluations == 1);
  CHECK(lmc::layer_paths(testing::layout_of({{"all", 6}}), a, b, counted).evaluations == 3);
}

TEST_CASE("layer_paths: a regression has no error", "[connectivity]") {
  const auto regression = [](Theta t) { return lmc::Metrics{.loss = loss(t), .count = 9}; };
  const auto paths = lmc::layer_paths(layout, a, b, regression);
  CHECK_FALSE(paths.a.error);
  CHECK_FALSE(paths.alone[0].from_a.error);
  CHECK_FALSE(paths.alone[0].height.error);
}

TEST_CASE("layer_paths: refuses ends, places and evaluators that do not fit", "[connectivity][errors]") {
  using lmc::layer_paths;
  const auto nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(layer_paths(layout, a, {1, 2}, measured),
                    Catch::Contains("layer_paths: a has 6 parameters and b 2; the layers have 6"));
  CHECK_THROWS_WITH(layer_paths(testing::layout_of({{"x", 5}}), a, b, measured), Catch::Contains("the layers have 5"));
  CHECK_THROWS_WITH(layer_paths(layout, a, b, measured, {.alpha = -0.1}), Catch::Contains("alpha = -0.1; expected"));
  CHECK_THROWS_WITH(layer_paths(layout, a, b, measured, {.alpha = 1.1}), Catch::Contains("alpha = 1.1; expected"));
  CHECK_THROWS_WITH(layer_paths(layout, a, b, measured, {.alpha = nan}), Catch::Contains("alpha = nan; expected"));
  auto bad = b;
  bad[3] = nan;
  CHECK_THROWS_WITH(layer_paths(layout, a, bad, measured), Catch::Contains("parameter 3 of b is nan; a run that diverged"));
  bad[3] = infinite;
  CHECK_THROWS_WITH(layer_paths(layout, bad, b, measured), Catch::Contains("parameter 3 of a is inf"));

  const auto after = [](int calls, auto change) {
    return [calls, change](Theta t) mutable {
      lmc::Metrics m = measured(t);
      if (calls-- == 0) change(m);
      return m;
    };
  };
  CHECK_THROWS_WITH(layer_paths(layout, a, b, after(3, [&](lmc::Metrics& m) { m.loss = nan; })),
                    Catch::Contains("at α = 0.5 and the other layers at a the evaluator gave the loss nan"));
  CHECK_THROWS_WITH(layer_paths(layout, a, b, after(3, [&](lmc::Metrics& m) { m.error = nan; })),
                    Catch::Contains("the error nan; expected finite numbers"));
  CHECK_THROWS_WITH(layer_paths(layout, a, b, after(0, [&](lmc::Metrics& m) { m.loss = infinite; })),
                    Catch::Contains("with all layers at a the evaluator gave the loss inf"));
  CHECK_THROWS_WITH(layer_paths(layout, a, b, after(5, [](lmc::Metrics& m) { m.count = 99; })),
                    Catch::Contains("count = 99, but 100"));
  CHECK_THROWS_WITH(layer_paths(layout, a, b, after(5, [](lmc::Metrics& m) { m.error = 1.5; })),
                    Catch::Contains("error = 1.5; expected a share in [0, 1]"));
}

TEST_CASE("layer_paths: an evaluator that throws or writes into an end is noticed, and what throws changes nothing",
          "[connectivity][errors]") {
  const auto a_before = a, b_before = b;
  auto throws = [calls = 0](Theta t) mutable {
    if (++calls == 4) throw std::runtime_error("out of paper");
    return measured(t);
  };
  CHECK_THROWS_WITH(lmc::layer_paths(layout, a, b, throws), Catch::Contains("out of paper"));
  CHECK(a == a_before);
  CHECK(b == b_before);
  auto loaded = a;
  const auto loads = [&](Theta t) {
    loaded.assign(t.begin(), t.end());
    return measured(loaded);
  };
  CHECK_THROWS_WITH(lmc::layer_paths(layout, loaded, b, loads), Catch::Contains("the evaluator changes a or b"));
}

}  // namespace connectivity_layer_paths_test
