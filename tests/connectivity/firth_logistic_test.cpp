// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <lmc/connectivity/statistics/firth_logistic.hpp>
#include <string>
#include <vector>

namespace connectivity_firth_logistic_test {

namespace {

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

struct Case {
  std::string name;
  std::vector<double> x;
  std::vector<bool> events;
  double intercept, slope;
};

#include "firth_logistic_reference.inc"

}  // namespace

TEST_CASE("firth_logistic: is what Newton's method with 50 digits gives", "[connectivity]") {
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const lmc::LogisticCurve curve = lmc::firth_logistic(c.x, c.events);
    // The maximum is where the score changes its sign, which rounding blurs by some 1e-15 of its terms.
    CHECK_THAT(curve.intercept, WithinRel(c.intercept, 1e-11));
    CHECK_THAT(curve.slope, WithinRel(c.slope, 1e-11) || WithinAbs(c.slope, 1e-14));
  }
}

TEST_CASE("firth_logistic: adds half an event and half a non-event to each of two groups", "[connectivity]") {
  // With one parameter for each group the penalty is Σ ½ log(π (1 − π)), half an outcome of each kind.
  const auto log_odds = [](double y, double n) { return std::log((y + 0.5) / (n - y + 0.5)); };
  for (const auto& [y0, y1] : std::vector<std::array<int, 2>>{{2, 1}, {0, 3}, {4, 0}, {0, 0}, {4, 5}}) {
    std::vector<double> x;
    std::vector<bool> events;
    for (int i = 0; i < 4; ++i) {
      x.push_back(0);
      events.push_back(i < y0);
    }
    for (int i = 0; i < 5; ++i) {
      x.push_back(2);
      events.push_back(i < y1);
    }
    CAPTURE(y0, y1);
    const lmc::LogisticCurve curve = lmc::firth_logistic(x, events);
    CHECK_THAT(curve.intercept, WithinAbs(log_odds(y0, 4), 1e-12));
    CHECK_THAT(curve.slope, WithinAbs((log_odds(y1, 5) - log_odds(y0, 4)) / 2, 1e-12));
    CHECK_THAT(curve(2), WithinAbs((y1 + 0.5) / 6, 1e-13));
  }
}

TEST_CASE("firth_logistic: where all x are equal, is the model without x", "[connectivity]") {
  const lmc::LogisticCurve curve = lmc::firth_logistic(std::vector<double>(5, 3.0), {true, false, true, true, false});
  CHECK(curve.slope == 0);
  CHECK_THAT(curve.intercept, WithinRel(std::log(3.5 / 2.5), 1e-15));
  CHECK_THAT(lmc::firth_logistic(std::vector<double>{1}, {false}).intercept, WithinRel(std::log(0.5 / 1.5), 1e-15));
}

TEST_CASE("firth_logistic: exchanging events and the rest changes signs alone", "[connectivity]") {
  for (const Case& c : cases) {
    std::vector<bool> flipped = c.events;
    flipped.flip();
    const lmc::LogisticCurve curve = lmc::firth_logistic(c.x, c.events), other = lmc::firth_logistic(c.x, flipped);
    CHECK_THAT(other.intercept, WithinRel(-curve.intercept, 1e-11));
    CHECK_THAT(other.slope, WithinRel(-curve.slope, 1e-11) || WithinAbs(-curve.slope, 1e-14));
  }
}

TEST_CASE("firth_logistic: refuses what is no data", "[connectivity][errors]") {
  CHECK_THROWS_WITH(lmc::firth_logistic({}, {}), Catch::Contains("0 numbers and 0 outcomes"));
  CHECK_THROWS_WITH(lmc::firth_logistic(std::vector<double>{1, 2}, {true}), Catch::Contains("2 numbers and 1 outcomes"));
  CHECK_THROWS_WITH(lmc::firth_logistic(std::vector<double>{1, std::numeric_limits<double>::infinity()}, {true, false}),
                    Catch::Contains("x has inf"));
}

}  // namespace connectivity_firth_logistic_test
