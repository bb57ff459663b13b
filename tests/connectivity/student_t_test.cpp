// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/statistics/detail/student_t.hpp>

#include <cmath>
#include <numbers>

#include <lmc/core/shape.hpp>

namespace connectivity_student_t_test {

using Catch::Matchers::WithinAbs;

TEST_CASE("student_t_limit: gives the values of the tables", "[connectivity]") {
  struct Case {
    double level;
    lmc::Index degrees;
    double t;
  };
  for (const auto& [level, degrees, t] : {Case{0.95, 1, 12.706},
                                          {0.95, 2, 4.303},
                                          {0.95, 3, 3.182},
                                          {0.95, 4, 2.776},
                                          {0.95, 5, 2.571},
                                          {0.95, 9, 2.262},
                                          {0.95, 10, 2.228},
                                          {0.95, 30, 2.042},
                                          {0.95, 120, 1.980},
                                          {0.99, 4, 4.604},
                                          {0.9, 7, 1.895}}) {
    CAPTURE(level, degrees);
    CHECK_THAT(lmc::detail::student_t_limit(level, degrees), WithinAbs(t, 5.1e-4));
  }
  CHECK_THAT(lmc::detail::student_t_limit(0.95, 1000000), WithinAbs(1.95996, 0.003));
}

TEST_CASE("student_t_probability: integrates the density", "[connectivity]") {
  for (const lmc::Index degrees : {1, 2, 3, 4, 7, 12}) {
    // With t = √degrees tan θ the density is proportional to cos^(degrees − 1) θ; by the midpoint rule.
    const int steps = 20000;
    double whole = 0, part = 0;
    for (int i = 0; i < steps; ++i) {
      const double theta = (i + 0.5) / steps * std::numbers::pi / 2;
      const double density = std::pow(std::cos(theta), static_cast<double>(degrees - 1));
      whole += density;
      if (theta < 1) part += density;
    }
    CAPTURE(degrees);
    CHECK_THAT(lmc::detail::student_t_probability(1, degrees), WithinAbs(part / whole, 2e-4));
    CHECK_THAT(lmc::detail::student_t_probability(std::numbers::pi / 2, degrees), WithinAbs(1, 1e-14));
  }
}

}  // namespace connectivity_student_t_test
