// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/ensemble.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/causes/logit_ensemble.hpp>
#include <lmc/connectivity/curve.hpp>
#include <lmc/core/random.hpp>

namespace connectivity_ensemble_test {

using lmc::Metrics;

namespace {

constexpr std::size_t examples = 40, classes = 5;

template <class T>
std::vector<std::vector<T>> networks(std::size_t count) {
  std::vector<std::vector<T>> logits(count, std::vector<T>(examples * classes));
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0; i < examples * classes; ++i) logits[k][i] = static_cast<T>(3 * lmc::normal({.seed = k}, i));
  return logits;
}
std::vector<std::int32_t> labels() {
  std::vector<std::int32_t> y(examples);
  for (std::size_t n = 0; n < examples; ++n) y[n] = static_cast<std::int32_t>(n % classes);
  return y;
}

template <class T>
std::vector<long double> softmax(const T* z) {
  std::vector<long double> p(classes);
  long double sum = 0;
  for (std::size_t j = 0; j < classes; ++j) sum += p[j] = std::exp(static_cast<long double>(z[j]));
  for (auto& x : p) x /= sum;
  return p;
}

}  // namespace

TEMPLATE_TEST_CASE("ensembles: are what plain loops over softmax give", "[connectivity]", float, double) {
  const auto logits = networks<TestType>(4);
  const auto y = labels();
  const Metrics of_logits = lmc::ensemble_of_logits(logits, y), of_probabilities = lmc::ensemble_of_probabilities(logits, y);
  long double loss_logits = 0, loss_probabilities = 0, alone = 0;
  for (std::size_t n = 0; n < examples; ++n) {
    std::vector<long double> z(classes), p(classes);
    for (const auto& network : logits) {
      const auto q = softmax(&network[n * classes]);
      for (std::size_t j = 0; j < classes; ++j) {
        z[j] += static_cast<long double>(network[n * classes + j]) / 4;
        p[j] += q[j] / 4;
      }
      alone -= std::log(q[static_cast<std::size_t>(y[n])]) / 4;
    }
    loss_logits -= std::log(softmax(z.data())[static_cast<std::size_t>(y[n])]);
    loss_probabilities -= std::log(p[static_cast<std::size_t>(y[n])]);
    const auto greatest = [](const auto& v) { return std::max_element(v.begin(), v.end()) - v.begin(); };
    CHECK(of_logits.wrong[n] == (greatest(z) != y[n]));
    CHECK(of_probabilities.wrong[n] == (greatest(p) != y[n]));
  }
  // Sums of 40 terms of about 3 in double.
  CHECK_THAT(of_logits.loss, Catch::Matchers::WithinAbs(static_cast<double>(loss_logits / examples), 1e-13));
  CHECK_THAT(of_probabilities.loss, Catch::Matchers::WithinAbs(static_cast<double>(loss_probabilities / examples), 1e-13));
  // Jensen's inequality, twice.
  CHECK(of_logits.loss < static_cast<double>(alone / examples));
  CHECK(of_probabilities.loss < static_cast<double>(alone / examples));
  CHECK(of_logits.count == static_cast<lmc::Index>(examples));
  CHECK(*of_logits.error == static_cast<double>(std::ranges::count(of_logits.wrong, true)) / static_cast<double>(examples));
  CHECK(of_logits.loss_name == "cross-entropy");
}

TEST_CASE("ensembles: of two networks, the logits are those in the middle of logit_ensemble", "[connectivity]") {
  const auto logits = networks<float>(2);
  const auto y = labels();
  std::vector<Metrics> metrics;
  for (const std::size_t k : {std::size_t{0}, std::size_t{0}, std::size_t{1}}) {
    metrics.push_back(lmc::ensemble_of_logits<float>({logits[k]}, y));
    metrics.back().logits = logits[k];
  }
  const auto curve = lmc::logit_ensemble(lmc::make_curve(3, metrics), y);
  const Metrics pair = lmc::ensemble_of_logits(logits, y);
  CHECK(curve.points[1].metrics.loss == pair.loss);
  CHECK(curve.points[1].metrics.wrong == pair.wrong);
}

