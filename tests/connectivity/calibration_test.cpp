// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/calibration.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/curve.hpp>

#include "support/curves.hpp"
#include "support/logit_curves.hpp"

namespace connectivity_calibration_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using lmc::fit_temperature;
using testing::drawn_labels;
using testing::logit_curve;
using testing::normal_logits;
using testing::scaled;

namespace {

const float not_a_number = std::numeric_limits<float>::quiet_NaN();
const float infinity = std::numeric_limits<float>::infinity();

// ∂/∂β of the mean cross-entropy of β z, in long double.
long double slope(const std::vector<float>& logits, const std::vector<std::int32_t>& labels, long double beta) {
  const std::size_t classes = logits.size() / labels.size();
  long double sum = 0;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const auto z = [&](std::size_t j) {
      return static_cast<long double>(logits[n * classes + j]) - logits[n * classes + static_cast<std::size_t>(labels[n])];
    };
    long double weights = 0, mean = 0;
    for (std::size_t j = 0; j < classes; ++j) {
      weights += std::exp(beta * z(j));
      mean += z(j) * std::exp(beta * z(j));
    }
    sum += mean / weights;
  }
  return sum;
}

// The temperature where it is 0, by halving.
double reference(const std::vector<float>& logits, const std::vector<std::int32_t>& labels) {
  long double low = -5, high = 5;
  for (int i = 0; i < 70; ++i) {
    const long double middle = (low + high) / 2;
    (slope(logits, labels, std::exp(middle)) < 0 ? low : high) = middle;
  }
  return static_cast<double>(std::exp(-low));
}

constexpr std::size_t examples = 4000, classes = 3;

// Logits that are calibrated, and their labels.
const std::vector<float>& calibrated_logits() {
  static const auto logits = normal_logits(examples * classes, 1, 1.5);
  return logits;
}
const std::vector<std::int32_t>& labels() {
  static const auto drawn = drawn_labels(calibrated_logits(), classes, 2);
  return drawn;
}

}  // namespace

TEST_CASE("fit_temperature: closed forms", "[connectivity]") {
  // Four examples of two classes with one difference of logits: the best probability is ¾, whose logit is log 3.
  for (const double t : {0.02, 0.5, 1.0, 3.0, 70.0}) {
    const auto d = static_cast<float>(t * std::log(3.0));
    const auto fit = fit_temperature(std::vector<float>{d, 0, d, 0, d, 0, d, 0}, std::vector<std::int32_t>{0, 0, 1, 0});
    CHECK_THAT(fit.temperature, WithinRel(static_cast<double>(d) / std::log(3.0), 1e-12));
    CHECK(!fit.at_limit);
  }
}

TEST_CASE("fit_temperature: finds the minimum to 1e-10", "[connectivity][long]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::size_t n = 3 + 7 * seed, c = 2 + seed % 6;
    const double scale = std::exp(3 * lmc::normal({.seed = seed}, 0) / 2);
    const auto z = normal_logits(n * c, seed);
    const auto y = drawn_labels(z, c, seed);
    const auto logits = scaled(z, static_cast<float>(scale));
    const double expected = reference(logits, y);
    const auto fit = fit_temperature(logits, y);
    CAPTURE(seed, n, c, scale, expected);
    if (expected > 0.01 && expected < 100) {
      CHECK_THAT(fit.temperature, WithinRel(expected, 1e-10));
      CHECK(!fit.at_limit);
    } else {
      CHECK(fit == lmc::TemperatureFit{expected < 1 ? 0.01 : 100, true});
    }
  }
}

TEST_CASE("fit_temperature: calibrated logits have 1, and those times s have s", "[connectivity]") {
  const auto fit = fit_temperature(calibrated_logits(), labels());
  CHECK_THAT(fit.temperature, WithinAbs(1, 0.05));    // a standard error is 0.02
  for (const float s : {0.0625F, 0.5F, 4.0F, 32.0F})  // exact in float
    CHECK_THAT(fit_temperature(scaled(calibrated_logits(), s), labels()).temperature,
               WithinRel(fit.temperature * static_cast<double>(s), 1e-10));
}

