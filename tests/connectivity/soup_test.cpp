// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/soup.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <lmc/core/random.hpp>

namespace connectivity_soup_test {

using lmc::Index;
using lmc::Metrics;

namespace {

using Thetas = std::vector<std::vector<double>>;

// Networks of two parameters, whose error is their distance from (1, 1) up to a factor, at most 1.
Metrics distance(std::span<const double> theta) {
  const double d = std::hypot(theta[0] - 1, theta[1] - 1);
  return {.loss = d, .error = std::min(1.0, d / 10), .count = 10};
}

std::vector<double> mean(const Thetas& thetas, const std::vector<Index>& of) {
  std::vector<double> sum(thetas[0].size());
  for (const Index i : of)
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += thetas[static_cast<std::size_t>(i)][j];
  for (double& x : sum) x /= static_cast<double>(of.size());
  return sum;
}

// The recipe as the paper writes it, with the mean made anew each time.
std::vector<Index> greedy_reference(const Thetas& thetas) {
  std::vector<Index> order, taken;
  for (Index i = 0; i < static_cast<Index>(thetas.size()); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](Index i, Index j) {
    return *distance(thetas[static_cast<std::size_t>(i)]).error < *distance(thetas[static_cast<std::size_t>(j)]).error;
  });
  for (const Index i : order) {
    std::vector<Index> tried = taken;
    tried.push_back(i);
    if (taken.empty() || *distance(mean(thetas, tried)).error <= *distance(mean(thetas, taken)).error) taken = tried;
  }
  return taken;
}

}  // namespace

TEST_CASE("uniform_soup: is the mean, measured beside the networks", "[connectivity]") {
  const Thetas thetas{{0, 0}, {2, 0}, {1, 3}};
  const auto soup = lmc::uniform_soup(thetas, distance);
  CHECK(soup.state.parameters == std::vector<double>{1, 1});
  CHECK(soup.state.buffers.empty());
  CHECK(soup.taken == std::vector<Index>{0, 1, 2});
  CHECK(soup.metrics.error == 0);
  CHECK(soup.steps.empty());
  REQUIRE(soup.alone.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(soup.alone[i] == distance(thetas[i]));
}

TEST_CASE("greedy_soup: a hand case, in which the second best network is refused and the worst taken", "[connectivity]") {
  // From (1, 1): 0.25, 0.1, 0.2 away; the best two lie on one side, the first on the other one.
  const Thetas thetas{{1.25, 1}, {0.9, 1}, {0.8, 1}};
  const auto soup = lmc::greedy_soup(thetas, distance);
  CHECK(soup.taken == std::vector<Index>{1, 0});
  REQUIRE(soup.steps.size() == 3);
  CHECK(soup.steps[0].network == 1);
  CHECK(soup.steps[0].taken);
  CHECK(soup.steps[0].after == *distance(thetas[1]).error);
  CHECK(soup.steps[1].network == 2);
  CHECK_FALSE(soup.steps[1].taken);
  CHECK_THAT(soup.steps[1].with, Catch::Matchers::WithinAbs(0.015, 1e-12));
  CHECK(soup.steps[1].after == soup.steps[0].after);
  CHECK(soup.steps[2].network == 0);
  CHECK(soup.steps[2].taken);
  CHECK(soup.steps[2].after == soup.metrics.error);
  CHECK(soup.state.parameters == mean(thetas, soup.taken));
}

TEST_CASE("greedy_soup: takes what the recipe takes, and is never worse than the best network", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Thetas thetas(9, std::vector<double>(2));
    for (std::size_t i = 0; i < thetas.size(); ++i)
      for (std::size_t j = 0; j < 2; ++j) thetas[i][j] = 1 + lmc::normal({.seed = seed}, 2 * i + j);
    const Thetas before = thetas;
    const auto soup = lmc::greedy_soup(thetas, distance);
    CHECK(thetas == before);  // no end is overwritten by a mean
    CHECK(soup.taken == greedy_reference(thetas));
    CHECK(soup.state.parameters == mean(thetas, soup.taken));
    for (const Metrics& alone : soup.alone) CHECK(*soup.metrics.error <= *alone.error);
    for (std::size_t k = 1; k < soup.steps.size(); ++k) CHECK(soup.steps[k].after <= soup.steps[k - 1].after);
  }
}

TEST_CASE("greedy_soup: equal networks are tried in their order, and all taken", "[connectivity]") {
  const auto soup = lmc::greedy_soup(Thetas(3, {0.25, 0.1}), distance);
  CHECK(soup.taken == std::vector<Index>{0, 1, 2});
  CHECK(soup.metrics.error == soup.alone[0].error);
}

