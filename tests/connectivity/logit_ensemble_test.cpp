// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/logit_ensemble.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>

#include "support/curves.hpp"
#include "support/logit_curves.hpp"

namespace connectivity_logit_ensemble_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using lmc::Metric;
using testing::logit_curve;
using testing::normal_logits;

namespace {

constexpr std::size_t examples = 120, classes = 5;

// Each place has logits of its own, so that the curve between the ends has nothing to do with the ensemble.
std::vector<std::vector<float>> random_path(std::size_t alphas, std::uint64_t seed, double scale = 2) {
  std::vector<std::vector<float>> logits;
  for (std::size_t k = 0; k < alphas; ++k) logits.push_back(normal_logits(examples * classes, 100 * seed + k, scale));
  return logits;
}
const std::vector<std::int32_t>& labels() {
  static const auto drawn = testing::drawn_labels(normal_logits(examples * classes, 0), classes, 1);
  return drawn;
}

}  // namespace

TEST_CASE("logit_ensemble: is what networks with the averaged logits would measure", "[connectivity]") {
  const auto path = random_path(5, 1);
  const lmc::Curve curve = logit_curve(path, labels()), ensemble = lmc::logit_ensemble(curve, labels());
  REQUIRE(ensemble.points.size() == 5);
  for (std::size_t k = 0; k < 5; ++k) {
    const auto alpha = static_cast<float>(k) / 4;  // exact
    std::vector<float> mean;
    for (std::size_t j = 0; j < examples * classes; ++j) mean.push_back((1 - alpha) * path[0][j] + alpha * path[4][j]);
    const lmc::Metrics expected = testing::metrics_of(mean, labels());
    const lmc::Metrics& measured = ensemble.points[k].metrics;
    CHECK(ensemble.points[k].alpha == curve.points[k].alpha);
    CHECK(ensemble.points[k].alpha_bar == curve.points[k].alpha_bar);
    CHECK_THAT(measured.loss, WithinAbs(expected.loss, 1e-6));  // the mean in float
    CHECK(measured.error == expected.error);
    CHECK(measured.wrong == expected.wrong);
    CHECK(measured.count == examples);
  }
  CHECK_THAT(ensemble.points[0].metrics.loss, WithinAbs(curve.points[0].metrics.loss, 1e-12));
  CHECK(ensemble.points[4].metrics.wrong == curve.points[4].metrics.wrong);
}

TEST_CASE("logit_ensemble: has no loss barrier, but barriers of the error with an interval", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const lmc::Curve ensemble = lmc::logit_ensemble(logit_curve(random_path(9, seed), labels()), labels());
    CAPTURE(seed);
    CHECK(lmc::loss_barrier(ensemble).value <= 1e-14);
    CHECK(lmc::midpoint_barrier(ensemble, Metric::loss) < 0);
    CHECK(lmc::error_barrier(ensemble).interval);
  }
}

TEST_CASE("logit_ensemble: an example that both ends get right stays right", "[connectivity]") {
  const lmc::Curve ensemble = lmc::logit_ensemble(logit_curve(random_path(9, 5), labels()), labels());
  const auto &a = ensemble.points.front().metrics.wrong, &b = ensemble.points.back().metrics.wrong;
  std::size_t right = 0;
  for (std::size_t i = 0; i < examples; ++i) {
    if (a[i] || b[i]) continue;
    ++right;
    for (const auto& point : ensemble.points) CHECK(!point.metrics.wrong[i]);
  }
  CHECK(right > 0);
  CHECK(right < examples / 2);
}

TEST_CASE("logit_ensemble: swapping the ends mirrors it to the bit, and it takes the midpoint along", "[connectivity]") {
  lmc::Curve curve = logit_curve(random_path(6, 3), labels());
  curve.midpoint = lmc::CurvePoint{0.5, 0.5, testing::metrics_of(normal_logits(examples * classes, 77), labels())};
  const lmc::Curve there = lmc::logit_ensemble(curve, labels()), back = lmc::logit_ensemble(testing::mirrored(curve), labels());
  CHECK(testing::mirrored(there) == back);
  REQUIRE(there.midpoint);
  CHECK(there.midpoint == back.midpoint);
  CHECK(lmc::midpoint_barrier(there) == lmc::midpoint_barrier(back));
  CHECK(!there.diverged);
  curve.diverged = true;
  CHECK(lmc::logit_ensemble(curve, labels()).diverged);
}

