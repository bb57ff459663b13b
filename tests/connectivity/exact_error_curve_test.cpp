// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/exact/exact_error_curve.hpp>

#include <limits>
#include <string>
#include <vector>

#include <lmc/core/error.hpp>

namespace connectivity_exact_error_curve_test {

using Catch::Contains;
using lmc::ErrorStep;
using lmc::ExactErrorCurve;
using lmc::PathStretch;
using lmc::PathWeights;

namespace {

// Example 0 is wrong from ¼ to ½, example 1 until ½, example 2 from ¾ on; example 3 always.
ExactErrorCurve curve() {
  return {.wrong = {false, true, false, true},
          .flips = {{{0.25, 0.75}, 0, true}, {{0.5, 0.5}, 0, false}, {{0.5, 0.5}, 1, false}, {{0.75, 0.25}, 2, true}}};
}

}  // namespace

TEST_CASE("error_steps: counts the wrong examples of every piece", "[connectivity]") {
  const auto steps = lmc::error_steps(curve());
  CHECK(steps == std::vector<ErrorStep>{{{0, 1}, {0.25, 0.75}, 2},
                                        {{0.25, 0.75}, {0.5, 0.5}, 3},
                                        {{0.5, 0.5}, {0.75, 0.25}, 1},
                                        {{0.75, 0.25}, {1, 0}, 2}});
  CHECK(lmc::error_steps({.wrong = {true, false}}) == std::vector<ErrorStep>{{{0, 1}, {1, 0}, 1}});
}

TEST_CASE("wrong_stretches: says where one example is wrong", "[connectivity]") {
  const auto stretches = [&](lmc::Index example) { return lmc::wrong_stretches(curve(), example); };
  CHECK(stretches(0) == std::vector<PathStretch>{{{0.25, 0.75}, {0.5, 0.5}}});
  CHECK(stretches(1) == std::vector<PathStretch>{{{0, 1}, {0.5, 0.5}}});
  CHECK(stretches(2) == std::vector<PathStretch>{{{0.75, 0.25}, {1, 0}}});
  CHECK(stretches(3) == std::vector<PathStretch>{{{0, 1}, {1, 0}}});
  CHECK(lmc::wrong_stretches({.wrong = {false}}, 0).empty());
  CHECK_THROWS_WITH(stretches(4), Contains("example 4 of 4"));
  CHECK_THROWS_WITH(stretches(-1), Contains("example -1 of 4"));
}

TEST_CASE("mirrored: is the path from the other end, and its own inverse", "[connectivity]") {
  const ExactErrorCurve other = lmc::mirrored(curve());
  CHECK(other.wrong == std::vector<bool>{false, false, true, true});
  REQUIRE(other.flips.size() == 4);
  CHECK(other.flips[0] == lmc::ErrorFlip{{0.25, 0.75}, 2, false});
  CHECK(other.flips[1] == lmc::ErrorFlip{{0.5, 0.5}, 0, true});
  CHECK(other.flips[2] == lmc::ErrorFlip{{0.5, 0.5}, 1, true});
  CHECK(other.flips[3] == lmc::ErrorFlip{{0.75, 0.25}, 0, false});
  CHECK(lmc::mirrored(other) == curve());
}

TEST_CASE("exact curves: a contradiction is named", "[connectivity][errors]") {
  const auto refused = [](ExactErrorCurve bad, const std::string& reason) {
    CHECK_THROWS_WITH(lmc::error_steps(bad), Contains(reason));
  };
  refused({}, "there is no example");
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const PathWeights& at : {PathWeights{0, 1}, PathWeights{1, 0}, PathWeights{nan, 0.5}, PathWeights{0.5, 0.6}})
    refused({.wrong = {false}, .flips = {{at, 0, true}}}, "expected α and 1 − α between the ends");
  refused({.wrong = {false}, .flips = {{{0.5, 0.5}, 1, true}}}, "a flip of example 1 of 1");
  refused({.wrong = {true}, .flips = {{{0.5, 0.5}, 0, true}}}, "example 0 becomes wrong at α = 0.5, but was so before");
  refused({.wrong = {false, false}, .flips = {{{0.5, 0.5}, 0, true}, {{0.25, 0.75}, 1, true}}}, "expected rising α");
}

}  // namespace connectivity_exact_error_curve_test
