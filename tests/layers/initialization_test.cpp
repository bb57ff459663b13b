// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <lmc/layers/dense.hpp>
#include <lmc/models/mlp.hpp>
#include <vector>

namespace layers_initialization_test {

using Catch::Matchers::WithinRel;
using lmc::Initialization;

namespace {

struct Moments {
  double mean_square, largest, bias_largest;
};

Moments moments(Initialization scheme, double slope) {
  const lmc::Network<double> net(
      {lmc::Dense<double>({.inputs = 200, .outputs = 300, .initialization = {.scheme = scheme, .slope = slope}})});
  const auto theta = net.initialize({.seed = 3}).parameters;
  Moments m{};
  for (std::size_t i = 0; i < 60000; ++i) {
    m.mean_square += theta[i] * theta[i] / 60000;
    m.largest = std::max(m.largest, std::abs(theta[i]));
  }
  for (std::size_t i = 60000; i < theta.size(); ++i) m.bias_largest = std::max(m.bias_largest, std::abs(theta[i]));
  return m;
}

}  // namespace

// 60,000 draws: the mean square of a uniform sample has a relative standard error of 0.4 %, of a normal one 0.6 %.
TEST_CASE("initialize: torch draws weights and biases from U(±1/√fan_in)", "[layers]") {
  const Moments m = moments(Initialization::torch, 0);
  CHECK_THAT(m.mean_square, WithinRel(1.0 / 200 / 3, 0.02));
  CHECK_THAT(m.largest, WithinRel(1 / std::sqrt(200.0), 0.001));
  CHECK(m.largest <= 1 / std::sqrt(200.0));
  CHECK_THAT(m.bias_largest, WithinRel(1 / std::sqrt(200.0), 0.05));
}

TEST_CASE("initialize: the He schemes have variance 2/((1 + slope²) fan_in) and no biases", "[layers]") {
  const Initialization scheme = GENERATE(Initialization::he_normal, Initialization::he_uniform);
  const double slope = GENERATE(0.0, 0.5);
  const Moments m = moments(scheme, slope);
  const double variance = 2 / (1 + slope * slope) / 200;
  CHECK_THAT(m.mean_square, WithinRel(variance, 0.02));
  CHECK(m.bias_largest == 0);
  // 60,000 normal draws reach beyond 3.5 standard deviations, uniform ones never beyond √3.
  CHECK((m.largest > 3.5 * std::sqrt(variance)) == (scheme == Initialization::he_normal));
  if (scheme == Initialization::he_uniform) CHECK_THAT(m.largest, WithinRel(std::sqrt(3 * variance), 0.001));
}

TEST_CASE("initialize: Xavier draws from U(±√(6/(fan_in + fan_out))), zero is zero", "[layers]") {
  const Moments xavier = moments(Initialization::xavier, 0), zero = moments(Initialization::zero, 0);
  CHECK_THAT(xavier.largest, WithinRel(std::sqrt(6.0 / 500), 0.001));
  CHECK_THAT(xavier.mean_square, WithinRel(2.0 / 500, 0.02));
  CHECK(xavier.bias_largest == 0);
  CHECK(zero.largest == 0);
}

TEST_CASE("initialize: depends on the seed and on the position in θ alone", "[layers]") {
  const auto shallow = lmc::mlp<double>({.inputs = 6, .hidden = {5}, .outputs = 3});
  const auto deep = lmc::mlp<double>({.inputs = 6, .hidden = {5, 5}, .outputs = 3});
  const auto a = shallow.initialize({.seed = 1}).parameters, b = deep.initialize({.seed = 1}).parameters;
  CHECK(std::equal(a.begin(), a.begin() + 35, b.begin()));  // the first layers are the same
  CHECK(a == shallow.initialize({.seed = 1}).parameters);
  CHECK(a != shallow.initialize({.seed = 2}).parameters);
  std::vector<double> sorted = b;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());  // no draw is used twice
}

TEST_CASE("parse_initialization: knows the names, and points at the nearest", "[layers][errors]") {
  CHECK(lmc::parse_initialization("he-uniform") == Initialization::he_uniform);
  CHECK_THROWS_WITH(lmc::parse_initialization("he_normal"),
                    Catch::Contains("unknown initialization 'he_normal'; did you mean 'he-normal'?"));
}

}  // namespace layers_initialization_test
