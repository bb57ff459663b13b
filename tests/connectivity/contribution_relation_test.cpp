// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lmc/connectivity/causes/attribution.hpp>
#include <lmc/connectivity/causes/contribution_relation.hpp>
#include <lmc/core/random.hpp>
#include <span>
#include <utility>
#include <vector>

namespace connectivity_contribution_relation_test {

using Catch::Matchers::WithinAbs;
using lmc::contribution_relation;
using Values = std::vector<double>;

namespace {

double normal(std::uint64_t seed, std::size_t i) { return lmc::normal({.seed = seed}, i); }

// Parameters whose importance goes with |δ|, or not, and whose slopes c/δ go with importance, or not.
struct Simulated {
  Values a, b, c, importance;
};
Simulated simulated(std::size_t n, bool moves_with_importance, bool slope_with_importance) {
  Simulated s;
  for (std::size_t i = 0; i < n; ++i) {
    const double log_importance = normal(1, i);
    const double size = std::exp((moves_with_importance ? log_importance : normal(6, i)) + 0.5 * normal(2, i));
    const double delta = normal(3, i) < 0 ? -size : size;
    const double slope = normal(4, i) * (slope_with_importance ? std::exp(log_importance) : 1);
    s.a.push_back(normal(5, i));
    s.b.push_back(s.a.back() + delta);
    s.c.push_back((s.b.back() - s.a.back()) * slope);
    s.importance.push_back(std::exp(log_importance));
  }
  return s;
}

}  // namespace

TEST_CASE("contribution_relation: is that of the ranks worked out by hand", "[connectivity]") {
  const Values a{0, 0, 0, 7, 0}, b{1, -2, 4, 7, 3};
  const Values c{3, 2, -8, 0, -1.5};  // c/δ = 3, −1, −2, none, −½
  const Values importance{4, 1, 3, 9, 2};
  const auto r = contribution_relation(c, a, b, importance);
  CHECK(r.name == "all");
  CHECK(r.moving == 4);
  CHECK(r.still == 1);
  // Importance has the ranks 4 1 3 2. Without ties, ρ = 1 − Σ d²/10 for four pairs.
  CHECK_THAT(r.contribution, WithinAbs(1 - (1 + 1 + 1 + 1) / 10.0, 1e-15));  // |c|: 3 2 4 1
  CHECK_THAT(r.displacement, WithinAbs(1 - (9 + 1 + 1 + 1) / 10.0, 1e-15));  // |δ|: 1 2 4 3
  CHECK_THAT(r.slope, WithinAbs(1 - (0 + 1 + 4 + 1) / 10.0, 1e-15));         // c/δ: 4 2 1 3
  CHECK_THAT(r.slope_size, WithinAbs(1 - (0 + 1 + 0 + 1) / 10.0, 1e-15));    // |c/δ|: 4 2 3 1
  const double xy = r.contribution, yz = r.displacement, xz = 1 - (4 + 0 + 0 + 4) / 10.0;
  CHECK_THAT(r.partial, WithinAbs((xy - xz * yz) / std::sqrt((1 - xz * xz) * (1 - yz * yz)), 1e-15));
}

TEST_CASE("contribution_relation: importance that has to do with the step alone is seen through", "[connectivity]") {
  constexpr std::size_t n = 20000;
  const auto s = simulated(n, true, false);
  const auto r = contribution_relation(s.c, s.a, s.b, s.importance);
  const double four_errors = 4 / std::sqrt(static_cast<double>(n));
  CHECK(r.displacement > 0.8);
  CHECK(r.contribution > 0.5);
  CHECK(std::abs(r.slope) < four_errors);
  CHECK(std::abs(r.slope_size) < four_errors);
  // The partial one is of straight lines through ranks, which are not quite straight here: it keeps a rest.
  CHECK(std::abs(r.partial) < 0.05);
}

TEST_CASE("contribution_relation: importance that has to do with the slope is found, with and without the step",
          "[connectivity]") {
  for (const bool moves : {false, true}) {
    const auto s = simulated(20000, moves, true);
    const auto r = contribution_relation(s.c, s.a, s.b, s.importance);
    CHECK(r.slope_size > 0.4);
    CHECK(r.partial > 0.2);
    CHECK(std::abs(r.slope) < 0.03);  // slopes of both signs
    CHECK(std::abs(r.displacement) < (moves ? 1 : 0.03));
  }
}

TEST_CASE("contribution_relation: swapping the ends turns the sign of the slope alone", "[connectivity]") {
  const auto s = simulated(500, true, true);
  const auto there = contribution_relation(s.c, s.a, s.b, s.importance),
             back = contribution_relation(s.c, s.b, s.a, s.importance);
  CHECK(back.slope == -there.slope);
  CHECK(back.slope_size == there.slope_size);
  CHECK(back.contribution == there.contribution);
  CHECK(back.displacement == there.displacement);
  CHECK(back.partial == there.partial);
}

TEST_CASE("contribution_relation_by_layer: ranks within each layer", "[connectivity]") {
  lmc::LayoutBuilder builder(lmc::Shape{1});
  const auto add = [&](const char* name, lmc::Index size) { builder.add_parameter(name, size, lmc::Role::weight, {{}}); };
  add("q/weight", 2), add("k/weight", 3), add("q/bias", 2);
  const auto layout = std::move(builder).build();
  const Values a(7, 0.0), b{1, 2, 1, 1, 0, 3, 0}, c{1, 6, -1, 2, 0, 6, 0}, importance{1, 3, 8, 9, 10, 2, 5};
  const auto layers = lmc::contribution_relation_by_layer(layout, c, a, b, importance);
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].name == "q");
  CHECK(layers[0].moving == 3);
  CHECK(layers[0].still == 1);
  CHECK(layers[0].slope == 1);           // 1, 3, 2 and 1, 3, 2
  CHECK(layers[0].displacement == 0.5);  // 1, 2, 3
  CHECK(layers[1].name == "k");
  CHECK(layers[1].moving == 2);
  CHECK(layers[1].still == 1);
  CHECK(layers[1].slope == 1);
  CHECK(std::isnan(layers[1].displacement));  // both moved equally far
  CHECK(std::isnan(layers[1].partial));
  // Together, as if they were one layer.
  CHECK(contribution_relation(c, a, b, importance).moving == 5);
}

