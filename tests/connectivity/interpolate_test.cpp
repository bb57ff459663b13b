// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <lmc/connectivity/alpha_grid.hpp>
#include <lmc/connectivity/interpolate.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <lmc/core/random.hpp>

namespace connectivity_interpolate_test {

namespace {

// Normal deviates of very different sizes, whose last bits are as good as random, and the corners of the format.
template <class T>
std::vector<T> values(std::uint64_t seed) {
  std::vector<T> v = {0,
                      1,
                      -1,
                      std::numeric_limits<T>::denorm_min(),
                      3 * std::numeric_limits<T>::denorm_min(),
                      std::numeric_limits<T>::max() / 4};
  for (std::uint64_t i = 0; i < 1001; ++i)
    v.push_back(static_cast<T>(lmc::normal({.seed = seed}, i) * std::pow(10, static_cast<int>(i % 9) - 4)));
  return v;
}

template <class T>
std::vector<T> at(const std::vector<T>& a, const std::vector<T>& b, const lmc::PathWeights& weights) {
  std::vector<T> out(a.size());
  lmc::interpolate<T>(a, b, weights, out);
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("interpolate: equal ends, both ends and swapping are exact", "[connectivity]", float, double) {
  const auto a = values<TestType>(1), b = values<TestType>(2);
  for (const int count : {2, 3, 11, 24, 25, 97}) {
    const lmc::AlphaGrid grid(count);
    for (const lmc::PathWeights& w : grid.points()) {
      CAPTURE(count, w.alpha);
      CHECK(at(a, a, w) == a);
      CHECK(at(a, b, w) == at(b, a, {w.alpha_bar, w.alpha}));
    }
    CHECK(at(a, b, grid.points().front()) == a);
    CHECK(at(a, b, grid.points().back()) == b);
  }
}

TEST_CASE("interpolate: is the weighted mean", "[connectivity]") {
  const auto a = values<double>(1), b = values<double>(2);
  for (const lmc::PathWeights& w : lmc::AlphaGrid(25).points()) {
    const auto out = at(a, b, w);
    for (std::size_t i = 0; i < out.size(); ++i) {
      CAPTURE(w.alpha, a[i], b[i]);
      const double exact = w.alpha_bar * a[i] + w.alpha * b[i];
      // Three roundings of numbers no larger than the larger end's double.
      CHECK_THAT(out[i], Catch::Matchers::WithinAbs(exact, 6e-16 * std::max(std::abs(a[i]), std::abs(b[i])) + 1e-300));
    }
  }
}

TEST_CASE("interpolate: an end is copied though the other is infinite, and out may be an input", "[connectivity]") {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> a = {1, 2}, b = {infinity, 6};
  CHECK(at(a, b, {0, 1}) == a);
  CHECK(at(a, b, {1, 0}) == b);
  lmc::interpolate<double>(a, b, {0.25, 0.75}, a);
  CHECK(a == std::vector<double>{infinity, 3});
}

TEMPLATE_TEST_CASE("interpolate: ends whose difference is out of range have finite values between them", "[connectivity]",
                   float, double) {
  const TestType most = std::numeric_limits<TestType>::max();
  const std::vector<TestType> a = {most, -most, most}, b = {-most, most, 0};
  // ¼ and ¾ are exact; their products with the largest number, and the sum of these, are rounded once each.
  const auto is_near = [](TestType x, TestType expected) {
    return std::abs(x - expected) <= 2 * std::numeric_limits<TestType>::epsilon() * std::abs(expected);
  };
  CHECK(is_near(at(a, b, {0.25, 0.75})[0], most / 2));
  CHECK(is_near(at(a, b, {0.75, 0.25})[0], -most / 2));
  CHECK(is_near(at(a, b, {0.75, 0.25})[1], most / 2));
  CHECK(is_near(at(a, b, {0.75, 0.25})[2], most / 4));
  for (const lmc::PathWeights& w : lmc::AlphaGrid(25).points()) {
    const auto out = at(a, b, w);
    CHECK(std::all_of(out.begin(), out.end(), [](TestType x) { return std::isfinite(x); }));
    CHECK(out == at(b, a, {w.alpha_bar, w.alpha}));
  }
}

TEST_CASE("chord: is the straight line, exact for equal values", "[connectivity]") {
  CHECK(lmc::chord(1, 3, {0.25, 0.75}) == 1.5);
  for (const lmc::PathWeights& w : lmc::AlphaGrid(25).points()) CHECK(lmc::chord(0.1, 0.1, w) == 0.1);
}

}  // namespace connectivity_interpolate_test