TEST_CASE("fit_temperature: the range ends at 0.01 and 100, which is reported", "[connectivity]") {
  using lmc::TemperatureFit;
  const std::vector<std::int32_t> y{0, 1, 0};
  const std::vector<float> right{1, 0, 0, 2, 3, 1};
  for (const float s : {1e-3F, 1.0F, 1e3F}) CHECK(fit_temperature(scaled(right, s), y) == TemperatureFit{0.01, true});
  for (const float s : {1e-3F, 1.0F, 1e3F}) CHECK(fit_temperature(scaled(right, -s), y) == TemperatureFit{100, true});
  // Right and wrong by the same: no temperature is hot enough.
  CHECK(fit_temperature(std::vector<float>{1, 0, 1, 0}, std::vector<std::int32_t>{0, 1}) == TemperatureFit{100, true});
  // Beyond the limits on either side, with a minimum.
  const auto d = static_cast<float>(0.009 * std::log(3.0)), e = static_cast<float>(101 * std::log(3.0));
  const std::vector<std::int32_t> four{0, 0, 1, 0};
  CHECK(fit_temperature(std::vector<float>{d, 0, d, 0, d, 0, d, 0}, four) == TemperatureFit{0.01, true});
  CHECK(fit_temperature(std::vector<float>{e, 0, e, 0, e, 0, e, 0}, four) == TemperatureFit{100, true});
}

TEST_CASE("fit_temperature: is 1 where every T has the same loss, and NaN where a logit is not finite", "[connectivity]") {
  const std::vector<std::int32_t> y{0, 1, 0};
  CHECK(fit_temperature(std::vector<float>{2, 2, -7, -7, 0, 0}, y) == lmc::TemperatureFit{});
  for (const float bad : {not_a_number, infinity, -infinity})
    for (std::size_t i = 0; i < 6; ++i) {
      std::vector<float> z{1, 0, 0, 2, -1, 1};
      z[i] = bad;
      CAPTURE(bad, i);
      CHECK(std::isnan(fit_temperature(z, y).temperature));
      CHECK(!fit_temperature(z, y).at_limit);
    }
}

TEST_CASE("fit_temperature: refuses lengths and labels that do not fit", "[connectivity][errors]") {
  const std::vector<float> six(6);
  CHECK_THROWS_WITH(fit_temperature(six, {}), Contains("fit_temperature: 6 logits and 0 labels; expected [examples, classes]"));
  CHECK_THROWS_WITH(fit_temperature(six, std::vector<std::int32_t>(4)), Contains("6 logits and 4 labels"));
  CHECK_THROWS_WITH(fit_temperature({}, std::vector<std::int32_t>(4)), Contains("0 logits and 4 labels"));
  CHECK_THROWS_WITH(fit_temperature(six, std::vector<std::int32_t>{0, 2, 0}),
                    Contains("example 1 has the label 2; expected 0 to 1"));
}

TEST_CASE("calibrated_barrier: a barrier of pure overconfidence vanishes", "[connectivity]") {
  const auto& z = calibrated_logits();
  for (const float s : {8.0F, 0.125F}) {  // also of underconfidence
    const lmc::Curve curve = logit_curve({z, scaled(z, s), z}, labels());
    const auto barrier = lmc::calibrated_barrier(curve, labels());
    CHECK(barrier.plain.value > 0.1);
    CHECK(barrier.plain.value == lmc::loss_barrier(curve).value);
    CHECK_THAT(barrier.calibrated.value, WithinAbs(0, 1e-12));
    CHECK_THAT(barrier.difference, WithinAbs(barrier.plain.value, 1e-12));
    for (std::size_t fold = 0; fold < 2; ++fold)
      CHECK_THAT(barrier.points[1].temperatures[fold].temperature,
                 WithinRel(barrier.points[0].temperatures[fold].temperature * static_cast<double>(s), 1e-10));
  }
}

