// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/layer_mixtures.hpp>
#include <lmc/connectivity/causes/layer_shapley.hpp>
#include <span>
#include <vector>

#include "support/curves.hpp"
#include "support/layers.hpp"

namespace connectivity_layer_mixtures_test {

using lmc::LayerPlace;
using Theta = std::span<const double>;

namespace {

lmc::Metrics measured(Theta theta) {
  double loss = 1;
  for (const double x : theta) loss *= 1 + x;
  return {.loss = loss, .count = 1};
}

// Measures all at once, in one call.
struct AllAtOnce {
  std::vector<std::vector<lmc::LayerMixture>>* calls = nullptr;
  lmc::Metrics operator()(Theta) const { throw lmc::Error("one by one"); }
  [[nodiscard]] std::vector<lmc::Metrics> evaluate_mixtures(const lmc::LayerMixtures<double>& request) const {
    calls->emplace_back(request.mixtures.begin(), request.mixtures.end());
    std::vector<lmc::Metrics> metrics;
    std::vector<double> theta(request.thetas[0].size());
    for (const lmc::LayerMixture& mixture : request.mixtures) {
      request.assemble(mixture, theta);
      metrics.push_back(measured(theta));
    }
    return metrics;
  }
};
static_assert(lmc::MixtureEvaluator<AllAtOnce, double> && !lmc::MixtureEvaluator<decltype(measured), double>);

// Forgets one.
struct TooFew : AllAtOnce {
  [[nodiscard]] std::vector<lmc::Metrics> evaluate_mixtures(const lmc::LayerMixtures<double>& request) const {
    auto metrics = AllAtOnce::evaluate_mixtures(request);
    metrics.pop_back();
    return metrics;
  }
};

}  // namespace

TEST_CASE("LayerMixtures: a mixture takes each layer from the place that it names", "[connectivity]") {
  const std::vector<double> a{1, 2, 3, 4}, between{10, 20, 30, 40}, b{100, 200, 300, 400};
  const std::vector<lmc::LayerRange> ranges{{0, 1, 0}, {1, 2, 1}, {3, 1, 0}};
  const lmc::LayerMixtures<double> mixtures{.thetas = {a, between, b}, .ranges = ranges};
  std::vector<double> theta(4);
  mixtures.assemble({LayerPlace::b, LayerPlace::between}, theta);
  CHECK(theta == std::vector<double>{100, 20, 30, 400});
  mixtures.assemble({LayerPlace::between, LayerPlace::a}, theta);
  CHECK(theta == std::vector<double>{10, 2, 3, 40});
}

TEST_CASE("MixtureEvaluator: gets all mixtures in one call, each once, and gives what a plain callable gives",
          "[connectivity]") {
  const auto layout = testing::layout_of({{"one", 2}, {"two", 1}, {"three", 3}});
  const auto a = testing::random_values(6, 1), b = testing::random_values(6, 2);
  std::vector<std::vector<lmc::LayerMixture>> calls;
  const auto at_once = lmc::layer_shapley(layout, a, b, AllAtOnce{&calls});
  REQUIRE(calls.size() == 1);
  auto mixtures = calls[0];
  CHECK(mixtures.size() == 15);
  std::ranges::sort(mixtures);
  CHECK(std::ranges::adjacent_find(mixtures) == mixtures.end());
  const auto one_by_one = lmc::layer_shapley(layout, a, b, measured);
  CHECK(at_once.height == one_by_one.height);
  for (std::size_t l = 0; l < 3; ++l) CHECK(at_once.layers[l].share == one_by_one.layers[l].share);
  CHECK_THROWS_WITH(lmc::layer_shapley(layout, a, b, TooFew{{&calls}}), Catch::Contains("gave 14 metrics for 15 θ"));
}

}  // namespace connectivity_layer_mixtures_test
