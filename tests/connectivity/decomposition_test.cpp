// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <lmc/connectivity/causes/decomposition.hpp>
#include <lmc/core/random.hpp>
#include <span>
#include <vector>

namespace connectivity_decomposition_test {

using Catch::Matchers::WithinAbs;

namespace {

std::vector<double> normal_logits(std::size_t n, std::uint64_t seed, double scale) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(scale * lmc::normal({.seed = seed}, i));
  return values;
}

double log_sum_exp(const std::vector<double>& z) {
  double sum = 0;
  for (const double v : z) sum += std::exp(v);
  return std::log(sum);
}

}  // namespace

TEST_CASE("decompose_loss: is D - E_y and -J, and they add up to the height", "[connectivity]") {
  constexpr std::size_t examples = 50, classes = 7;
  const double alpha = GENERATE(0.0, 0.2, 0.5, 0.8, 1.0);
  const double bar = 1 - alpha;
  const auto a = normal_logits(examples * classes, 1, 3), b = normal_logits(examples * classes, 2, 3),
             between = normal_logits(examples * classes, 3, 2);
  std::vector<std::int32_t> labels;
  for (std::size_t n = 0; n < examples; ++n) labels.push_back(static_cast<std::int32_t>(n * n % classes));
  double function_gap = 0, ensemble_gap = 0, height = 0;
  for (std::size_t n = 0; n < examples; ++n) {
    std::vector<double> z, za, zb, mean, moved;
    for (std::size_t j = n * classes; j < (n + 1) * classes; ++j) {
      z.push_back(between[j]);
      za.push_back(a[j]);
      zb.push_back(b[j]);
      mean.push_back(bar * a[j] + alpha * b[j]);
    }
    const auto y = static_cast<std::size_t>(labels[n]);
    const double d = log_sum_exp(z) - log_sum_exp(mean), e = z[y] - mean[y];
    const double j = bar * log_sum_exp(za) + alpha * log_sum_exp(zb) - log_sum_exp(mean);
    CHECK(j > -1e-12);
    function_gap += (d - e) / examples;
    ensemble_gap -= j / examples;
    height += (log_sum_exp(z) - z[y] - bar * (log_sum_exp(za) - za[y]) - alpha * (log_sum_exp(zb) - zb[y])) / examples;
  }
  const auto parts = lmc::decompose_loss<double>(a, between, b, labels, {alpha, bar});
  CHECK_THAT(parts.function_gap, WithinAbs(function_gap, 1e-12));
  CHECK_THAT(parts.ensemble_gap, WithinAbs(ensemble_gap, 1e-12));
  CHECK_THAT(parts.height, WithinAbs(height, 1e-12));
  CHECK_THAT(parts.function_gap + parts.ensemble_gap, WithinAbs(parts.height, 1e-12));
  // Swapping the ends changes nothing, to the bit.
  const auto swapped = lmc::decompose_loss<double>(b, between, a, labels, {bar, alpha});
  CHECK(swapped.height == parts.height);
  CHECK(swapped.function_gap == parts.function_gap);
  CHECK(swapped.ensemble_gap == parts.ensemble_gap);
}

TEST_CASE("decompose_loss: a model that is linear in its parameters has no function gap", "[connectivity]") {
  const std::vector<float> a{1, 2, 3, -4}, b{3, 0, 1, 4}, middle{2, 1, 2, 0};
  const auto parts = lmc::decompose_loss<float>(a, middle, b, std::vector<std::int32_t>{0, 1}, {0.5, 0.5});
  CHECK(parts.function_gap == 0);
  CHECK(parts.ensemble_gap < -0.1);
  CHECK(parts.height == parts.ensemble_gap);
}

TEST_CASE("decompose_loss: large logits do not overflow", "[connectivity]") {
  const std::vector<double> a{1e4, 0}, b{0, 1e4}, middle{5e3, 5e3};
  const auto parts = lmc::decompose_loss<double>(a, middle, b, std::vector<std::int32_t>{0}, {0.5, 0.5});
  CHECK_THAT(parts.height, WithinAbs(std::log(2) - 5e3, 1e-9));
  CHECK(parts.function_gap == 0);
}

TEST_CASE("decompose_loss: refuses lengths and labels that do not fit", "[connectivity][errors]") {
  const std::vector<double> four(4), three(3);
  const std::vector<std::int32_t> labels{0, 1}, wrong{0, 2};
  const lmc::PathWeights middle{0.5, 0.5};
  CHECK_THROWS_WITH(lmc::decompose_loss<double>(four, three, four, labels, middle), Catch::Contains("3 between"));
  CHECK_THROWS_WITH(lmc::decompose_loss<double>(three, four, four, labels, middle), Catch::Contains("3 logits at a"));
  CHECK_THROWS_WITH(lmc::decompose_loss<double>(four, four, three, labels, middle), Catch::Contains("3 at b"));
  CHECK_THROWS_WITH(lmc::decompose_loss<double>(four, four, four, {}, middle), Catch::Contains("no labels"));
  CHECK_THROWS_WITH(lmc::decompose_loss<double>({}, {}, {}, labels, middle), Catch::Contains("2 labels"));
  CHECK_THROWS_WITH(lmc::decompose_loss<double>(four, four, four, wrong, middle),
                    Catch::Contains("example 1 has the label 2; expected 0 to 1"));
}

}  // namespace connectivity_decomposition_test
