// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/exact/exact_error.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <lmc/connectivity/exact/exact_error_curve.hpp>
#include <lmc/connectivity/interpolate.hpp>
#include <lmc/core/error.hpp>
#include <lmc/core/random.hpp>

namespace connectivity_exact_error_test {

using Catch::Contains;
using Catch::Matchers::WithinAbs;
using lmc::ExactErrorCurve;
using lmc::Index;
using lmc::PathWeights;

namespace {

/// Two networks with one hidden layer as pre-activations and readouts, and examples with labels.
template <class T>
struct Pair {
  Index hidden = 0, classes = 0;
  double slope = 0;
  std::vector<T> weight_a = {}, weight_b = {}, bias_a = {}, bias_b = {}, at_a = {}, at_b = {};
  std::vector<std::int32_t> labels = {};

  [[nodiscard]] lmc::ReadoutPair<T> readouts() const {
    return {.hidden = hidden,
            .classes = classes,
            .slope = slope,
            .weight_a = weight_a,
            .weight_b = weight_b,
            .bias_a = bias_a,
            .bias_b = bias_b};
  }
  [[nodiscard]] ExactErrorCurve exact() const {
    return lmc::exact_error_curve<T>(readouts(), std::span<const T>(at_a), std::span<const T>(at_b), labels);
  }
  [[nodiscard]] Pair swapped() const {
    return {hidden, classes, slope, weight_b, weight_a, bias_b, bias_a, at_b, at_a, labels};
  }
  /// Whether the prediction for an example is wrong at a place, by a plain loop in long double.
  [[nodiscard]] bool is_wrong(std::size_t example, long double alpha) const {
    const auto line = [&](const std::vector<T>& a, const std::vector<T>& b, std::size_t i) {
      return (1 - alpha) * static_cast<long double>(a[i]) + alpha * static_cast<long double>(b[i]);
    };
    const auto units = static_cast<std::size_t>(hidden);
    std::size_t best = 0;
    long double greatest = -std::numeric_limits<long double>::infinity();
    for (std::size_t c = 0; c < static_cast<std::size_t>(classes); ++c) {
      long double z = bias_a.empty() ? 0 : line(bias_a, bias_b, c);
      for (std::size_t j = 0; j < units; ++j) {
        const long double h = line(at_a, at_b, example * units + j);
        z += line(weight_a, weight_b, c * units + j) * (h > 0 ? h : static_cast<long double>(slope) * h);
      }
      if (z > greatest) {
        greatest = z;
        best = c;
      }
    }
    return best != static_cast<std::size_t>(labels[example]);
  }
};

/// Random networks; a share `near` of b is a.
template <class T>
Pair<T> random_pair(Index examples, Index hidden, Index classes, double slope, double near, bool bias, std::uint64_t seed) {
  Pair<T> pair{.hidden = hidden, .classes = classes, .slope = slope};
  std::uint32_t part = 0;
  const auto fill = [&](std::vector<T>& a, std::vector<T>& b, Index count) {
    ++part;
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
      const lmc::Stream stream{.seed = seed, .part = part};
      a.push_back(static_cast<T>(lmc::normal(stream, 2 * i)));
      b.push_back(static_cast<T>(near * static_cast<double>(a.back()) + (1 - near) * lmc::normal(stream, 2 * i + 1)));
    }
  };
  fill(pair.weight_a, pair.weight_b, hidden * classes);
  if (bias) fill(pair.bias_a, pair.bias_b, classes);
  fill(pair.at_a, pair.at_b, examples * hidden);
  for (Index i = 0; i < examples; ++i) {
    // The class that wins in the middle or at a quarter, so that there are flips in both directions.
    pair.labels.push_back(0);
    const auto n = static_cast<std::size_t>(i);
    for (std::int32_t c = 0; c < classes; ++c) {
      pair.labels[n] = c;
      if (!pair.is_wrong(n, i % 2 == 0 ? 0.5L : 0.25L)) break;
    }
  }
  return pair;
}

/// Compares the curve with the predictions at `points` places between the ends.
template <class T>
void check_on_grid(const Pair<T>& pair, const ExactErrorCurve& curve, int points) {
  for (std::size_t i = 0; i < pair.labels.size(); ++i) {
    const auto stretches = lmc::wrong_stretches(curve, static_cast<Index>(i));
    int differences = 0;
    for (int k = 1; k + 1 < points; ++k) {
      const double alpha = static_cast<double>(k) / (points - 1);
      bool wrong = false, near_flip = false;
      for (const auto& [from, to] : stretches) {
        wrong = wrong || (alpha > from.alpha && alpha < to.alpha);
        near_flip = near_flip || std::abs(alpha - from.alpha) < 1e-12 || std::abs(alpha - to.alpha) < 1e-12;
      }
      if (!near_flip) differences += wrong != pair.is_wrong(i, static_cast<long double>(alpha));
    }
    CAPTURE(i);
    CHECK(differences == 0);
  }
}

/// One example of two classes, label 0: class 1 wins by d(α) = z₁ − z₀ > 0.
Pair<double> two_classes(std::vector<double> at_a, std::vector<double> at_b, std::vector<double> weight_a,
                         std::vector<double> weight_b, double bias_a = 0, double bias_b = 0) {
  Pair<double> pair{.hidden = static_cast<Index>(at_a.size()), .classes = 2};
  pair.weight_a.resize(at_a.size());
  pair.weight_b.resize(at_a.size());
  pair.weight_a.insert(pair.weight_a.end(), weight_a.begin(), weight_a.end());
  pair.weight_b.insert(pair.weight_b.end(), weight_b.begin(), weight_b.end());
  pair.bias_a = {0, bias_a};
  pair.bias_b = {0, bias_b};
  pair.at_a = std::move(at_a);
  pair.at_b = std::move(at_b);
  pair.labels = {0};
  return pair;
}

}  // namespace

