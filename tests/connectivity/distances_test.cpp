// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/connectivity/causes/distances.hpp>
#include <lmc/core/random.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace connectivity_distances_test {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::parameter_distances;
using Values = std::vector<double>;

namespace {

// q/weight 2, k/weight 3, q/bias 1: the layer q has two segments that are not neighbors.
const lmc::ParameterLayout& layout() {
  static const auto built = [] {
    lmc::LayoutBuilder builder(lmc::Shape{1});
    const auto add = [&](const char* name, lmc::Index size) { builder.add_parameter(name, size, lmc::Role::weight, {{}}); };
    add("q/weight", 2), add("k/weight", 3), add("q/bias", 1);
    return std::move(builder).build();
  }();
  return built;
}

Values normal_values(std::uint64_t seed) {
  Values values;
  for (std::uint64_t i = 0; i < 6; ++i) values.push_back(lmc::normal({.seed = seed}, i));
  return values;
}

}  // namespace

TEST_CASE("parameter_distances: are those worked out by hand", "[connectivity]") {
  //             q     k        q
  const Values a{3, 4, 1, 0, 0, 0}, b{0, 0, 0, 1, 0, 5}, start{3, 0, 0, 0, 0, 0};
  const auto d = parameter_distances(layout(), a, b, start);
  REQUIRE(d.layers.size() == 2);
  CHECK(d.layers[0].name == "q");
  CHECK(d.layers[0].parameters == 3);
  CHECK_THAT(d.layers[0].distance, WithinRel(std::sqrt(50), 1e-15));
  CHECK_THAT(d.layers[0].relative, WithinRel(std::sqrt(2), 1e-15));
  CHECK(d.layers[0].cosine == 0);
  CHECK(d.layers[0].from_start->a == 4);
  CHECK_THAT(d.layers[0].from_start->b, WithinRel(std::sqrt(34), 1e-15));
  CHECK(d.layers[0].from_start->cosine == 0);
  CHECK(d.layers[1].name == "k");
  CHECK(d.layers[1].parameters == 3);
  CHECK_THAT(d.layers[1].distance, WithinRel(std::sqrt(2), 1e-15));
  CHECK(d.layers[1].from_start->a == 1);
  CHECK(d.whole.name == "all");
  CHECK(d.whole.parameters == 6);
  CHECK_THAT(d.whole.distance, WithinRel(std::sqrt(52), 1e-15));
  CHECK_THAT(d.whole.relative, WithinRel(std::sqrt(52.0 / 26), 1e-15));
  CHECK_FALSE(parameter_distances(layout(), a, b).whole.from_start);
}

TEST_CASE("parameter_distances: agree with plain loops, and the squares of the layers add up", "[connectivity]") {
  const Values a = normal_values(1), b = normal_values(2), start = normal_values(3);
  const auto d = parameter_distances(layout(), a, b, start);
  const std::vector<std::vector<std::size_t>> of_layers{{0, 1, 5}, {2, 3, 4}};
  double squares = 0;
  for (std::size_t l = 0; l < 2; ++l) {
    double apart = 0, aa = 0, ab = 0, bb = 0, pp = 0, pq = 0, qq = 0;
    for (const std::size_t i : of_layers[l]) {
      apart += std::pow(a[i] - b[i], 2);
      aa += a[i] * a[i], ab += a[i] * b[i], bb += b[i] * b[i];
      pp += std::pow(a[i] - start[i], 2), qq += std::pow(b[i] - start[i], 2);
      pq += (a[i] - start[i]) * (b[i] - start[i]);
    }
    const auto& layer = d.layers[l];
    CHECK_THAT(layer.distance, WithinRel(std::sqrt(apart), 1e-14));
    CHECK_THAT(layer.relative, WithinRel(std::sqrt(apart / (0.5 * aa + 0.5 * bb)), 1e-14));
    CHECK_THAT(layer.cosine, WithinAbs(ab / std::sqrt(aa * bb), 1e-14));
    CHECK_THAT(layer.from_start->a, WithinRel(std::sqrt(pp), 1e-14));
    CHECK_THAT(layer.from_start->b, WithinRel(std::sqrt(qq), 1e-14));
    CHECK_THAT(layer.from_start->cosine, WithinAbs(pq / std::sqrt(pp * qq), 1e-14));
    squares += layer.distance * layer.distance;
  }
  CHECK_THAT(d.whole.distance * d.whole.distance, WithinRel(squares, 1e-14));
  const lmc::StartDisplacements s = *d.whole.from_start;
  CHECK_THAT(s.a * s.a + s.b * s.b - 2 * s.a * s.b * s.cosine, WithinRel(squares, 1e-13));
}

