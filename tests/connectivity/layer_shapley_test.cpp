// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/layer_paths.hpp>
#include <lmc/connectivity/causes/layer_shapley.hpp>
#include <lmc/connectivity/linear_path.hpp>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

#include "support/curves.hpp"
#include "support/layers.hpp"

namespace connectivity_layer_shapley_test {

using Catch::Matchers::WithinAbs;
using Theta = std::span<const double>;

namespace {

// As many layers as there are parameters; all interact.
lmc::ParameterLayout layers(std::size_t count) {
  std::vector<std::pair<std::string, lmc::Index>> segments;
  for (std::size_t l = 0; l < count; ++l) segments.emplace_back("layer" + std::to_string(l) + "/weight", 1);
  return testing::layout_of(segments);
}
double loss(Theta t) {
  double sum = 0, product = 1;
  for (std::size_t i = 0; i < t.size(); ++i) {
    sum += static_cast<double>(i + 1) * t[i];
    product *= 1.5 - t[i];
  }
  return std::sin(sum) + product + t[0] * t[t.size() - 1];
}
lmc::Metrics measured(Theta t) { return {.loss = loss(t), .error = 0.5 + std::cos(5 * loss(t)) / 4, .count = 100}; }
double error(Theta t) { return *measured(t).error; }

// What layers add one after the other, averaged over all orders and, with weights ᾱ and α, over both ends: by the definition, θ by
// θ, with plain weights.
template <class F>
std::vector<double> over_all_orders(F f, const std::vector<double>& a, const std::vector<double>& b, double alpha) {
  std::vector<std::size_t> order(a.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<double> phi(a.size());
  double orders = 0;
  do {
    ++orders;
    for (const bool from_a : {true, false}) {
      std::vector<double> theta = from_a ? a : b;
      double before = f(theta);
      for (const std::size_t layer : order) {
        theta[layer] = (1 - alpha) * a[layer] + alpha * b[layer];
        const double after = f(theta);
        phi[layer] += (from_a ? 1 - alpha : alpha) * (after - before);
        before = after;
      }
    }
  } while (std::ranges::next_permutation(order).found);
  for (double& x : phi) x /= orders;
  return phi;
}

}  // namespace

TEST_CASE("layer_shapley: is the mean over all orders in which the layers can be moved", "[connectivity]") {
  for (const std::size_t count : {1U, 2U, 3U, 4U, 5U})
    for (const double alpha : {0.5, 0.2, 0.9}) {
      CAPTURE(count, alpha);
      const auto a = testing::random_values(count, 1), b = testing::random_values(count, 2);
      const auto result = lmc::layer_shapley(layers(count), a, b, measured, {.alpha = alpha});
      const auto losses = over_all_orders(loss, a, b, alpha), errors = over_all_orders(error, a, b, alpha);
      REQUIRE(result.layers.size() == count);
      CHECK(result.exact);
      for (std::size_t l = 0; l < count; ++l) {
        CHECK(result.layers[l].name == "layer" + std::to_string(l));
        CHECK_THAT(result.layers[l].share.loss, WithinAbs(losses[l], 1e-14));
        CHECK_THAT(*result.layers[l].share.error, WithinAbs(errors[l], 1e-14));
        CHECK(result.layers[l].standard_error == lmc::LossAndError{0, 0.0});
      }
    }
}

TEST_CASE("layer_shapley: the shares add up to the height above the chord, exact and sampled", "[connectivity]") {
  for (const std::size_t count : {3U, 8U, 9U, 14U})
    for (const lmc::Index exact_up_to : {0, 8}) {
      const auto a = testing::random_values(count, 3), b = testing::random_values(count, 4);
      const auto curve = lmc::linear_path(a, b, measured, {.alphas = 5});
      const auto& p = curve.points[3];
      const auto result =
          lmc::layer_shapley(layers(count), a, b, measured, {.alpha = p.alpha, .exact_up_to = exact_up_to, .permutations = 6});
      CAPTURE(count, exact_up_to);
      CHECK(result.exact == (static_cast<lmc::Index>(count) <= exact_up_to));
      CHECK(result.alpha == p.alpha);
      const double height = lmc::detail::above_chord(curve, p, lmc::Metric::loss);
      CHECK_THAT(result.height.loss, WithinAbs(height, 1e-14));
      CHECK_THAT(result.sum.loss, WithinAbs(height, 1e-14));
      CHECK_THAT(*result.height.error, WithinAbs(lmc::detail::above_chord(curve, p, lmc::Metric::error), 1e-14));
      CHECK_THAT(*result.sum.error, WithinAbs(*result.height.error, 1e-14));
      double sum = 0;
      for (const lmc::LayerShare& layer : result.layers) sum += layer.share.loss;
      CHECK(result.sum.loss == sum);
    }
}

TEST_CASE("layer_shapley: one layer gets everything, and none where nothing moves or at an end", "[connectivity]") {
  const auto a = testing::random_values(4, 1), b = testing::random_values(4, 2);
  const auto one = lmc::layer_shapley(testing::layout_of({{"dense1/weight", 3}, {"dense1/bias", 1}}), a, b, measured);
  REQUIRE(one.layers.size() == 1);
  CHECK(one.layers[0].share == one.height);
  CHECK(one.evaluations == 3);
  const auto same = lmc::layer_shapley(layers(4), a, a, measured);
  CHECK(same.evaluations == 1);
  CHECK(same.height == lmc::LossAndError{0, 0.0});
  for (const auto& layer : same.layers) CHECK(layer.share == lmc::LossAndError{0, 0.0});
  for (const double alpha : {0.0, 1.0}) {
    const auto end = lmc::layer_shapley(layers(4), a, b, measured, {.alpha = alpha});
    for (const auto& layer : end.layers) CHECK(layer.share == lmc::LossAndError{0, 0.0});
  }
}

TEST_CASE("layer_shapley: a layer that does not move has no part, costs nothing, and does not count", "[connectivity]") {
  const auto a = testing::random_values(10, 1);
  auto b = testing::random_values(10, 2);
  b[2] = a[2], b[7] = a[7];
  const auto result = lmc::layer_shapley(layers(10), a, b, measured);
  CHECK(result.exact);  // 8 of 10 move
  CHECK(result.evaluations == 511);
  CHECK(result.layers[2].share == lmc::LossAndError{0, 0.0});
  CHECK(result.layers[7].share == lmc::LossAndError{0, 0.0});
  // The others have what they have in the network of which these two are a constant part.
  const std::vector<std::size_t> moving{0, 1, 3, 4, 5, 6, 8, 9};
  std::vector<double> moving_a, moving_b;
  for (const std::size_t l : moving) moving_a.push_back(a[l]), moving_b.push_back(b[l]);
  const auto without = [&](Theta t) {
    std::vector<double> all = a;
    std::size_t i = 0;
    for (const std::size_t l : moving) all[l] = t[i++];
    return measured(all);
  };
  const auto reduced = lmc::layer_shapley(layers(8), moving_a, moving_b, without);
  CHECK(reduced.layers[2].share == result.layers[3].share);
  CHECK(reduced.layers[7].share == result.layers[9].share);
  const auto sampled = lmc::layer_shapley(layers(10), a, b, measured, {.exact_up_to = 0, .permutations = 4});
  CHECK(sampled.layers[2].share == lmc::LossAndError{0, 0.0});
  CHECK(sampled.layers[2].standard_error == lmc::LossAndError{0, 0.0});
  CHECK(sampled.layers[3].standard_error.loss > 0);
}

TEST_CASE("layer_shapley: layers that play the same part have the same share", "[connectivity]") {
  const auto symmetric = [](Theta t) {
    return lmc::Metrics{.loss = std::exp(t[0] * t[1]) + std::sin(t[0] + t[1] + 2 * t[2]) * t[3], .count = 1};
  };
  const std::vector<double> a{0.3, 0.3, 1, -2}, b{-1, -1, 0.5, 1};
  const auto result = lmc::layer_shapley(layers(4), a, b, symmetric, {.alpha = 0.3});
  CHECK_THAT(result.layers[0].share.loss, WithinAbs(result.layers[1].share.loss, 1e-15));
  CHECK(std::abs(result.layers[0].share.loss - result.layers[2].share.loss) > 0.01);
  CHECK_FALSE(result.layers[0].share.error);
  CHECK_FALSE(result.sum.error);
}

TEST_CASE("layer_shapley: of a sum over layers, each has the height of its own term", "[connectivity]") {
  const auto separable = [](Theta t) {
    return lmc::Metrics{.loss = std::exp(t[0]) + std::exp(2 * t[1]) + std::exp(3 * t[2]), .count = 1};
  };
  const std::vector<double> a{0, 1, 0.5}, b{1, -1, 2};
  for (const lmc::Index exact_up_to : {0, 8}) {
    const auto result = lmc::layer_shapley(layers(3), a, b, separable, {.alpha = 0.3, .exact_up_to = exact_up_to});
    for (std::size_t l = 0; l < 3; ++l) {
      const double factor = static_cast<double>(l + 1);
      const double own =
          std::exp(factor * (0.7 * a[l] + 0.3 * b[l])) - 0.7 * std::exp(factor * a[l]) - 0.3 * std::exp(factor * b[l]);
      CHECK_THAT(result.layers[l].share.loss, WithinAbs(own, 1e-13));
      CHECK_THAT(result.layers[l].standard_error.loss, WithinAbs(0, 1e-13));
    }
  }
}

TEST_CASE("layer_shapley: swapping the ends keeps every share to the bit", "[connectivity]") {
  const auto a = testing::random_values(6, 1), b = testing::random_values(6, 2);
  for (const double alpha : {0.5, 0.25, 0.8})  // 1 − 0.8 is exact, as it is from ½ on
    for (const lmc::Index exact_up_to : {0, 8}) {
      const auto there = lmc::layer_shapley(layers(6), a, b, measured, {.alpha = alpha, .exact_up_to = exact_up_to});
      const auto back = lmc::layer_shapley(layers(6), b, a, measured, {.alpha = 1 - alpha, .exact_up_to = exact_up_to});
      CHECK(there.height == back.height);
      for (std::size_t l = 0; l < 6; ++l) {
        CHECK(there.layers[l].share == back.layers[l].share);
        CHECK(there.layers[l].standard_error == back.layers[l].standard_error);
      }
    }
  const auto there = lmc::layer_shapley(layers(6), a, b, measured, {.alpha = 0.1});
  const auto back = lmc::layer_shapley(layers(6), b, a, measured, {.alpha = 0.9});
  for (std::size_t l = 0; l < 6; ++l) CHECK_THAT(back.layers[l].share.loss, WithinAbs(there.layers[l].share.loss, 1e-14));
}

TEST_CASE("layer_shapley: sampled shares are the exact ones within their standard errors", "[connectivity][long]") {
  const auto a = testing::random_values(6, 1), b = testing::random_values(6, 2);
  const auto exact = lmc::layer_shapley(layers(6), a, b, measured);
  // 300 samples of 60 pairs: the share of deviations above 1.96 standard errors is near 5 %, and their mean square near 1.
  double above = 0, squares = 0, mean = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto sampled = lmc::layer_shapley(layers(6), a, b, measured, {.exact_up_to = 0, .permutations = 120, .seed = seed});
    for (std::size_t l = 0; l < 6; ++l)
      for (const bool of_error : {false, true}) {
        const auto value = [&](const lmc::LossAndError& x) { return of_error ? *x.error : x.loss; };
        const double z =
            (value(sampled.layers[l].share) - value(exact.layers[l].share)) / value(sampled.layers[l].standard_error);
        above += std::abs(z) > 1.96 ? 1 : 0;
        squares += z * z;
        mean += z;
      }
  }
  CHECK_THAT(above / 3600, WithinAbs(0.055, 0.02));
  CHECK_THAT(squares / 3600, WithinAbs(1.03, 0.12));
  CHECK_THAT(mean / 3600, WithinAbs(0, 0.08));
  // By hand: 1 and 4 have the variance 4.5, their mean the variance 2.25.
  const std::vector<double> two{1, 4};
  CHECK(lmc::detail::mean_of_pairs(two).value == 2.5);
  CHECK(lmc::detail::mean_of_pairs(two).standard_error == 1.5);
  // Standard errors fall as 1/√permutations.
  const auto standard_error = [&](lmc::Index permutations) {
    return lmc::layer_shapley(layers(6), a, b, measured, {.exact_up_to = 0, .permutations = permutations})
        .layers[2]
        .standard_error.loss;
  };
  CHECK_THAT(standard_error(1600) / standard_error(400), WithinAbs(0.5, 0.08));
}

TEST_CASE("layer_shapley: an order and its reverse are one sample", "[connectivity]") {
  // Where layers interact in pairs alone, both orders of a pair together are exact.
  const auto in_pairs = [](Theta t) {
    double sum = 0;
    for (std::size_t i = 0; i < t.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) sum += static_cast<double>(3 * i + j) * t[i] * t[j];
    return lmc::Metrics{.loss = sum, .count = 1};
  };
  const auto a = testing::random_values(12, 1), b = testing::random_values(12, 2);
  const auto few = lmc::layer_shapley(layers(12), a, b, in_pairs, {.permutations = 4});
  const auto all = lmc::layer_shapley(layers(12), a, b, in_pairs, {.exact_up_to = 12});
  CHECK_FALSE(few.exact);
  CHECK(all.exact);
  for (std::size_t l = 0; l < 12; ++l) {
    CHECK_THAT(few.layers[l].share.loss, WithinAbs(all.layers[l].share.loss, 1e-12));
    CHECK_THAT(few.layers[l].standard_error.loss, WithinAbs(0, 1e-12));
  }
}

TEST_CASE("layer_shapley: measures each different θ once, and as many as it says", "[connectivity]") {
  const auto a = testing::random_values(10, 1), b = testing::random_values(10, 2);
  std::multiset<std::vector<double>> seen;
  const auto counted = [&](Theta t) {
    seen.insert({t.begin(), t.end()});
    return measured(t);
  };
  const auto once = [&] { return std::ranges::adjacent_find(seen) == seen.end(); };
  const auto exact = lmc::layer_shapley(layers(10), a, b, counted, {.exact_up_to = 10});
  CHECK(exact.evaluations == 2047);  // 2¹¹ − 1
  CHECK(seen.size() == 2047);
  CHECK(once());
  seen.clear();
  const auto sampled = lmc::layer_shapley(layers(10), a, b, counted, {.permutations = 8});
  CHECK(sampled.evaluations == static_cast<lmc::Index>(seen.size()));
  CHECK(sampled.evaluations <= 2 * 9 * 8 + 3);
  CHECK(sampled.evaluations > 100);
  CHECK(once());
}

TEST_CASE("layer_shapley: orders depend on the seed alone", "[connectivity]") {
  const auto a = testing::random_values(9, 1), b = testing::random_values(9, 2);
  const auto shares = [&](std::uint64_t seed) {
    std::vector<double> values;
    for (const auto& layer : lmc::layer_shapley(layers(9), a, b, measured, {.permutations = 4, .seed = seed}).layers)
      values.push_back(layer.share.loss);
    return values;
  };
  CHECK(shares(1) == shares(1));
  CHECK(shares(1) != shares(2));
}

TEST_CASE("layer_shapley: draws orders from random numbers that nothing else has", "[connectivity]") {
  const auto orders = lmc::detail::sampled_orders({0, 1, 2, 3, 4}, 6, 9);
  REQUIRE(orders.size() == 6);
  for (std::uint32_t pair = 0; pair < 3; ++pair) {
    std::vector<std::size_t> order{0, 1, 2, 3, 4};
    lmc::shuffle({.seed = 9, .purpose = lmc::Purpose::layer_order, .epoch = pair}, std::span(order));
    CHECK(orders[2 * pair] == order);
  }
}

TEST_CASE("layer_shapley: takes float, and layers of one's own", "[connectivity]") {
  const auto squares = [](std::span<const float> t) {
    return lmc::Metrics{.loss = double{t[0]} * double{t[0]} + 10 * double{t[1]} * double{t[2]}, .count = 1};
  };
  const std::vector<float> a{1, 0, 1}, b{3, 2, -1};
  const lmc::LayerGroups groups(layers(3), {{"product", {1, 2}}, {"square", {0}}});
  const auto result = lmc::layer_shapley(groups, a, b, squares);
  REQUIRE(result.layers.size() == 2);
  CHECK(result.layers[0].name == "product");
  CHECK(result.layers[0].share.loss == 10);  // 0 in the middle, 0 and −20 at the ends
  CHECK(result.layers[1].share.loss == -1);
}

TEST_CASE("layer_shapley: refuses what is out of range, and ends and evaluators that do not fit", "[connectivity][errors]") {
  using lmc::layer_shapley;
  const auto layout = layers(6);
  const auto a = testing::random_values(6, 1), b = testing::random_values(6, 2);
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(layer_shapley(layout, a, b, measured, {.alpha = nan}), Catch::Contains("layer_shapley: alpha = nan"));
  CHECK_THROWS_WITH(layer_shapley(layout, a, b, measured, {.alpha = 1.5}), Catch::Contains("alpha = 1.5"));
  CHECK_THROWS_WITH(layer_shapley(layout, a, b, measured, {.exact_up_to = 21}),
                    Catch::Contains("exact_up_to = 21; expected 0 to 16 layers"));
  CHECK_THROWS_WITH(layer_shapley(layout, a, b, measured, {.exact_up_to = -1}), Catch::Contains("exact_up_to = -1"));
  for (const lmc::Index permutations : {-2, 0, 2, 7, 100'002})
    CHECK_THROWS_WITH(layer_shapley(layout, a, b, measured, {.permutations = permutations}),
                      Catch::Contains("expected an even number from 4 to 100000"));
  CHECK_THROWS_WITH(layer_shapley(layout, a, {1, 2, 3}, measured), Catch::Contains("a has 6 parameters and b 3"));
  CHECK_THROWS_WITH(layer_shapley(layers(5), a, b, measured), Catch::Contains("the layers have 5"));
  auto bad = a;
  bad[1] = nan;
  CHECK_THROWS_WITH(layer_shapley(layout, bad, b, measured), Catch::Contains("parameter 1 of a is nan"));
  auto diverges = [&, calls = 0](Theta t) mutable {
    auto m = measured(t);
    if (++calls == 40) m.loss = nan;
    return m;
  };
  CHECK_THROWS_WITH(layer_shapley(layout, a, b, diverges), Catch::Contains("the evaluator gave the loss nan"));
  const auto a_before = a, b_before = b;
  auto throws = [calls = 0](Theta t) mutable {
    if (++calls == 40) throw std::runtime_error("out of paper");
    return measured(t);
  };
  CHECK_THROWS_WITH(layer_shapley(layout, a, b, throws), Catch::Contains("out of paper"));
  CHECK(a == a_before);
  CHECK(b == b_before);
}

}  // namespace connectivity_layer_shapley_test