TEST_CASE("logit_ensemble: of several greatest logits the first counts, and a NaN is wrong", "[connectivity]") {
  const std::vector<std::int32_t> two{0, 1};
  const std::vector<float> tie{1, 1, 1, 1};
  const lmc::Curve ensemble = lmc::logit_ensemble(logit_curve({tie, tie}, two), two);
  CHECK(ensemble.points[0].metrics.wrong == std::vector<bool>{false, true});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  lmc::Curve diverged = logit_curve({{3, 0, 0, 3}, {3, 0, 0, 3}}, two);
  diverged.points[1].metrics.logits = {3, nan, 0, 3};
  diverged.points[1].metrics.loss = std::nan("");
  const lmc::Curve data = lmc::logit_ensemble(diverged, two);
  CHECK(std::isnan(data.points[1].metrics.loss));
  CHECK(data.points[1].metrics.wrong == std::vector<bool>{true, false});
  CHECK(data.points[0].metrics.error == 0.0);
}

TEST_CASE("logit_ensemble: refuses a curve without logits, and labels that do not fit", "[connectivity][errors]") {
  const lmc::Curve curve = logit_curve(random_path(3, 1), labels());
  const auto check = [](const lmc::Curve& c, std::vector<std::int32_t> y, const std::string& text) {
    CAPTURE(text);
    CHECK_THROWS_WITH(lmc::logit_ensemble(c, y), Contains("logit_ensemble: " + text));
  };
  check(testing::curve({0.1, 0.2, 0.1}), labels(),
        "the curve has no logits; measure it by evaluator(network, data).with_logits(), or set Metrics::logits");
  check({}, labels(), "the curve has 0 points");
  check(curve, {0, 1}, "2 labels for 120 examples; expected one per example");
  check(curve, {}, "0 labels for 120 examples");
  auto changed = labels();
  changed[7] = 5;
  check(curve, changed, "example 7 has the label 5; expected 0 to 4");
  changed[7] = -1;
  check(curve, changed, "example 7 has the label -1; expected 0 to 4");
  const std::vector<std::int32_t> one{1};
  check(logit_curve({{1, 2}, {2, 3}}, one), one, "the curve has logits of 1 example; expected at least two");
  // Labels in another order, or another loss, would be accounted for in silence.
  changed = labels();
  std::rotate(changed.begin(), changed.begin() + 1, changed.end());
  check(curve, changed, "at α = 0 the curve's loss is ");
  lmc::Curve other = curve;
  other.points[1].metrics.loss += 0.1;
  check(other, labels(), "at α = 0.5 the curve's loss is ");
  other.points[1].metrics.loss = curve.points[1].metrics.loss * 1.0009;  // single precision
  CHECK_NOTHROW(lmc::logit_ensemble(other, labels()));
  other.points[1].metrics.loss = curve.points[1].metrics.loss * 1.0011;
  check(other, labels(), "at α = 0.5 the curve's loss is ");
  other = curve;
  other.midpoint = other.points[1];
  other.midpoint->metrics.loss += 0.1;
  check(other, labels(), "at α = 0.5 the curve's loss is ");
  // What Metrics check.
  other = curve;
  other.points[1].metrics.logits.pop_back();
  check(other, labels(), "at α = 0.5 the curve has 599 `logits` for count = 120; expected one per example and class");
  other.points[1].metrics.logits.clear();
  check(other, labels(), "at α = 0.5 the curve has 0 `logits`, but 600 at α = 0; give them everywhere or nowhere");
  other = curve;
  for (auto& point : other.points) point.metrics.logits.resize(120);
  check(other, labels(), "at α = 0 the curve has 120 `logits` for count = 120; expected one per example and class");
}

}  // namespace connectivity_logit_ensemble_test