TEST_CASE("contribution_relation: takes what barrier_contributions gives, in float", "[connectivity]") {
  const auto quartic = [](std::span<const float> theta, std::span<float> gradient) {
    double loss = 0;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      const double w = static_cast<double>(i + 1), t = static_cast<double>(theta[i]);
      loss += w * t * t * t * t;
      gradient[i] = static_cast<float>(4 * w * t * t * t);
    }
    return loss;
  };
  const std::vector<float> a{1, 1, 1, 1}, b{-1, -1, -1, 1};
  const auto contributions = lmc::barrier_contributions(a, b, quartic).contributions;  // −w for those that move
  const auto r = contribution_relation(contributions, a, b, Values{1, 2, 3, 4});
  CHECK(r.still == 1);
  CHECK(r.contribution == 1);
  CHECK(r.slope == 1);
}

TEST_CASE("contribution_relation: is NaN where fewer than two parameters move", "[connectivity]") {
  const Values a{0, 0}, b{0, 1}, c{0, 1}, importance{1, 2};
  CHECK(std::isnan(contribution_relation(c, a, b, importance).contribution));
  const auto none = contribution_relation(Values{0, 0}, a, a, importance);
  CHECK(none.moving == 0);
  CHECK(none.still == 2);
  CHECK(std::isnan(none.slope));
}

TEST_CASE("contribution_relation: refuses lengths that do not fit, NaN and infinity", "[connectivity][errors]") {
  const Values two{1, 2}, three{1, 2, 3};
  CHECK_THROWS_WITH(
      contribution_relation(two, three, three, three),
      "contribution_relation: 2 contributions, 3 parameters in a, 3 in b, and importance of 3; expected one each for "
      "every parameter");
  CHECK_THROWS_WITH(contribution_relation(three, two, three, three), Catch::Contains("2 parameters in a"));
  CHECK_THROWS_WITH(contribution_relation(three, three, two, three), Catch::Contains("2 in b"));
  CHECK_THROWS_WITH(contribution_relation(three, three, three, two), Catch::Contains("importance of 2"));
  CHECK_THROWS_WITH(contribution_relation(Values(), Values(), Values(), Values()), Catch::Contains("0 contributions"));
  const Values nan{1, 2, std::nan("")}, infinite{std::numeric_limits<double>::infinity(), 2, 3};
  CHECK_THROWS_WITH(contribution_relation(nan, three, three, three), Catch::Contains("position 2 of contributions is nan"));
  CHECK_THROWS_WITH(contribution_relation(three, infinite, three, three), Catch::Contains("position 0 of a is inf"));
  CHECK_THROWS_WITH(contribution_relation(three, three, nan, three), Catch::Contains(" of b is nan"));
  CHECK_THROWS_WITH(contribution_relation(three, three, three, infinite), Catch::Contains(" of importance is inf"));
  CHECK_THROWS_WITH(lmc::contribution_relation_by_layer(lmc::ParameterLayout(), three, three, three, three),
                    "contribution_relation: a has 3 parameters; the layout has 0, and expects one value each");
  CHECK_THROWS_WITH(lmc::contribution_relation_by_layer(lmc::ParameterLayout(), three, three, infinite, three),
                    Catch::Contains(" of b is inf"));
}

}  // namespace connectivity_contribution_relation_test