TEMPLATE_TEST_CASE("exact_error_curve: is what a plain loop predicts on 100,001 points", "[connectivity][long]", float,
                   double) {
  for (const double near : {0.0, 0.9}) {
    const auto pair = random_pair<TestType>(near == 0 ? 4 : 16, 20, 10, 0, near, true, 1);
    const ExactErrorCurve curve = pair.exact();
    CHECK_FALSE(curve.flips.empty());
    check_on_grid(pair, curve, near == 0 ? 100'001 : 10'001);
  }
}

TEST_CASE("exact_error_curve: is what a plain loop predicts for slopes, classes and widths of all kinds", "[connectivity]") {
  std::uint64_t seed = 2;
  std::size_t flips = 0;
  for (const double slope : {0.0, 0.01, 0.5, 1.0})
    for (const Index classes : {2, 3, 8, 9, 17})
      for (const Index hidden : {1, 2, 7, 33}) {
        CAPTURE(slope, classes, hidden);
        const auto pair = random_pair<float>(6, hidden, classes, slope, 0.3, seed % 2 == 0, seed);
        const ExactErrorCurve curve = pair.exact();
        check_on_grid(pair, curve, 101);
        flips += curve.flips.size();
        ++seed;
      }
  CHECK(flips > 100);
}

TEST_CASE("exact_error_curve: finds flips where bisection in long double does", "[connectivity]") {
  const auto pair = random_pair<double>(20, 30, 5, 0, 0.2, true, 5);
  const ExactErrorCurve curve = pair.exact();
  REQUIRE(curve.flips.size() > 10);
  for (const lmc::ErrorFlip& flip : curve.flips) {
    const auto example = static_cast<std::size_t>(flip.example);
    long double low = static_cast<long double>(flip.at.alpha) - 1e-9L, high = static_cast<long double>(flip.at.alpha) + 1e-9L;
    REQUIRE(pair.is_wrong(example, low) != flip.wrong);
    REQUIRE(pair.is_wrong(example, high) == flip.wrong);
    for (int i = 0; i < 60; ++i) {
      const long double middle = (low + high) / 2;
      (pair.is_wrong(example, middle) == flip.wrong ? high : low) = middle;
    }
    // A root of condition 1 is good to some units in the last place of α; logits here are of order 5 and slopes of order 1.
    CHECK_THAT(flip.at.alpha, WithinAbs(static_cast<double>(low), 1e-13));
    CHECK_THAT(flip.at.alpha + flip.at.alpha_bar, WithinAbs(1, 1e-15));
  }
}

