// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/linear_path.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/curves.hpp"

namespace connectivity_linear_path_test {

namespace {

using Catch::Matchers::Contains;
using lmc::linear_path;
using lmc::Metrics;
using Theta = std::span<const double>;

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

// A network of two parameters on four examples: example i is wrong where θ₀ > i + 0.5; the loss is Σ θ².
Metrics measure(Theta theta) {
  Metrics metrics{.loss = 0, .error = 0, .count = 4};
  for (const double t : theta) metrics.loss += t * t;
  for (int i = 0; i < 4; ++i) {
    metrics.wrong.push_back(theta[0] > i + 0.5);
    *metrics.error += metrics.wrong.back() ? 0.25 : 0;
  }
  return metrics;
}

struct ParallelMeasure {
  Metrics operator()(Theta theta) const { return measure(theta); }
  std::vector<Metrics> evaluate_path(Theta a, Theta b, std::span<const lmc::PathWeights> points) const {
    ++*calls;
    std::vector<Metrics> measured(points.size() - dropped);
    std::vector<double> theta(a.size());
    for (std::size_t i = measured.size(); i-- > 0;) {  // in an order of its own
      lmc::interpolate<double>(a, b, points[i], theta);
      measured[i] = measure(theta);
    }
    return measured;
  }
  int* calls;
  std::size_t dropped = 0;
};
static_assert(lmc::PathEvaluator<ParallelMeasure, double>);
struct Promising : ParallelMeasure {
  static constexpr bool ends_as_alone = true;
  Metrics operator()(Theta) const { throw std::logic_error("an end was measured alone"); }
};
static_assert(!lmc::PathEvaluator<decltype(measure), double> && lmc::Evaluator<decltype(measure), double>);

const std::vector<double> a = {0, 1}, b = {4, -1};

}  // namespace

TEST_CASE("linear_path: measures every point of the grid", "[connectivity]") {
  const lmc::Curve curve = linear_path(a, b, measure, {.alphas = 5});
  REQUIRE(curve.points.size() == 5);
  CHECK(!curve.midpoint);
  for (int i = 0; i < 5; ++i) {
    const auto& p = curve.points[static_cast<std::size_t>(i)];
    CHECK(p.weights() == lmc::PathWeights{i / 4.0, (4 - i) / 4.0});
    CHECK(p.metrics == measure(std::array{1.0 * i, 1 - i / 2.0}));
  }
  CHECK(a == std::vector<double>{0, 1});
  CHECK(b == std::vector<double>{4, -1});
}

TEST_CASE("linear_path: measures the midpoint beside a grid without it", "[connectivity]") {
  const lmc::Curve curve = linear_path(a, b, measure, {.alphas = {0, 0.25, 1}});
  CHECK(curve.points.size() == 3);
  REQUIRE(curve.midpoint);
  CHECK(curve.midpoint->weights() == lmc::PathWeights{0.5, 0.5});
  CHECK(curve.midpoint->metrics == measure(std::array{2.0, 0.0}));
}

TEST_CASE("linear_path: a path evaluator gives what a plain callable gives, in one call", "[connectivity]") {
  for (const int alphas : {4, 5}) {
    int calls = 0;
    CHECK(linear_path(a, b, ParallelMeasure{&calls}, {.alphas = alphas}) == linear_path(a, b, measure, {.alphas = alphas}));
    CHECK(calls == 1);
  }
  int calls = 0;
  CHECK_THROWS_WITH(linear_path(a, b, ParallelMeasure{&calls, 1}, {.alphas = 5}), Contains("4 metrics for 5 points"));
}

TEST_CASE("linear_path: an evaluator that promises the ends is not asked for them alone", "[connectivity]") {
  int calls = 0;
  CHECK(linear_path(a, b, Promising{{&calls}}, {.alphas = 4}) == linear_path(a, b, measure, {.alphas = 4}));
  CHECK(calls == 1);
}

TEST_CASE("linear_path: takes float, spans and arrays", "[connectivity]") {
  const auto loss = [](std::span<const float> theta) { return Metrics{.loss = theta[0], .error = 0, .count = 1}; };
  const std::vector<float> start = {1}, end = {3};
  const lmc::Curve curve = linear_path<float>(start, end, loss, {.alphas = 3});
  CHECK(curve.points[1].metrics.loss == 2);
  CHECK(linear_path(start, end, loss, {.alphas = 3}) == curve);
  CHECK(linear_path(std::array{1.0F}, std::array{3.0F}, loss, {.alphas = 3}) == curve);
  CHECK(linear_path(std::span<const float>(start), std::span<const float>(end), loss, {.alphas = 3}) == curve);
}

TEST_CASE("linear_path: swapping the ends mirrors the curve bit for bit", "[connectivity]") {
  const auto theta_a = testing::random_values(50, 1), theta_b = testing::random_values(50, 2);
  const auto loss = [](Theta theta) {
    double sum = 0;
    for (const double t : theta) sum += std::exp(t);
    return Metrics{.loss = sum, .error = 0, .count = 1};
  };
  CHECK(linear_path(theta_b, theta_a, loss) == testing::mirrored(linear_path(theta_a, theta_b, loss)));
  const lmc::Curve flat = linear_path(theta_a, theta_a, loss);
  for (const auto& p : flat.points) CHECK(p.metrics == flat.points[0].metrics);
}

TEST_CASE("linear_path: an end may differ from itself evaluated alone by exactly the tolerance", "[connectivity]") {
  // The losses of both ends alone, and then those of the path, in halves, whose differences are exact.
  int calls = 0;
  const auto half_more = [&](Theta theta) {
    Metrics metrics = measure(theta);
    metrics.loss = calls++ < 2 ? 1 : 1.5;
    return metrics;
  };
  CHECK_NOTHROW(linear_path(a, b, half_more, {.alphas = 3, .endpoint_tolerance = 0.5}));
  calls = 0;
  CHECK_THROWS_WITH(linear_path(a, b, half_more, {.alphas = 3, .endpoint_tolerance = std::nextafter(0.5, 0.0)}),
                    Contains("the loss is 1.5 on the path, but 1 when that end is evaluated alone"));
}

TEST_CASE("linear_path: an end that differs from itself evaluated alone is an error that shows both", "[connectivity]") {
  int calls = 0;
  const auto drifting = [&](Theta theta) {
    Metrics metrics = measure(theta);
    metrics.loss += 1e-4 * calls++;
    return metrics;
  };
  CHECK_THROWS_WITH(linear_path(a, b, drifting, {.alphas = 3}),
                    Contains("at α = 0 the loss is 1.0002 on the path, but 1 when that end is evaluated alone"));
  calls = 0;
  CHECK_NOTHROW(linear_path(a, b, drifting, {.alphas = 3, .endpoint_tolerance = 1e-3}));
  CHECK_THROWS_AS(linear_path(a, b, measure, {.endpoint_tolerance = -1}), lmc::Error);
  CHECK_THROWS_AS(linear_path(a, b, measure, {.endpoint_tolerance = not_a_number}), lmc::Error);

  // The other end is checked, too.
  bool first = true;
  const auto forgets = [&](Theta theta) {
    Metrics metrics = measure(theta);
    if (theta[0] == 4 && !std::exchange(first, false)) metrics.loss = 0;
    return metrics;
  };
  CHECK_THROWS_WITH(linear_path(a, b, forgets, {.alphas = 3}), Contains("at α = 1 the loss is 0 on the path, but 17"));
}

TEST_CASE("linear_path: an end that is the memory of the evaluator's model is an error", "[connectivity]") {
  std::vector<double> model = b;
  const auto load = [&](Theta theta) {
    std::copy(theta.begin(), theta.end(), model.begin());
    return measure(model);
  };
  CHECK_THROWS_WITH(linear_path(a, model, load), Contains("Pass a copy"));
  model = a;
  CHECK_THROWS_WITH(linear_path(model, b, load), Contains("Pass a copy"));
  CHECK_NOTHROW(linear_path(a, b, load));
}

TEST_CASE("linear_path: a diverged network is data", "[connectivity]") {
  const auto diverged = [](Theta theta) {
    return Metrics{
        .loss = theta[0] == 0 ? not_a_number : std::numeric_limits<double>::infinity(), .error = not_a_number, .count = 4};
  };
  const lmc::Curve curve = linear_path(a, b, diverged, {.alphas = 3});
  CHECK(std::isnan(curve.points[0].metrics.loss));
  CHECK(std::isinf(curve.points[2].metrics.loss));
  // An end that diverges in one evaluation and not in another is a mistake of the evaluator.
  for (const double alone : {not_a_number, std::numeric_limits<double>::infinity()}) {
    int calls = 0;
    const auto flaky = [&](Theta) { return Metrics{.loss = calls++ == 0 ? alone : 1, .error = 0, .count = 4}; };
    CHECK_THROWS_WITH(linear_path(a, b, flaky, {.alphas = 3}), Contains("1 on the path, but "));
  }
}

TEST_CASE("linear_path: metrics that contradict themselves are an error", "[connectivity]") {
  const auto check = [](auto change, const std::string& text) {
    const auto evaluate = [&](Theta theta) {
      Metrics metrics = measure(theta);
      change(metrics, theta[0]);
      return metrics;
    };
    CAPTURE(text);
    CHECK_THROWS_WITH(linear_path(a, b, evaluate, {.alphas = 5}), Contains(text));
  };
  check([](Metrics& m, double) { m.count = 0; }, "linear_path: at α = 0 the evaluator gave count = 0");
  check([](Metrics& m, double t) { m.count += t == 2, m.wrong.clear(); }, "at α = 0.5 the evaluator gave count = 5, but 4");
  check([](Metrics& m, double) { m.wrong.pop_back(); }, "3 outcomes in `wrong` for count = 4");
  check([](Metrics& m, double t) { t == 2 ? m.wrong.clear() : void(); }, "0 outcomes in `wrong`, but 4");
  check([](Metrics& m, double t) { *m.error += t == 2 ? 0.01 : 0; }, "error = 0.51, but 2 of 4");
  check([](Metrics& m, double t) { t == 2 ? m.error.reset() : void(); }, "at α = 0.5 the evaluator gave no error, but one");
  check([](Metrics& m, double) { m.error.reset(); }, "4 outcomes in `wrong`, but no error");
  check([](Metrics& m, double) { *m.error *= 100, m.wrong.clear(); }, "not a percentage");
  check([](Metrics& m, double) { m.logits.resize(7); },
        "at α = 0 the evaluator gave 7 `logits` for count = 4; expected one per");
  check([](Metrics& m, double) { m.logits.resize(4); }, "4 `logits` for count = 4; expected one per example and class");
  check([](Metrics& m, double t) { m.logits.resize(t == 2 ? 12 : 8); }, "at α = 0.5 the evaluator gave 12 `logits`, but 8 at");
  check([](Metrics& m, double t) { m.logits.resize(t == 2 ? 0 : 8); }, "0 `logits`, but 8 at α = 0; give them everywhere or");
}

TEST_CASE("linear_path: an evaluator without an error gives a curve of losses", "[connectivity]") {
  const auto squares = [](Theta theta) { return Metrics{.loss = theta[0] * theta[0], .count = 4}; };
  const lmc::Curve curve = linear_path(a, b, squares, {.alphas = 3});
  CHECK(curve.points[1].metrics.loss == 4);
  CHECK(!curve.points[1].metrics.error);
}

TEST_CASE("linear_path: parameters that do not fit are an error", "[connectivity]") {
  CHECK_THROWS_WITH(linear_path(a, {1, 2, 3}, measure), Contains("a has 2 parameters and b 3"));
  CHECK_THROWS_WITH(linear_path<double>({}, {}, measure), Contains("empty"));
}

}  // namespace connectivity_linear_path_test
