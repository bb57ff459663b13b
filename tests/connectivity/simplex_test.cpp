// SPDX-License-Identifier: BSD-3-Clause
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <lmc/connectivity/paths/simplex.hpp>
#include <lmc/connectivity/paths/simplex_volume.hpp>
#include <lmc/core/error.hpp>

namespace connectivity_simplex_test {

using Catch::Matchers::Contains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using Vertices = std::vector<std::vector<double>>;

double log_volume(const Vertices& vertices) { return lmc::log_volume<double>(vertices); }

TEST_CASE("log_volume: is that of known simplices") {
  CHECK_THAT(log_volume({{1, 2}, {4, 6}}), WithinAbs(std::log(5.0), 1e-14));                     // a segment
  CHECK_THAT(log_volume({{0, 0}, {1, 0}, {0, 1}}), WithinAbs(std::log(0.5), 1e-14));             // half a square
  CHECK_THAT(log_volume({{7, 7, 7}, {10, 7, 7}, {7, 11, 7}}), WithinAbs(std::log(6.0), 1e-14));  // a triangle in space
  // A regular tetrahedron with edges √2 has the volume √2³ / (6 √2) = 1/3; the corner of a cube in four dimensions 1/4!.
  CHECK_THAT(log_volume({{0, 0, 0}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}}), WithinAbs(std::log(1.0 / 3), 1e-14));
  CHECK_THAT(log_volume({{0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}),
             WithinAbs(-std::log(24.0), 1e-14));
}

TEST_CASE("log_volume: is minus infinity where vertices do not span their dimension") {
  const double none = -std::numeric_limits<double>::infinity();
  CHECK(log_volume({{1, 2}, {1, 2}}) == none);
  CHECK(log_volume({{0.1, 0.2}, {0.4, 0.8}, {0.7, 1.4}}) == none);
  CHECK(log_volume({{0, 0}, {1, 0}, {0, 1}, {1, 1}}) == none);  // four points of a plane
  CHECK(log_volume({{0, 0}, {1, 0}, {0.5, 1e-5}}) > none);
  CHECK_THROWS_WITH(lmc::log_volume_gradient<double>(Vertices{{1, 2}, {1, 2}}), Contains("2 vertices has no volume"));
  CHECK_THROWS_WITH(log_volume({{1, 2}}), Contains("1 vertices; expected at least 2"));
  CHECK_THROWS_WITH(log_volume({{1, 2}, {1}}), Contains("vertex 1 has 1 parameters, and the first 2"));
  CHECK_THROWS_WITH(log_volume({{1, 2}, {1, INFINITY}}), Contains("position 1 of vertex 1 is inf"));
}

TEST_CASE("log_volume_gradient: is the derivative") {
  Vertices v{{0.1, 0.2, 0.3, -0.4}, {1, 0.5, 0, 0.25}, {-0.5, 1, 0.75, 0}, {0.2, -0.3, 2, 1}};
  const std::vector<double> m = lmc::log_volume_gradient<double>(v);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t at = 0; at < 4; ++at) {
      double gradient = 0;
      for (std::size_t j = 0; j < 4; ++j) gradient += m[i * 4 + j] * v[j][at];
      const double h = 1e-6, x = v[i][at];  // rounding 1e-10, the rest of order h²
      v[i][at] = x + h;
      const double above = log_volume(v);
      v[i][at] = x - h;
      const double below = log_volume(v);
      v[i][at] = x;
      CHECK_THAT(gradient, WithinAbs((above - below) / (2 * h), 1e-8));
    }
}

TEST_CASE("simplex_weights: are uniform on the simplex") {
  // Dirichlet(1, 1, 1): each weight has the mean 1/3, and is below x with the probability 1 − (1 − x)².
  const int n = 4000;
  double mean = 0, below = 0;
  for (int i = 0; i < n; ++i) {
    const auto w = lmc::simplex_weights({.seed = 3, .purpose = lmc::Purpose::simplex}, static_cast<std::uint64_t>(i), 3);
    REQUIRE(w.size() == 3);
    REQUIRE_THAT(w[0] + w[1] + w[2], WithinAbs(1, 1e-15));
    for (const double x : w) REQUIRE(x >= 0);
    mean += w[1] / n;
    below += (w[2] < 0.25) / static_cast<double>(n);
  }
  CHECK_THAT(mean, WithinAbs(1.0 / 3, 0.015));      // four standard errors: √(1/18/n) = 0.0037
  CHECK_THAT(below, WithinAbs(1 - 0.5625, 0.032));  // four: √(0.44 · 0.56/n) = 0.0078
}

TEST_CASE("sample_simplex: knows mean, its noise and the highest sample") {
  const Vertices v{{0, 0}, {1, 0}, {0, 1}};
  const auto measure = [](std::span<const double> theta) {
    return lmc::Metrics{.loss = theta[0] + 2 * theta[1], .error = theta[0] / 2, .count = 2};
  };
  const lmc::SimplexSample sample = lmc::sample_simplex<double>(v, measure, {.samples = 500, .seed = 1});
  CHECK(sample.samples == 500);
  CHECK_THAT(sample.loss.mean, WithinAbs(1, 4 * sample.loss.standard_error));  // 1/3 + 2/3
  // The variance of w₁ + 2 w₂ is 1/18 + 4/18 + 2 · 2 · (−1/36) = 1/6.
  CHECK_THAT(sample.loss.standard_error, WithinRel(std::sqrt(1.0 / 6 / 500), 0.15));
  CHECK(sample.loss.maximum > 1.8);
  CHECK_THAT(sample.loss.weights[1] + 2 * sample.loss.weights[2], WithinAbs(sample.loss.maximum, 1e-15));
  REQUIRE(sample.error);
  CHECK_THAT(sample.error->mean, WithinAbs(1.0 / 6, 4 * sample.error->standard_error));
  std::vector<double> two;
  const auto kept = [&](std::span<const double> theta) {
    two.push_back(theta[0]);
    return lmc::Metrics{.loss = theta[0], .count = 1};
  };
  const lmc::SimplexSample few = lmc::sample_simplex<double>(v, kept, {.samples = 2, .seed = 1});
  CHECK_THAT(few.loss.standard_error, WithinRel(std::abs(two[0] - two[1]) / 2, 1e-12));
  const lmc::Stream stream{.seed = 1, .purpose = lmc::Purpose::simplex};  // which nothing else has
  for (const std::size_t i : {0U, 1U}) CHECK_THAT(two[i], WithinRel(lmc::simplex_weights(stream, i, 3)[1], 1e-12));
  CHECK_THROWS_WITH(lmc::sample_simplex<double>(v, measure, {.samples = 1}), Contains("samples = 1; expected at least 2"));
}

}  // namespace connectivity_simplex_test
