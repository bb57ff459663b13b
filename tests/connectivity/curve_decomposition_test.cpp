// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/causes/curve_decomposition.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <lmc/connectivity/barriers.hpp>
#include <lmc/connectivity/causes/logit_ensemble.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/connectivity/interpolate.hpp>

#include "support/curves.hpp"
#include "support/logit_curves.hpp"

namespace connectivity_curve_decomposition_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using testing::logit_curve;
using testing::normal_logits;

namespace {

constexpr std::size_t examples = 90, classes = 4;

const std::vector<std::int32_t>& labels() {
  static const auto drawn = testing::drawn_labels(normal_logits(examples * classes, 0), classes, 1);
  return drawn;
}
lmc::Curve random_curve(std::size_t alphas, std::uint64_t seed) {
  std::vector<std::vector<float>> logits;
  for (std::size_t k = 0; k < alphas; ++k) logits.push_back(normal_logits(examples * classes, 100 * seed + k, 2));
  return logit_curve(logits, labels());
}

}  // namespace

TEST_CASE("decompose_curve: the parts of loss and error add up to the height of the curve at every α", "[connectivity]") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const lmc::Curve curve = random_curve(7, seed), ensemble = lmc::logit_ensemble(curve, labels());
    const auto parts = lmc::decompose_curve(curve, labels());
    REQUIRE(parts.points.size() == 7);
    const auto &a = curve.points.front().metrics, &b = curve.points.back().metrics;
    for (std::size_t k = 0; k < 7; ++k) {
      const lmc::CurvePoint& at = curve.points[k];
      const lmc::Metrics& mean = ensemble.points[k].metrics;
      const auto& [alpha, loss, error] = parts.points[k];
      CAPTURE(seed, k);
      CHECK(alpha == at.alpha);
      const double loss_line = lmc::chord(a.loss, b.loss, at.weights()),
                   error_line = lmc::chord(*a.error, *b.error, at.weights());
      CHECK_THAT(loss.height, WithinAbs(at.metrics.loss - loss_line, 1e-13));
      CHECK_THAT(loss.function_gap, WithinAbs(at.metrics.loss - mean.loss, 1e-13));
      CHECK_THAT(loss.ensemble_gap, WithinAbs(mean.loss - loss_line, 1e-13));
      CHECK_THAT(loss.function_gap + loss.ensemble_gap, WithinAbs(loss.height, 1e-13));
      CHECK(loss.ensemble_gap <= 1e-14);
      REQUIRE(error);
      CHECK(error->height == *at.metrics.error - error_line);
      CHECK(error->function_gap == *at.metrics.error - *mean.error);
      CHECK(error->ensemble_gap == *mean.error - error_line);
      CHECK_THAT(error->function_gap + error->ensemble_gap, WithinAbs(error->height, 1e-15));
    }
    CHECK(parts.points.front().loss.height == 0);
    CHECK(parts.points.front().error->function_gap == 0);
    CHECK(parts.points.back().loss.function_gap == 0);
    CHECK(parts.points.back().error->height == 0);
  }
}

TEST_CASE("decompose_curve: highest is where the loss barrier is attained", "[connectivity]") {
  const lmc::Curve curve = random_curve(9, 4);
  const auto parts = lmc::decompose_curve(curve, labels());
  CHECK(parts.highest.alpha == lmc::loss_barrier(curve).alpha);
  CHECK(lmc::loss_barrier(curve).value > 0.1);
  CHECK_THAT(parts.highest.loss.height, WithinAbs(lmc::loss_barrier(curve).value, 1e-13));
  CHECK(parts.highest.error->height <= lmc::error_barrier(curve).value);
}

TEST_CASE("decompose_curve: a model that is linear in its parameters is its ensemble", "[connectivity]") {
  const auto a = normal_logits(examples * classes, 5, 3), b = normal_logits(examples * classes, 6, 3);
  std::vector<std::vector<float>> logits;
  for (const float alpha : {0.0F, 0.25F, 0.5F, 0.75F, 1.0F}) {
    logits.push_back(a);
    lmc::interpolate<float>(a, b, {alpha, 1 - alpha}, logits.back());
  }
  for (const auto& point : lmc::decompose_curve(logit_curve(logits, labels()), labels()).points) {
    CHECK_THAT(point.loss.function_gap, WithinAbs(0, 1e-7));  // the curve's logits are rounded to float
    CHECK(point.error->function_gap == 0);
  }
}

TEST_CASE("decompose_curve: swapping the ends mirrors it to the bit", "[connectivity]") {
  const lmc::Curve curve = random_curve(6, 2);
  const auto there = lmc::decompose_curve(curve, labels()), back = lmc::decompose_curve(testing::mirrored(curve), labels());
  for (std::size_t k = 0; k < 6; ++k) {
    const auto &x = there.points[k], &y = back.points[5 - k];
    CHECK(x.loss.height == y.loss.height);
    CHECK(x.loss.function_gap == y.loss.function_gap);
    CHECK(x.loss.ensemble_gap == y.loss.ensemble_gap);
    CHECK(x.error->height == y.error->height);
    CHECK(x.error->function_gap == y.error->function_gap);
    CHECK(x.error->ensemble_gap == y.error->ensemble_gap);
  }
}

TEST_CASE("decompose_curve: NaN is data, a curve without errors has no parts of them", "[connectivity]") {
  lmc::Curve curve = random_curve(3, 1);
  curve.points[1].metrics.logits[3] = std::numeric_limits<float>::quiet_NaN();
  curve.points[1].metrics.loss = std::nan("");
  const auto parts = lmc::decompose_curve(curve, labels());
  CHECK(std::isnan(parts.points[1].loss.height));
  CHECK(std::isnan(parts.points[1].loss.function_gap));
  CHECK(parts.points[1].loss.ensemble_gap < 0);
  CHECK(std::isnan(parts.highest.alpha));
  CHECK(std::isnan(parts.highest.loss.height));
  lmc::Curve losses = random_curve(3, 1);
  for (auto& point : losses.points) {
    point.metrics.error.reset();
    point.metrics.wrong.clear();
  }
  CHECK(!lmc::decompose_curve(losses, labels()).points[1].error);
}

TEST_CASE("decompose_curve: refuses what logit_ensemble refuses", "[connectivity][errors]") {
  CHECK_THROWS_WITH(lmc::decompose_curve(testing::curve({0.1, 0.2, 0.1}), labels()),
                    Contains("decompose_curve: the curve has no logits"));
  CHECK_THROWS_WITH(lmc::decompose_curve(random_curve(3, 1), std::vector<std::int32_t>{1, 0}),
                    Contains("decompose_curve: 2 labels for 90 examples"));
}

}  // namespace connectivity_curve_decomposition_test