TEST_CASE("calibrated_barrier: the barrier of calibrated networks stays, and difference is the rest", "[connectivity]") {
  // Between two networks that know the label well, one that knows nothing of it but says so.
  const auto& z = calibrated_logits();
  const std::vector<float> ignorant(z.size(), 0.5F);
  const auto barrier = lmc::calibrated_barrier(logit_curve({z, ignorant, z}, labels()), labels());
  CHECK(barrier.plain.value > 0.2);
  // A temperature costs about 1/(2n) nats where it is fitted to n/2 others, and is worth nothing.
  CHECK_THAT(barrier.calibrated.value, WithinAbs(barrier.plain.value, 1e-3));
  CHECK(barrier.difference == barrier.plain.value - barrier.calibrated.value);
  CHECK(barrier.points[1].temperatures[0] == lmc::TemperatureFit{});
  CHECK_THAT(barrier.points[1].calibrated_loss, WithinAbs(std::log(3.0), 1e-12));
}

TEST_CASE("calibrated_barrier: shows the barrier that overconfident ends hide", "[connectivity]") {
  const auto ends = scaled(calibrated_logits(), 8);
  const std::vector<float> ignorant(ends.size(), 0);
  const auto barrier = lmc::calibrated_barrier(logit_curve({ends, ignorant, ends}, labels()), labels());
  CHECK(barrier.plain.value == 0);
  CHECK(barrier.calibrated.value > 0.2);
  CHECK(barrier.difference == -barrier.calibrated.value);
}

TEST_CASE("calibrated_barrier: takes every example at the temperature of the other half", "[connectivity]") {
  const std::vector<std::vector<float>> path{normal_logits(31 * 4, 1), normal_logits(31 * 4, 2), normal_logits(31 * 4, 3)};
  const auto y = drawn_labels(scaled(path[0], 2), 4, 1);
  const auto barrier = lmc::calibrated_barrier(logit_curve(path, y), y, {.seed = 5});
  std::vector<std::size_t> order(31);
  for (std::size_t i = 0; i < 31; ++i) order[i] = i;
  lmc::shuffle({.seed = 5, .purpose = lmc::Purpose::split, .part = 1}, std::span(order));
  for (std::size_t k = 0; k < 3; ++k) {
    // Halves of 15 and 16 examples.
    std::vector<float> halves[2];
    std::vector<std::int32_t> own[2];
    for (std::size_t i = 0; i < 31; ++i) {
      const std::size_t half = i < 15 ? 0 : 1;
      for (std::size_t j = 0; j < 4; ++j) halves[half].push_back(path[k][order[i] * 4 + j]);
      own[half].push_back(y[order[i]]);
    }
    double loss = 0;
    for (const std::size_t half : {0U, 1U}) {
      const double t = fit_temperature(halves[1 - half], own[1 - half]).temperature;
      CHECK_THAT(barrier.points[k].temperatures[half].temperature, WithinRel(t, 1e-10));
      loss += testing::metrics_of(scaled(halves[half], static_cast<float>(1 / t)), own[half]).loss *
              static_cast<double>(own[half].size()) / 31;
    }
    CHECK_THAT(barrier.points[k].calibrated_loss, WithinAbs(loss, 1e-6));  // logits ÷ T in float
  }
  CHECK(lmc::calibrated_barrier(logit_curve(path, y), y, {.seed = 6}).points != barrier.points);
  CHECK(lmc::calibrated_barrier(logit_curve(path, y), y, {.seed = 5}).points == barrier.points);
}