TEST_CASE("exact_error_curve: cases worked out by hand", "[connectivity]") {
  const auto only = [](const ExactErrorCurve& curve) {
    REQUIRE(curve.flips.size() == 1);
    return curve.flips.front();
  };
  SECTION("one active unit: d = 2α − 1") {
    const auto flip = only(two_classes({1}, {1}, {-1}, {1}).exact());
    CHECK(flip == lmc::ErrorFlip{{0.5, 0.5}, 0, true});
  }
  SECTION("a unit that becomes active in the middle: d = relu(2α − 1) (weight 1) is above 0 from ½ on") {
    const auto flip = only(two_classes({-1}, {1}, {1}, {1}).exact());
    CHECK(flip == lmc::ErrorFlip{{0.5, 0.5}, 0, true});
  }
  SECTION("equal breakpoints: one unit goes where another comes, and d = |2α − 1| is 0 at ½ alone") {
    const ExactErrorCurve curve = two_classes({-1, 1}, {1, -1}, {1, 1}, {1, 1}).exact();
    CHECK(curve.wrong[0]);
    CHECK(curve.flips.empty());
  }
  SECTION("a tangent root: d = −(2α − 1)² (slope 1) is 0 at one point, where the classes tie, and the first one is right") {
    auto pair = two_classes({-1}, {1}, {1}, {-1});
    pair.slope = 1;
    const ExactErrorCurve curve = pair.exact();
    CHECK(curve.flips.empty());
    CHECK_FALSE(curve.wrong[0]);
  }
  SECTION("d = (2α − 1)² (slope 1): wrong everywhere but at one point, which is left out") {
    auto pair = two_classes({-1}, {1}, {-1}, {1});
    pair.slope = 1;
    const ExactErrorCurve curve = pair.exact();
    CHECK(curve.wrong[0]);
    CHECK(curve.flips.empty());
  }
  SECTION("d = 1/16 − (2α − 1)² (slope 1): wrong between 3/8 and 5/8") {
    auto pair = two_classes({-1}, {1}, {1}, {-1}, 0.0625, 0.0625);
    pair.slope = 1;
    const ExactErrorCurve curve = pair.exact();
    REQUIRE(curve.flips.size() == 2);
    CHECK_THAT(curve.flips[0].at.alpha, WithinAbs(0.375, 1e-15));
    CHECK_THAT(curve.flips[1].at.alpha, WithinAbs(0.625, 1e-15));
    CHECK(curve.flips[0].wrong);
  }
  SECTION("dead units: classes tie, and the first one is predicted") {
    auto pair = two_classes({-1, -2}, {-3, -1}, {5, 7}, {2, 1});
    CHECK_FALSE(pair.exact().wrong[0]);
    pair.labels = {1};
    CHECK(pair.exact().wrong[0]);
    CHECK(pair.exact().flips.empty());
  }
  SECTION("units that all die on the way: from there on the biases tie, whatever was rounded before") {
    // 0.1, 0.2, 0.3: sums of their products round.
    auto pair = two_classes({0.1, 0.2, 0.3}, {-0.3, -0.3, -0.1}, {0.7, 0.1, 0.9}, {0.3, 0.2, 0.6});
    const ExactErrorCurve curve = pair.exact();
    CHECK(curve.wrong[0]);
    const auto flip = only(curve);
    CHECK_FALSE(flip.wrong);
    CHECK_THAT(flip.at.alpha, WithinAbs(0.75, 1e-15));  // 0.3 / (0.3 + 0.1), the last unit to die
  }
  SECTION("three classes: wrong goes from one class to another without a flip") {
    // z = (0, ½ − α, α − ¼): class 1 beats the label until ½, class 2 from ¼ on.
    const std::vector<double> a{0, 0.5, -0.25}, b{0, -0.5, 0.75};
    const std::vector<std::int32_t> labels{0};
    const ExactErrorCurve curve = lmc::exact_error_curve<double>(a, b, labels);
    CHECK(curve.wrong[0]);
    CHECK(curve.flips.empty());
  }
}