TEST_CASE("greedy_soup: one network is itself, to the bit", "[connectivity]") {
  const std::vector<std::vector<float>> thetas{{0.1F, 1e-42F, -3.3F}};
  const auto soup =
      lmc::greedy_soup(thetas, [](std::span<const float>) { return Metrics{.loss = 1, .error = 0.5, .count = 2}; });
  CHECK(soup.state.parameters == thetas[0]);
}

TEST_CASE("greedy_soup: without an error the loss decides, and what is not a number comes last", "[connectivity]") {
  const auto loss = [](std::span<const double> theta) { return Metrics{.loss = std::abs(theta[0] - 1), .count = 3}; };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto soup = lmc::greedy_soup(Thetas{{nan}, {3}, {0}}, loss);
  CHECK(soup.metric == lmc::Metric::loss);
  CHECK(soup.taken == std::vector<Index>{2, 1});
  CHECK(soup.state.parameters == std::vector<double>{1.5});
  REQUIRE(soup.steps.size() == 3);
  CHECK(soup.steps[2].network == 0);
  CHECK_FALSE(soup.steps[2].taken);
  CHECK(std::isnan(soup.steps[2].with));
  CHECK(soup.steps[2].after == 0.5);
  const auto lost = lmc::greedy_soup(Thetas{{nan}, {nan}}, loss);
  CHECK(lost.taken == std::vector<Index>{0});
}

TEST_CASE("greedy_soup: an infinite loss is tried before one that is not a number", "[connectivity]") {
  // The loss is the parameter itself.
  const auto loss = [](std::span<const double> theta) { return Metrics{.loss = theta[0], .count = 10}; };
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const auto soup = lmc::greedy_soup(Thetas{{nan}, {inf}}, loss);
  CHECK(soup.taken == std::vector<Index>{1});
  CHECK(soup.metrics.loss == inf);
  CHECK(soup.state.parameters == std::vector<double>{inf});
}

TEST_CASE("soups: have the mean where the sum is out of range", "[connectivity]") {
  const auto loss = [](std::span<const double> theta) { return Metrics{.loss = theta[1], .count = 10}; };
  const double huge = 1.5e308;
  CHECK(lmc::uniform_soup(Thetas{{huge, 1}, {huge, 2}}, loss).state.parameters == std::vector<double>{huge, 1.5});
  CHECK(lmc::uniform_soup(Thetas{{-huge, 1}, {-huge, 2}}, loss).state.parameters == std::vector<double>{-huge, 1.5});
  // Out of range on the way alone; quarters are exact.
  CHECK(lmc::uniform_soup(Thetas{{huge, 1}, {huge, 1}, {-huge, 1}, {-huge, 1}}, loss).state.parameters ==
        std::vector<double>{0, 1});
  CHECK(lmc::greedy_soup(Thetas{{huge, 1}, {huge, 1}}, loss).state.parameters == std::vector<double>{huge, 1});
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(lmc::uniform_soup(Thetas{{inf, 1}, {0, 1}}, loss).state.parameters == std::vector<double>{inf, 1});
}

TEST_CASE("soups: refuse nothing, other lengths, an evaluator that writes into a network or changes its mind",
          "[connectivity][errors]") {
  CHECK_THROWS_WITH(lmc::greedy_soup(Thetas{}, distance), "greedy_soup: there are no networks; expected at least one");
  CHECK_THROWS_WITH(lmc::uniform_soup(Thetas{{1, 2}, {1}}, distance),
                    "uniform_soup: network 1 has 1 parameters, and network 0 has 2; expected θ of one network");
  CHECK_THROWS_WITH(lmc::uniform_soup(Thetas{{}}, distance), Catch::Contains("the first θ is empty"));
  Thetas thetas{{1, 2}, {3, 4}};
  const auto loads_into_first = [&](std::span<const double> theta) {
    std::copy(theta.begin(), theta.end(), thetas[0].begin());
    return distance(thetas[0]);
  };
  CHECK_THROWS_WITH(lmc::uniform_soup(thetas, loads_into_first),
                    Catch::Contains("uniform_soup: the evaluator changes network 0"));
  Index calls = 0;
  const auto restless = [&](std::span<const double> theta) {
    Metrics metrics = distance(theta);
    metrics.count = 10 + calls++ / 2;
    return metrics;
  };
  CHECK_THROWS_WITH(lmc::greedy_soup(Thetas{{1, 2}, {3, 4}}, restless),
                    Catch::Contains("of the mean with network 1 the evaluator measured 11 examples"));
}

}  // namespace connectivity_soup_test