TEST_CASE("calibrated_barrier: does not profit from the examples that it is measured on", "[connectivity]") {
  // Logits that are calibrated already: a temperature of one's own would always lower the loss, by about 1/(2n) nats. Fitted to
  // the other half, it raises the loss, by about 1/n.
  constexpr int repetitions = 300;
  constexpr std::size_t n = 200;
  double gain = 0, squares = 0;
  for (std::uint64_t seed = 0; seed < repetitions; ++seed) {
    const auto z = normal_logits(n * 3, seed, 1.5);
    const auto y = drawn_labels(z, 3, seed);
    const auto barrier = lmc::calibrated_barrier(logit_curve({z, z}, y), y, {.seed = seed});
    const double raised = barrier.points[0].calibrated_loss - barrier.points[0].loss;
    gain += raised / repetitions;
    squares += raised * raised / repetitions;
  }
  const double error = std::sqrt((squares - gain * gain) / repetitions);
  CAPTURE(gain, error);
  CHECK(gain > 2 * error);
  CHECK_THAT(gain, WithinAbs(1.0 / n, 4 * error));
}

TEST_CASE("calibrated_barrier: reports the limit where every label has the greatest logit", "[connectivity]") {
  const std::vector<std::int32_t> y{0, 1, 1, 0};
  const std::vector<float> right{1, 0, 0, 2, 1, 3, 2, 0};
  const auto barrier = lmc::calibrated_barrier(logit_curve({right, scaled(right, 0.01F), right}, y), y);
  CHECK(barrier.plain.value > 0.3);
  for (const auto& point : barrier.points)
    for (const auto& fit : point.temperatures) CHECK(fit == lmc::TemperatureFit{0.01, true});
  // At the limit, logits of 1 and 0.01 are 100 and 1: cut off, not forgotten.
  CHECK(barrier.points[0].calibrated_loss < 1e-40);
  CHECK(barrier.calibrated.value > 0.1);
}

TEST_CASE("calibrated_barrier: swapping the ends mirrors it to the bit", "[connectivity]") {
  const auto& z = calibrated_logits();
  const lmc::Curve curve = logit_curve({z, scaled(z, 3), normal_logits(z.size(), 8), scaled(z, 2)}, labels());
  const auto there = lmc::calibrated_barrier(curve, labels()),
             back = lmc::calibrated_barrier(testing::mirrored(curve), labels());
  CHECK(there.plain.value == back.plain.value);
  CHECK(there.calibrated.value == back.calibrated.value);
  CHECK(there.difference == back.difference);
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(there.points[k].calibrated_loss == back.points[3 - k].calibrated_loss);
    CHECK(there.points[k].temperatures == back.points[3 - k].temperatures);
  }
}

TEST_CASE("calibrated_barrier: a logit that is not finite makes it NaN", "[connectivity]") {
  for (const float bad : {not_a_number, infinity, -infinity}) {
    lmc::Curve curve = logit_curve({calibrated_logits(), calibrated_logits(), calibrated_logits()}, labels());
    curve.points[1].metrics.logits[4] = bad;
    curve.points[1].metrics.loss = std::nan("");
    const auto barrier = lmc::calibrated_barrier(curve, labels());
    CAPTURE(bad);
    const auto& [t0, t1] = barrier.points[1].temperatures;
    CHECK(std::isnan(t0.temperature) != std::isnan(t1.temperature));  // it is in one of the halves
    CHECK(std::isnan(barrier.points[1].calibrated_loss));
    CHECK(std::isfinite(barrier.points[0].calibrated_loss));
    CHECK(std::isnan(barrier.calibrated.value));
    CHECK(!barrier.calibrated.judgeable);
    CHECK(std::isnan(barrier.difference));
  }
}

TEST_CASE("calibrated_barrier: refuses what logit_ensemble refuses", "[connectivity][errors]") {
  const std::vector<std::int32_t> one{1}, two{1, 0};
  CHECK_THROWS_WITH(lmc::calibrated_barrier(testing::curve({0.1, 0.2, 0.1}), two),
                    Contains("calibrated_barrier: the curve has no logits"));
  CHECK_THROWS_WITH(lmc::calibrated_barrier(logit_curve({{1, 2}, {2, 3}}, one), one),
                    Contains("logits of 1 example; expected at least two"));
  CHECK_THROWS_WITH(lmc::calibrated_barrier(logit_curve({{1, 2, 0, 0}, {2, 3, 0, 0}}, two), one),
                    Contains("1 labels for 2 examples"));
}

}  // namespace connectivity_calibration_test
