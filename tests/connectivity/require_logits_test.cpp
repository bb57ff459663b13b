// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/require_logits.hpp>

#include <limits>
#include <span>
#include <vector>

namespace connectivity_require_logits_test {

using Catch::Matchers::Contains;

namespace {

void check(const std::vector<std::vector<double>>& parts, lmc::Index examples) {
  const std::vector<std::span<const double>> spans(parts.begin(), parts.end());
  lmc::require_logits("it holds", spans, examples);
}

}  // namespace

TEST_CASE("require_logits: probabilities and percentages are refused, with their rounding", "[connectivity]") {
  CHECK_THROWS_WITH(check({{0.25, 0.75, 1, 0}}, 2),
                    Contains("it holds numbers of at least 0, with the sum 1 for each example: these are probabilities") &&
                        Contains("log(p)"));
  CHECK_THROWS_WITH(check({{0.3334, 0.3334, 0.3341}}, 1), Contains("these are probabilities, and"));
  CHECK_THROWS_WITH(check({{0.25, 0.75}, {1, 0}}, 1), Contains("these are probabilities, and"));
  CHECK_THROWS_WITH(check({{90, 10, 20.01, 80}}, 2), Contains("probabilities in percent") && Contains("log(p / 100)"));
}

TEST_CASE("require_logits: one example that is none tells that all are logits", "[connectivity]") {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_NOTHROW(check({{0.25, 0.75, 1, 1}}, 2));
  CHECK_NOTHROW(check({{0.25, 0.75, -0.5, 1.5}}, 2));  // the sum 1, with a negative number
  CHECK_NOTHROW(check({{0.25, 0.752}}, 1));
  CHECK_NOTHROW(check({{0.25, 0.75, 90, 10}}, 2));  // some of each kind
  CHECK_NOTHROW(check({{0.25, 0.75}, {1.25, 0.75}}, 1));
  CHECK_NOTHROW(check({{0, -inf}}, 1));
  CHECK_NOTHROW(check({{nan, 1}}, 1));
  CHECK_NOTHROW(check({{}}, 0));
}

}  // namespace connectivity_require_logits_test