TEST_CASE("parameter_distances: swapping the ends changes no bit, and equal ends are at distance 0", "[connectivity]") {
  const Values a = normal_values(1), b = normal_values(2), start = normal_values(3);
  const auto there = parameter_distances(layout(), a, b, start), back = parameter_distances(layout(), b, a, start);
  CHECK(there.whole.distance == back.whole.distance);
  CHECK(there.whole.relative == back.whole.relative);
  CHECK(there.whole.cosine == back.whole.cosine);
  CHECK(there.whole.from_start->a == back.whole.from_start->b);
  CHECK(there.whole.from_start->cosine == back.whole.from_start->cosine);
  const auto same = parameter_distances(layout(), a, a, start);
  CHECK(same.whole.distance == 0);
  CHECK(same.whole.relative == 0);
  CHECK(same.whole.cosine == 1);
  CHECK(same.whole.from_start->cosine == 1);
  Values opposite, twice;
  for (const double x : a) opposite.push_back(-x), twice.push_back(2 * x);
  CHECK(parameter_distances(layout(), a, opposite).whole.cosine == -1);
  CHECK(parameter_distances(layout(), a, opposite).whole.relative == 2);
  CHECK_THAT(parameter_distances(layout(), a, twice).whole.cosine, WithinAbs(1, 1e-15));
  CHECK(parameter_distances(layout(), a, twice).whole.distance > 1);
}

TEST_CASE("parameter_distances: a part that is 0, or did not move, has no direction", "[connectivity]") {
  const Values a{0, 0, 1, 2, 3, 0}, b{0, 0, 1, 2, 4, 0};
  const auto d = parameter_distances(layout(), a, b, a);
  CHECK(d.layers[0].distance == 0);
  CHECK(d.layers[0].relative == 0);
  CHECK(std::isnan(d.layers[0].cosine));
  CHECK(d.layers[1].from_start->a == 0);
  CHECK(d.layers[1].from_start->b == 1);
  CHECK(std::isnan(d.layers[1].from_start->cosine));
}

TEST_CASE("parameter_distances: take float, in double, tiny parameters, and overflow where squares do", "[connectivity]") {
  const std::vector<float> a{16777216, 0, 0, 0, 0, 1}, b{16777216, 0, 0, 0, 0, 0};
  CHECK(parameter_distances(layout(), a, b).whole.distance == 1);
  CHECK(parameter_distances(layout(), std::span<const float>(a), std::span<const float>(b)).whole.distance == 1);
  const Values x{1e-90, 0, 0, 0, 0, 0}, y{1e-90, 1e-90, 0, 0, 0, 0};
  CHECK_THAT(parameter_distances(layout(), x, y).whole.cosine, WithinRel(std::sqrt(0.5), 1e-14));
  const Values vanishing{1e-170, 0, 0, 0, 0, 0};  // its square is 0
  CHECK(std::isnan(parameter_distances(layout(), vanishing, Values(6, 1.0)).whole.cosine));
  const Values huge{1e200, 0, 0, 0, 0, 0};
  CHECK(parameter_distances(layout(), x, huge).whole.distance == std::numeric_limits<double>::infinity());
}

TEST_CASE("parameter_distances: refuse lengths that do not fit, NaN and infinity", "[connectivity][errors]") {
  const Values six(6, 1.0), five(5, 1.0);
  CHECK_THROWS_WITH(parameter_distances(layout(), five, six),
                    "parameter_distances: a has 5 parameters; the layout has 6, and expects one value each");
  CHECK_THROWS_WITH(parameter_distances(layout(), six, five), Catch::Contains("b has 5 parameters"));
  CHECK_THROWS_WITH(parameter_distances(layout(), six, six, five), Catch::Contains("start has 5 parameters"));
  CHECK_THROWS_WITH(parameter_distances(lmc::ParameterLayout(), Values(), Values()), Catch::Contains("a has 0 parameters"));
  for (const double wrong : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    Values bad = six;
    bad[4] = wrong;
    const std::string text = std::isnan(wrong) ? "nan" : "inf";
    CHECK_THROWS_WITH(parameter_distances(layout(), bad, six),
                      "parameter_distances: position 4 of a is " + text + "; expected finite numbers; did a training diverge?");
    CHECK_THROWS_WITH(parameter_distances(layout(), six, bad), Catch::Contains(" of b is " + text));
    CHECK_THROWS_WITH(parameter_distances(layout(), six, six, bad), Catch::Contains(" of start is " + text));
  }
}

}  // namespace connectivity_distances_test