TEST_CASE("exact_error_curve: linear logits flip where two lines cross", "[connectivity]") {
  // Two examples of two classes: z₁ − z₀ = 3α − 1 and 1 − 4α.
  const std::vector<double> a{0, -1, 0, 1}, b{0, 2, 0, -3};
  const std::vector<std::int32_t> labels{0, 0};
  const ExactErrorCurve curve = lmc::exact_error_curve<double>(a, b, labels);
  CHECK(curve.wrong == std::vector<bool>{false, true});
  REQUIRE(curve.flips.size() == 2);
  CHECK(curve.flips[0].example == 1);
  CHECK_THAT(curve.flips[0].at.alpha, WithinAbs(0.25, 1e-15));
  CHECK_FALSE(curve.flips[0].wrong);
  CHECK_THAT(curve.flips[1].at.alpha, WithinAbs(1.0 / 3, 1e-15));
  CHECK(lmc::exact_error_curve<double>(b, a, labels) == lmc::mirrored(curve));
}

TEST_CASE("exact_error_curve: equal networks never change, and swapped ones give the mirror image to the bit",
          "[connectivity]") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto pair = random_pair<float>(30, 25, 7, seed % 2 == 0 ? 0.1 : 0, 0.5, true, seed);
    CHECK(pair.swapped().exact() == lmc::mirrored(pair.exact()));
    CHECK_FALSE(pair.exact().flips.empty());
    auto equal = pair;
    equal.weight_b = equal.weight_a;
    equal.bias_b = equal.bias_a;
    equal.at_b = equal.at_a;
    CHECK(equal.exact().flips.empty());
  }
}

TEST_CASE("exact_error_curve: neither tiny nor large logits lose their flip, and larger ones are refused", "[connectivity]") {
  const std::vector<std::int32_t> labels{0};
  for (const double size : {1e-290, 1e-170, 1e-30, 1e30, 1e90}) {
    CAPTURE(size);
    const std::vector<double> a{size, 0}, b{-3 * size, 0};
    const ExactErrorCurve curve = lmc::exact_error_curve<double>(a, b, labels);
    CHECK_FALSE(curve.wrong[0]);
    REQUIRE(curve.flips.size() == 1);
    CHECK_THAT(curve.flips[0].at.alpha, WithinAbs(0.25, 1e-14));
  }
  const std::vector<double> a{1e160, 0}, b{-3e160, 0};
  CHECK_THROWS_WITH(lmc::exact_error_curve<double>(a, b, labels), Contains("expected less than 1e100 in size"));
  auto pair = two_classes({1e80}, {1e80}, {1e30}, {-1e30});
  CHECK_THROWS_WITH(pair.exact(), Contains("expected less than 1e100 in size"));
}

TEST_CASE("exact_error_curve: what does not fit is refused", "[connectivity][errors]") {
  const auto pair = random_pair<float>(3, 4, 3, 0, 0, true, 1);
  const auto refused = [](const Pair<float>& bad, const std::string& reason) {
    CHECK_THROWS_WITH(bad.exact(), Contains(reason));
  };
  auto bad = pair;
  bad.labels.pop_back();
  refused(bad, "12 pre-activations at a and 12 at b for 2 labels; expected 4 for each example");
  bad = pair;
  bad.labels[1] = 3;
  refused(bad, "example 1 has the label 3; expected 0 to 2");
  bad.labels[1] = -1;
  refused(bad, "example 1 has the label -1");
  bad = pair;
  bad.labels.clear();
  refused(bad, "there are no labels");
  bad = pair;
  bad.weight_b.pop_back();
  refused(bad, "weight_a has 12 entries and weight_b 11; expected classes · hidden, 3 · 4");
  bad = pair;
  bad.bias_b.clear();
  refused(bad, "bias_a has 3 entries and bias_b 0");
  bad = pair;
  bad.slope = 1.5;
  refused(bad, "slope = 1.5; expected 0 (ReLU) to 1 (identity)");
  bad = pair;
  bad.classes = 1;
  refused(bad, "expected at least one unit and two classes");
  for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    bad = pair;
    bad.at_b[5] = value;
    refused(bad, "position 5 of the pre-activations at b is ");
    bad = pair;
    bad.bias_a[2] = value;
    refused(bad, "position 2 of bias_a is ");
  }
  const std::vector<float> logits{1, 2};
  const std::vector<std::int32_t> two{0, 0};
  CHECK_THROWS_WITH(lmc::exact_error_curve<float>(logits, logits, two), Contains("expected at least two for each example"));
}

}  // namespace connectivity_exact_error_test