TEST_CASE("ensembles: one sure network outvotes two that waver only where probabilities are averaged", "[connectivity]") {
  // Two networks say class 0 with 4 : 1, the third says class 1 beyond doubt: mean logits −∞-like, mean probability 0.53 : 0.47.
  const double sure = 1000;
  const std::vector<std::vector<double>> logits{{std::log(4.0), 0}, {std::log(4.0), 0}, {0, sure}};
  const std::vector<std::int32_t> y{0};
  CHECK(lmc::ensemble_of_logits(logits, y).error == 1);
  CHECK(lmc::ensemble_of_probabilities(logits, y).error == 0);
  CHECK_THAT(lmc::ensemble_of_probabilities(logits, y).loss, Catch::Matchers::WithinAbs(-std::log(1.6 / 3), 1e-14));
  // A probability of e⁻¹⁰⁰⁰ in every network is none that underflows.
  CHECK_THAT(lmc::ensemble_of_probabilities<double>({{0, sure}, {0, sure}}, y).loss, Catch::Matchers::WithinAbs(1000, 1e-12));
}

TEST_CASE("ensembles: classes that all networks rule out, and the largest logits, cost no number", "[connectivity]") {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<std::int32_t> y{0};
  const std::vector<std::vector<double>> masked{{1, 0, -inf}, {2, 0, -inf}}, plain{{1, 0}, {2, 0}};
  CHECK(lmc::ensemble_of_probabilities(masked, y).loss == lmc::ensemble_of_probabilities(plain, y).loss);
  CHECK(lmc::ensemble_of_probabilities(masked, y).error == 0);
  CHECK(lmc::ensemble_of_logits(masked, y).loss == lmc::ensemble_of_logits(plain, y).loss);
  // Hand case: p̄ = ½ (1/(1 + e⁻¹) + 1/(1 + e⁻²)).
  CHECK_THAT(lmc::ensemble_of_probabilities(masked, y).loss,
             Catch::Matchers::WithinAbs(-std::log((1 / (1 + std::exp(-1.0)) + 1 / (1 + std::exp(-2.0))) / 2), 1e-15));
  // The label of a class that is ruled out has no probability at all.
  CHECK(lmc::ensemble_of_probabilities(masked, std::vector<std::int32_t>{2}).loss == inf);
  CHECK(lmc::ensemble_of_probabilities(masked, std::vector<std::int32_t>{2}).error == 1);

  const double huge = 1.7e308;
  CHECK(lmc::ensemble_of_logits<double>({{huge, 0}, {huge, 0}}, y).loss == 0);
  CHECK(lmc::ensemble_of_logits<double>({{huge, huge}, {huge, huge}}, y).loss == std::log(2.0));
  CHECK(lmc::ensemble_of_logits<double>({{-huge, -huge}, {-huge, -huge}}, y).loss == std::log(2.0));
  // A sum that is out of range on the way alone.
  CHECK_THAT(lmc::ensemble_of_logits<double>({{huge, 0}, {huge, 0}, {-huge, 0}, {-huge, 0}}, y).loss,
             Catch::Matchers::WithinAbs(std::log(2.0), 1e-15));
}

TEST_CASE("ensembles: a network that is not a number makes the example wrong, and lengths are checked",
          "[connectivity][errors]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::int32_t> y{0};
  for (const auto& logits : {std::vector<std::vector<double>>{{nan, 0}, {1, 0}}, {{1, 0}, {nan, 0}}, {{1, 0}, {0, nan}}}) {
    CHECK(lmc::ensemble_of_logits(logits, y).error == 1);
    CHECK(lmc::ensemble_of_probabilities(logits, y).error == 1);
  }
  CHECK_THROWS_WITH(lmc::ensemble_of_logits<double>({}, y),
                    "ensemble_of_logits: there are no networks; expected the logits of at least one");
  CHECK_THROWS_WITH(lmc::ensemble_of_logits<double>({{1, 0}}, {}), Catch::Contains("there are no labels"));
  CHECK_THROWS_WITH(
      lmc::ensemble_of_probabilities<double>({{1, 0}, {1, 0, 2}}, y),
      "ensemble_of_probabilities: network 1 has 3 logits, and network 0 has 2; expected those of the same examples");
  CHECK_THROWS_WITH(lmc::ensemble_of_logits<double>({{1}}, y), Catch::Contains("at least two classes"));
  const std::vector<std::int32_t> beyond{2};
  CHECK_THROWS_WITH(lmc::ensemble_of_logits<double>({{1, 0}}, beyond), Catch::Contains("example 0 has the label 2"));
}

}  // namespace connectivity_ensemble_test
